/* SPDX-License-Identifier: MIT */
/*
 * glance.pml -- does a select that may not park see one moment of all its channels, without locks?
 *
 * The protocol in the head of sched/select.h. Channel 0 or channel 1 is ready at every moment: MOVES
 * times a token is put into the one that is empty and then taken from the other; at last a sender
 * waits on one of them, which is closed: first `closed` is set, then the sender taken off. R looks
 * as select_two() does and must never find nothing ready.
 *
 * Properties   R never takes the default, unless it falls back on the locks.
 * Left out     the fallback; stores that are late (x86 keeps their order, and a lock's word is among
 *              them: a reader of late ones is one that looks earlier); 64 bits that wrap.
 *
 * check: MOVES=3 -- tokens moved, one channel closed
 * mutant: MOVES=3 MUTANT=1 -- the words are not read again
 * mutant: MOVES=3 MUTANT=2 -- a word that is odd is as good as another
 * mutant: MOVES=3 MUTANT=3 -- a lock's opening leaves the word as it was before it closed
 * mutant: MOVES=3 MUTANT=4 -- the words are read again before the second channel is looked at
 */
#ifndef MOVES
#define MOVES 3
#endif
#ifndef MUTANT
#define MUTANT 0
#endif

byte word[2];
bit count[2], sender[2], closed[2];
bit done;

inline shut(ch) { word[ch] = word[ch] + 1 } /* one other goroutine locks: it need not wait */
inline open(ch)
{
#if MUTANT == 3
    word[ch] = word[ch] - 1
#else
    word[ch] = word[ch] + 1
#endif
}

proctype mover()
{
    byte i, from;
    do
    :: i < MOVES ->
        shut(1 - from); count[1 - from] = 1; open(1 - from);
        shut(from); count[from] = 0; open(from);
        from = 1 - from;
        i++
    :: else -> break
    od;
    shut(1 - from); sender[1 - from] = 1; open(1 - from);
    shut(from); count[from] = 0; open(from);
    shut(1 - from); closed[1 - from] = 1; sender[1 - from] = 0; open(1 - from);
    done = 1
}

inline look(ch)
{
    if
    :: count[ch] -> ready = 1
    :: else ->
        if
        :: closed[ch] -> ready = 1
        :: else ->
            if
            :: sender[ch] -> ready = 1
            :: else
            fi
        fi
    fi
}

proctype reader()
{
    byte first[2], again[2];
    bit ready;
    do
    :: !done ->
        d_step { ready = 0; again[0] = 0; again[1] = 0 };
        first[0] = word[0];
        first[1] = word[1];
        look(0);
#if MUTANT == 4
        again[0] = word[0];
        again[1] = word[1];
#endif
        look(1);
#if MUTANT == 1
        d_step { again[0] = first[0]; again[1] = first[1] };
#elif MUTANT != 4
        again[0] = word[0];
        again[1] = word[1];
#endif
#if MUTANT == 2
        assert(ready || first[0] != again[0] || first[1] != again[1])
#else
        assert(ready || (first[0] | first[1]) & 1 || first[0] != again[0] || first[1] != again[1])
#endif
    :: else -> break
    od
}

init {
    atomic {
        count[0] = 1;
        run mover();
        run reader()
    }
}
