// SPDX-License-Identifier: MIT

// main.go -- the benchmarks of ../main.c in Go: same names, figures and lines.
//
// Arguments: bench=name,name|all procs=1,2 scale=1.0 reps=1 icount=1 clock=cpu; as process 1 of a machine
// they come from the kernel's command line, and the end switches the machine off.
// Each benchmark has a process of its own: none inherits another's heap or free goroutines.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type row struct {
	name    string
	run     func(n int)
	n       int
	oneCore bool // says nothing with more
	fixed   bool // scale does not count
	warm    bool // a tenth first
	extra   bool // not part of all
}

var rows = []row{
	{"calib_loop", loop, 20000000, true, false, true, false},
	{"time_now", timeNow, 200000, true, false, true, false},
	{"spawn_exit", spawnExit, 200000, false, false, true, false},
	{"yield", yield, 500000, true, false, true, false},
	{"chan_pingpong_unbuf", pingpong, 100000, false, false, true, false},
	{"chan_buf_throughput", buffered, 500000, false, false, true, false},
	{"chan_mpmc", mpmc, 400000, false, false, true, false},
	{"select_pingpong", selectPingpong, 50000, false, false, true, false},
	{"select2_recv", select2Recv, 100000, false, false, true, false},
	{"select_default_nonblock", selectDefault, 2000000, true, false, true, false},
	{"select2_default_nonblock", select2Default, 500000, true, false, true, false},
	{"mutex_uncontended", mutexAlone, 2000000, true, false, true, false},
	{"mutex_contended", mutexContended, 400000, false, false, true, false},
	{"waitgroup_fanout", fanout, 100000, false, false, true, false},
	{"timer_sleep", timerSleep, 10000, false, true, false, false},
	{"sleep_1ms", sleep1ms, 200, false, false, false, false},
	{"prime_sieve", sieve, 500, false, true, false, false},
	{"parallel_fib", parallelFib, 20, false, false, true, false},
	{"ring", ring, 100000, false, false, true, false},
	{"skynet", func(n int) { skynet("skynet", n) }, 100000, false, true, false, false},
	{"stack_growth", stackGrowth, 2000, true, false, true, false},
	{"preempt_latency", preemptLatency, 100, true, false, false, false},
	{"steal_balance", stealBalance, 10000, false, true, false, false},
	{"mem100k", parked, 100000, true, true, false, false},
	{"prime_sieve_1000", sieve, 1000, false, true, false, true},
	{"steal_balance_13us", stealBalance13, 10000, false, true, false, true},
	{"skynet1m", func(n int) { skynet("skynet1m", n) }, 1000000, false, true, false, true},
	{"mem1m", parked, 1000000, true, true, false, true},
	{"wake_same_core", wakeSameCore, 1000, true, false, false, true},
	{"wake_other_core", wakeOtherCore, 1000, false, false, false, true},
	{"slice", slice, 100, true, false, false, true},
	{"timer_idle", timerIdle, 500, false, false, false, true},
	{"timer_busy", timerBusy, 500, false, false, false, true},
	{"scale1k", scale, 1000, true, true, false, true},
	{"scale1m", scale, 1000000, true, true, false, true},
}

var (
	names, procs, factor = "all", "1", 1.0
	reps, child          = 1, ""
	icount, warming      bool
	cpuClock             bool // the process's own time, which others do not lengthen
	started              = time.Now()
	machine              = os.Getpid() == 1 // nothing else runs here
	sink                 uint64             // results go here, so that they are computed
)

