/* SPDX-License-Identifier: MIT */
/*
 * globq.h -- lists of goroutines, and what the global list is made of (globq.c).
 */
#pragma once
#include <stdint.h>

#ifndef GAMP_GLOBQ_BATCHES
#define GAMP_GLOBQ_BATCHES 1024 /* few in tests that want them to run out */
#endif

enum {
    GLOBQ_BATCH = 64, /* goroutines a batch, where they come one by one */
    GLOBQ_BATCHES = GAMP_GLOBQ_BATCHES,
};

struct g;
struct m;

/* A stretch of goroutines waiting their turn, linked by g->next. */
struct g_list {
    struct g *first, *last;
    uint32_t n;
};

/* So many from `first` on: of ready ones the oldest first, of dead ones the newest. */
struct g_batch {
    struct g *first;
    uint32_t n;
};

/* sched.lock */
struct globq {
    uint32_t n;                          /* goroutines, in all batches */
    uint32_t oldest, used;               /* in batch[], which is a ring */
    struct g *last;                      /* of the newest batch */
    struct g_batch batch[GLOBQ_BATCHES]; /* none of them empty */
};

void g_list_push(struct g_list *l, struct g *gp);
struct g *g_list_pop(struct g_list *l);

void globq_put(struct g *gp);
void globq_put_lists(struct g_list *lists, uint32_t n);
void globq_put_head(struct g_list *list);
struct g *globq_get(struct m *mp, uint32_t max);
