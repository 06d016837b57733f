// SPDX-License-Identifier: MIT

// turn.go -- goroutines that take turns; ../turn.c says what one operation is.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

//go:noinline
func work(n int, x uint64) uint64 {
	for i := 0; i < n; i++ {
		x = x*6364136223846793005 + 1442695040888963407 // Knuth's MMIX generator
	}
	return x
}

func loop(n int) {
	began := now()
	sink += work(n, 1)
	benchLine("calib_loop", n, now()-began)
}

func timeNow(n int) {
	began := now()
	for i := 0; i < n; i++ {
		time.Now()
	}
	benchLine("time_now", n, now()-began)
}

func spawnExit(n int) {
	began := now()
	for i := 0; i < n; i += 1000 {
		var wg sync.WaitGroup
		wg.Add(1000)
		for k := 0; k < 1000; k++ {
			go wg.Done()
		}
		wg.Wait()
	}
	benchLine("spawn_exit", n, now()-began)
}

// together runs fn on k goroutines and waits.
func together(k int, fn func()) time.Duration {
	var wg sync.WaitGroup
	wg.Add(k)
	began := now()
	for i := 0; i < k; i++ {
		go func() {
			fn()
			wg.Done()
		}()
	}
	wg.Wait()
	return now() - began
}

func yield(n int) {
	took := together(2, func() {
		for i := 0; i < n/2; i++ {
			runtime.Gosched()
		}
	})
	benchLine("yield", n, took)
}

func mutexAlone(n int) {
	var m sync.Mutex
	began := now()
	for i := 0; i < n; i++ {
		m.Lock()
		sink++
		m.Unlock()
	}
	benchLine("mutex_uncontended", n, now()-began)
}

func mutexContended(n int) {
	var m sync.Mutex
	took := together(8, func() {
		for i := 0; i < n/8; i++ {
			m.Lock()
			sink++
			m.Unlock()
		}
	})
	benchLine("mutex_contended", n, took)
}

func fanout(n int) {
	took := time.Duration(0)
	for i := 0; i < n; i += 1000 {
		var gate, done sync.WaitGroup
		ready := int32(0)
		gate.Add(1)
		done.Add(1000)
		for k := 0; k < 1000; k++ {
			go func() {
				atomic.AddInt32(&ready, 1)
				gate.Wait()
				done.Done()
			}()
		}
		for atomic.LoadInt32(&ready) < 1000 {
			runtime.Gosched()
		}
		time.Sleep(time.Millisecond)
		began := now()
		gate.Done()
		done.Wait()
		took += now() - began
	}
	benchLine("waitgroup_fanout", n, took)
}

// ---- time ----

func timerSleep(n int) {
	late := make([]time.Duration, n)
	var all sync.WaitGroup
	x := uint64(42)
	all.Add(n)
	began := now()
	for i := range late {
		x = work(1, x)
		go func(late *time.Duration, d time.Duration) {
			began := time.Now()
			time.Sleep(d)
			*late = time.Since(began) - d
			all.Done()
		}(&late[i], time.Millisecond+time.Duration(x>>33%9000)*time.Microsecond)
	}
	all.Wait()
	benchLine("timer_sleep", n, now()-began)
	latenessLine("timer_sleep", late)
}

func sleepOneByOne(name string, n int) {
	late := make([]time.Duration, n)
	began := now()
	for i := range late {
		from := time.Now()
		time.Sleep(time.Millisecond)
		late[i] = time.Since(from) - time.Millisecond
	}
	benchLine(name, n, now()-began)
	latenessLine(name, late)
}

func sleep1ms(n int) {
	sleepOneByOne("sleep_1ms", n)
}

func preemptLatency(n int) {
	var stop uint32
	c := make(chan struct{})
	go func() {
		for atomic.LoadUint32(&stop) == 0 {
		}
		c <- struct{}{}
	}()
	sleepOneByOne("preempt_latency", n)
	atomic.StoreUint32(&stop, 1)
	<-c
}

func tasks(name string, n, iterations int) {
	var all sync.WaitGroup
	all.Add(n)
	began := now()
	for i := 0; i < n; i++ {
		go func() {
			if work(iterations, 1) == 0 {
				panic("unreachable")
			}
			all.Done()
		}()
	}
	all.Wait()
	benchLine(name, n, now()-began)
}

func stealBalance(n int) {
	tasks("steal_balance", n, 5000)
}

func stealBalance13(n int) {
	tasks("steal_balance_13us", n, 11000)
}

// ---- many, and deep ----

// field returns "key value kB" of a file under /proc, in bytes.
func field(path, key string) int64 {
	text, _ := os.ReadFile(path)
	for _, line := range strings.Split(string(text), "\n") {
		var kb int64
		if n, _ := fmt.Sscanf(line, key+" %d kB", &kb); n == 1 {
			return kb * 1024
		}
	}
	return 0
}

// What parked goroutines cost: of the process; of the machine, which says something only where
// nothing else runs.
func memory() (resident, used int64) {
	return field("/proc/self/smaps_rollup", "Rss:"), -field("/proc/meminfo", "MemFree:")
}

var (
	release  chan struct{}
	released sync.WaitGroup
	waiting  int64
)

// A function, not a closure, and so without an allocation.
func parks() {
	atomic.AddInt64(&waiting, 1)
	<-release
	released.Done()
}

func parked(n int) {
	tag := map[bool]string{false: "100k", true: "1m"}[n >= 1000000]
	release = make(chan struct{})
	waiting = 0
	released.Add(n)
	runtime.GC()
	debug.FreeOSMemory()
	resident, used := memory()
	began := now()
	for i := 0; i < n; i++ {
		go parks()
	}
	for atomic.LoadInt64(&waiting) < int64(n) {
		runtime.Gosched()
	}
	took := now() - began
	time.Sleep(100 * time.Millisecond)
	residentThen, usedThen := memory()
	benchLine("spawn_park_"+tag, n, took)
	memoryLine("blocked_"+tag+"_rss", n, residentThen-resident)
	if machine {
		memoryLine("blocked_"+tag+"_sysfree", n, usedThen-used)
	}
	began = now()
	close(release)
	released.Wait()
	benchLine("wake_all_"+tag, n, now()-began)
}

//go:noinline
func deep(n int) uint64 { // about 1 KiB a frame
	var frame [120]uint64
	frame[n] = uint64(n)
	if n > 0 {
		frame[n-1] = deep(n - 1)
	}
	return frame[n] + frame[n/2]
}

func diveOften(c chan uint64, depth, n int) time.Duration {
	began := now()
	for i := 0; i < n; i++ {
		go func() { c <- deep(depth) }()
		sink += <-c
	}
	return now() - began
}

func stackGrowth(n int) {
	c := make(chan uint64)
	benchLine("stack_growth", n, diveOften(c, 64, n))
	benchLine("stack_growth_base_spawn", n, diveOften(c, 0, n))
	var took time.Duration
	go func() {
		v := deep(64)
		began := now()
		for i := 0; i < n; i++ {
			sink += deep(64)
		}
		took = now() - began
		c <- v
	}()
	<-c
	benchLine("stack_growth_base_recursion", n, took)
}
