/* SPDX-License-Identifier: MIT */
/*
 * chan_select.pml -- does a select fire once, lose nothing, and let go of what it did not choose?
 *
 * The protocol in the head of sched/select.c, on two unbuffered channels. S selects over receiving
 * from both; SENDERS goroutines send one value each on channel 0, another closes channel 1 (CLOSE=1) or
 * sends on it. A closed channel, once seen, is left out of the select, as programs do.
 *
 * Properties   every value is received once; when S goes on none of its waiters is on any list, and
 *              nobody touches its channels for it any more (who saw the choice may have freed them);
 *              all end: no wake-up is lost, nobody waits for a lock for ever.
 * Left out     buffers (a parked sender's value moves into the slot just freed, under the same lock),
 *              the order of waiters, several selects at once.
 *
 * check: SENDERS=2 CLOSE=1 -- two send, one closes the other channel
 * check: SENDERS=2 CLOSE=0 -- two send, one sends on the other channel
 * mutant: MUTANT=1 -- a claim by looking and then storing
 * mutant: MUTANT=2 -- losers are left on their lists
 * mutant: MUTANT=3 -- S queues its waiters without holding both locks
 * mutant: MUTANT=4 -- a stale waiter is taken
 * mutant: MUTANT=5 -- the effect is shown before the losers are gone
 */
#ifndef SENDERS
#define SENDERS 2
#endif
#ifndef CLOSE
#define CLOSE 1
#endif
#ifndef MUTANT
#define MUTANT 0
#endif
#define VALUES (SENDERS + 1 - CLOSE)

bit lock[2], closed[2];
bit rq[2];      /* S's waiter is on the channel's list */
bit plain[2];   /* it is no longer a select's */
byte winner;    /* 0, or the channel + 1 */
byte sq[2];     /* senders parked */
byte grant[2];  /* senders served */
bit ready, s_runs = 1;
byte received, from;
bit was_closed;

inline acquire(ch) { atomic { !lock[ch] -> lock[ch] = 1 } }
inline release(ch) { lock[ch] = 0 }
inline mine() { assert(!s_runs) }

/* select_take on c, whose lock is held. got: S's waiter is ours, off all lists. */
inline select_take(ch)
{
    got = 0;
    do
    :: !rq[ch] -> break
    :: rq[ch] && plain[ch] -> got = 1; break
    :: rq[ch] && !plain[ch] ->
#if MUTANT == 1
        seen = winner;
        if :: seen == 0 -> winner = ch + 1 :: else fi;
#else
        atomic { seen = winner; if :: seen == 0 -> winner = ch + 1 :: else fi };
#endif
        if
        :: seen == 0 ->
            mine();
#if MUTANT == 2 || MUTANT == 5
            skip;
#else
            if
            :: rq[1 - ch] ->
                if
                :: atomic { !lock[1 - ch] -> lock[1 - ch] = 1 }; /* lock_try */
                    mine(); rq[1 - ch] = 0; release(1 - ch)
                :: lock[1 - ch] ->
                    release(ch);
                    acquire(1 - ch);
                    mine(); rq[1 - ch] = 0;
                    release(1 - ch);
                    acquire(ch)
                fi
            :: else
            fi;
#endif
            mine();
            plain[ch] = 1;
            got = 1;
            break
        :: seen == ch + 1 -> release(ch); acquire(ch) /* another core is at it */
        :: else ->
#if MUTANT == 4
            got = 1;
#endif
            break /* stale */
        fi
    od;
    if
    :: got -> rq[ch] = 0
    :: else
    fi;
    seen = 0
}

inline wake(ch, value)
{
    atomic { from = ch; was_closed = !value; ready = 1 }
}

proctype sender(byte c)
{
    byte seen;
    bit got, lost;
    acquire(c);
    if
    :: closed[c] -> release(c); goto gone /* panics */
    :: else
    fi;
    select_take(c);
    if
    :: got ->
        release(c);
#if MUTANT == 5
        lost = rq[1 - c];
#endif
        wake(c, 1);
#if MUTANT == 5
        if
        :: lost -> acquire(1 - c); mine(); rq[1 - c] = 0; release(1 - c)
        :: else
        fi
#endif
    :: else ->
        sq[c]++; /* parks */
        release(c);
        atomic { grant[c] > 0 -> grant[c]-- }
    fi;
gone:
    skip
}

proctype closer(byte c)
{
    byte seen;
    bit got;
    acquire(c);
    closed[c] = 1;
    select_take(c);
    release(c);
    if
    :: got -> wake(c, 0)
    :: else
    fi
}

proctype selector()
{
    bit nil[2];
    byte c;
again:
    do
    :: received < VALUES ->
        if /* a glance, without locks: one looks ready, or none */
        :: sq[0] > 0 -> c = 0; goto try
        :: sq[1] > 0 -> c = 1; goto try
        :: closed[1] && !nil[1] -> nil[1] = 1
        :: skip
        fi;
#if MUTANT == 3
        acquire(0); rq[0] = !nil[0]; plain[0] = 0; winner = 0; release(0); acquire(1);
#else
        acquire(0);
        acquire(1);
#endif
        if
        :: sq[0] > 0 -> release(0); release(1); c = 0; goto try /* all open, then tried */
        :: sq[1] > 0 -> release(0); release(1); c = 1; goto try
        :: closed[1] && !nil[1] -> release(0); release(1); nil[1] = 1
        :: sq[0] == 0 && sq[1] == 0 && (!closed[1] || nil[1]) ->
            d_step { winner = 0; plain[0] = 0; plain[1] = 0 };
            rq[0] = 1;
            rq[1] = !nil[1];
            s_runs = 0;
            release(0); /* the commit */
            release(1);
            ready;
            assert(rq[0] == 0 && rq[1] == 0);
            atomic { ready = 0; s_runs = 1; c = from };
            if
            :: was_closed -> nil[c] = 1
            :: else -> received++
            fi
        fi
    :: else -> goto gone
    od;
try:
    acquire(c);
    if
    :: sq[c] > 0 ->
        sq[c]--;
        release(c);
        atomic { received++; grant[c]++ }
    :: else -> release(c) /* lost to another */
    fi;
    goto again;
gone:
    skip
}

init {
    atomic {
        byte i = 0;
        do
        :: i < SENDERS -> run sender(0); i++
        :: else -> break
        od;
        run selector();
        if
        :: CLOSE -> run closer(1)
        :: !CLOSE -> run sender(1)
        fi
    };
    _nr_pr == 1;
    assert(received == VALUES && sq[0] == 0 && sq[1] == 0)
}