// now is what benchLine's times are differences of.
func now() time.Duration {
	if !cpuClock {
		return time.Since(started)
	}
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// benchLine prints one line: n operations took d. Nothing while warming up.
func benchLine(name string, n int, d time.Duration) {
	each := float64(d.Nanoseconds()) / float64(n)
	if warming {
		return
	}
	fmt.Printf("BENCH %s procs=%d n=%d ns_per_op=%.1f", name, runtime.GOMAXPROCS(0), n, each)
	if icount {
		fmt.Printf(" insns_per_op=%.1f", each)
	}
	fmt.Println()
}

func latenessLine(name string, late []time.Duration) {
	sort.Slice(late, func(i, j int) bool { return late[i] < late[j] })
	n, sum := len(late), time.Duration(0)
	for _, d := range late {
		sum += d
	}
	fmt.Printf("LAT %s procs=%d n=%d mean_ns=%d p50_ns=%d p99_ns=%d max_ns=%d\n", name,
		runtime.GOMAXPROCS(0), n, sum/time.Duration(n), late[n/2], late[n*99/100], late[n-1])
}

func memoryLine(name string, n int, bytes int64) {
	fmt.Printf("MEM %s n=%d bytes_per=%.1f\n", name, n, float64(bytes)/float64(n))
}

func (r *row) measure() {
	n := r.n
	if !r.fixed {
		n = int(float64(n) * factor)
		if n >= 2000 {
			n -= n % 1000
		} else if n < 1 {
			n = 1
		}
	}
	if r.warm {
		w := n / 10
		if w >= 1000 {
			w -= w % 1000
		} else if w < 1 {
			w = 1
		}
		warming = true
		r.run(w)
		warming = false
	}
	for i := 0; i < reps; i++ {
		r.run(n)
	}
}

// argument understands one word; false: not one of ours.
func argument(word string) bool {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "bench":
		names = value
	case "procs":
		procs = value
	case "scale":
		factor, _ = strconv.ParseFloat(value, 64)
	case "reps":
		reps, _ = strconv.Atoi(value)
	case "icount":
		icount = value == "1"
	case "clock":
		cpuClock = value == "cpu"
	case "child":
		child = value
	case "machine":
		machine = value == "true"
	default:
		return false
	}
	return true
}

func (r *row) wanted() bool {
	for _, name := range strings.Split(names, ",") {
		if name == r.name || name == "all" && !r.extra {
			return true
		}
	}
	return false
}

// inChild runs one row in a process of its own. It writes to our standard output itself.
func (r *row) inChild(cores string) {
	c := exec.Command("/proc/self/exe", "child="+r.name, "procs="+cores, fmt.Sprint("scale=", factor),
		fmt.Sprint("reps=", reps), "icount="+map[bool]string{true: "1"}[icount],
		fmt.Sprint("machine=", machine), "clock="+map[bool]string{true: "cpu"}[cpuClock])
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Run(); err != nil {
		fmt.Printf("bench: %s procs=%s: %v\n", r.name, cores, err)
	}
}

// bootMachine gives process 1 what it needs, and returns the command line's words.
func bootMachine() []string {
	for _, m := range [][2]string{{"/dev", "devtmpfs"}, {"/proc", "proc"}} {
		os.MkdirAll(m[0], 0755)
		if err := syscall.Mount(m[1], m[0], m[1], 0, ""); err != nil {
			fmt.Println("bench: mount", m[0], err)
		}
	}
	if console, err := os.OpenFile("/dev/console", os.O_RDWR, 0); err == nil {
		os.Stdout, os.Stderr = console, console
	}
	line, _ := os.ReadFile("/proc/cmdline")
	return strings.Fields(string(line))
}

func main() {
	init := os.Getpid() == 1
	args := os.Args[1:]
	if init {
		args = bootMachine()
	}
	for _, word := range args {
		if !argument(word) && !init {
			fmt.Printf("bench: %s: not understood\n", word)
			os.Exit(64)
		}
	}
	for i := range rows {
		r := &rows[i]
		if r.name == child {
			cores, _ := strconv.Atoi(procs)
			runtime.GOMAXPROCS(cores)
			r.measure()
		}
		for _, cores := range strings.Split(procs, ",") {
			if child == "" && r.wanted() && (cores == "1" || !r.oneCore) {
				r.inChild(cores)
			}
		}
	}
	if init {
		fmt.Println("DONE", runtime.Version())
		syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
	}
}
