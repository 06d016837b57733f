/* SPDX-License-Identifier: MIT */
/*
 * tso.pml -- the order of memory accesses on x86, for the models that include it.
 *
 * Each core has a FIFO of stores that only it sees. A plain store enters it; a load looks in it
 * first, newest first; it empties into memory whenever it likes. A locked instruction or mfence
 * waits until it is empty. Loads are not reordered with loads, nor stores with stores. That is the
 * model of Sewell and others, "x86-TSO" (CACM 2010).
 *
 * The including model defines CORES, ADDRS (how many words) and SB (depth of a buffer: a core with
 * a full one waits, so at least the longest run of plain stores without a locked instruction), and
 * `me`, the executing core, wherever it uses these. Words that are only ever written by locked
 * instructions need no place in mem[]: they are ordinary globals, written inside LOCKED.
 */
typedef buffer {
    byte n;
    byte addr[SB];
    byte val[SB]
};
buffer sb[CORES];
byte mem[ADDRS];
hidden byte at_;

#define DRAINED (sb[me].n == 0) /* guard of each locked instruction and fence */

inline store(a, v)
{
    atomic {
        sb[me].n < SB;
        sb[me].addr[sb[me].n] = a;
        sb[me].val[sb[me].n] = v;
        sb[me].n++
    }
}

inline load(a, r)
{
    d_step {
        r = mem[a];
        at_ = 0;
        do
        :: at_ < sb[me].n ->
            if
            :: sb[me].addr[at_] == a -> r = sb[me].val[at_]
            :: else
            fi;
            at_++
        :: else -> break
        od;
        at_ = 0
    }
}

inline fence()
{
    DRAINED
}

inline drain(c)
{
    d_step {
        sb[c].n > 0;
        mem[sb[c].addr[0]] = sb[c].val[0];
        at_ = 1;
        do
        :: at_ < sb[c].n ->
            sb[c].addr[at_ - 1] = sb[c].addr[at_];
            sb[c].val[at_ - 1] = sb[c].val[at_];
            at_++
        :: else -> break
        od;
        sb[c].n--;
        sb[c].addr[sb[c].n] = 0;
        sb[c].val[sb[c].n] = 0;
        at_ = 0
    }
}

active proctype memory()
{
end:
    do
    :: drain(0)
    :: drain(1)
#if CORES > 2
    :: drain(2)
#endif
    od
}
