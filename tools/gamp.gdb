# SPDX-License-Identifier: MIT
# gamp.gdb -- gdb commands that know goroutines. `make debug` loads it; `help user-defined` lists it.
#
# Threads of the remote target are cores. A goroutine that does not run is its saved stack: the
# picture is in kernel/port/switch.S.

set architecture i386:x86-64
set pagination off
set confirm off
set print pretty on

# $arg0: the g, as an integer or a pointer
define g_line
    set $gp = (struct g *)$arg0
    printf "%6lu  %-4d  0x%lx  ", $gp->id, $gp->status, (unsigned long)$gp
    output (enum g_status)$gp->status
    printf "  "
    output (enum wait_reason)$gp->wait_reason
    printf "  "
    info symbol $gp->fn
end
document g_line
g_line G: one goroutine: number, status, address, what it waits for, its function.
end

define goroutines
    set $chunk = sched.chunks
    while $chunk != 0
        set $i = 0
        while $i < $chunk->used
            if $chunk->g[$i].status != G_DEAD
                g_line &$chunk->g[$i]
            end
            set $i = $i + 1
        end
        set $chunk = $chunk->next
    end
end
document goroutines
goroutines: every goroutine that lives.
end

# The registers are set only to walk the stack and put back.
define gbt
    set $gp = (struct g *)$arg0
    if $gp->status == G_RUNNING || $gp->status == G_DEAD
        printf "it runs on a core (info threads) or is dead: nothing is saved\n"
    else
        set $sp_was = $rsp
        set $bp_was = $rbp
        set $pc_was = $rip
        set $saved = (unsigned long *)$gp->context.sp
        set $rsp = (unsigned long)($saved + 8)
        set $rbp = $saved[6]
        set $rip = $saved[7]
        backtrace 50
        set $rsp = $sp_was
        set $rbp = $bp_was
        set $rip = $pc_was
    end
end
document gbt
gbt G: the stack of a goroutine that does not run, by its address (see goroutines).
end

define cores
    set $i = 0
    while $i < sched.ncores
        set $mp = allm[$i]
        printf "core %d  slices %u  switches %lu  queue %u  running ", $i, $mp->schedtick, \
            $mp->switches, $mp->runq.tail - $mp->runq.head
        output $mp->running
        printf "\n"
        set $i = $i + 1
    end
end
document cores
cores: what each core runs and how long its queue is.
end
