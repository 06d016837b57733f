// SPDX-License-Identifier: MIT

// latency.go -- the histograms of ../latency/latency.c in Go: same names, figures and lines.
//
// Go places goroutines itself. So that another core has to wake, wake_other_core's sender holds its
// own until the answer comes; slice is for one core, where the two loops have no choice.
package main

import (
	"fmt"
	"math/bits"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const bar = 50

// bucketLine prints how many samples are of 2^i ns or more, in the unit with the fewest digits.
func bucketLine(i, count, most int) {
	from, u := float64(int64(1)<<i), 0
	for ; from >= 1000 && u < 3; u++ {
		from /= 1000
	}
	fmt.Printf("  %7.1f %-2s %6d %s\n", from, []string{"ns", "us", "ms", "s"}[u], count,
		strings.Repeat("#", (count*bar+most-1)/most))
}

func histogram(name string, samples []int64) {
	var count [64]int
	n, most := len(samples), 1
	bucket := func(ns int64) int {
		if ns < 1 {
			return 0
		}
		return bits.Len64(uint64(ns)) - 1
	}
	sort.Slice(samples, func(i, j int) bool { return samples[i] < samples[j] })
	for _, ns := range samples {
		b := bucket(ns)
		count[b]++
		if count[b] > most {
			most = count[b]
		}
	}
	fmt.Printf("HIST %s procs=%d n=%d p50_ns=%d p99_ns=%d max_ns=%d\n", name, runtime.GOMAXPROCS(0), n,
		samples[n/2], samples[n*99/100], samples[n-1])
	for i := bucket(samples[0]); i <= bucket(samples[n-1]); i++ {
		bucketLine(i, count[i], most)
	}
}

func since(start time.Time) int64 {
	return time.Since(start).Nanoseconds()
}

// wakes measures from a send to the first instruction of the receiver, which waits.
func wakes(name string, n int, hold bool) {
	question := make(chan time.Time)
	samples := make([]int64, n)
	var answered uint32
	done := make(chan struct{})
	go func() {
		for i := 0; i < n; i++ {
			sent := <-question
			samples[i] = since(sent)
			atomic.StoreUint32(&answered, uint32(i+1))
			if !hold {
				done <- struct{}{}
			}
		}
		close(done)
	}()
	for i := 0; i < n; i++ {
		time.Sleep(200 * time.Microsecond)
		question <- time.Now()
		if !hold {
			<-done
		}
		for atomic.LoadUint32(&answered) != uint32(i+1) {
		}
	}
	<-done
	histogram(name, samples)
}

func wakeSameCore(n int) {
	wakes("wake_same_core", n, false)
}

func wakeOtherCore(n int) {
	if runtime.GOMAXPROCS(0) > 1 {
		wakes("wake_other_core", n, true)
	}
}

// slice: whoever notices that the other ran last has just been given the core.
func slice(n int) {
	var holder, taken int32 = 0, -2
	var loops sync.WaitGroup
	samples := make([]int64, n)
	last := time.Now()
	holds := func(me int32) {
		for atomic.LoadInt32(&taken) < int32(n) {
			if atomic.LoadInt32(&holder) != me {
				i := atomic.AddInt32(&taken, 1) - 1
				if i >= 0 && i < int32(n) {
					samples[i] = since(last)
				}
				last = time.Now()
				atomic.StoreInt32(&holder, me)
			}
		}
		loops.Done()
	}
	loops.Add(2)
	go holds(1)
	go holds(2)
	loops.Wait()
	histogram("slice", samples)
}

func timers(name string, n int) {
	samples := make([]int64, n)
	x := uint64(1)
	for i := range samples {
		x = x*6364136223846793005 + 1442695040888963407
		d := 100*time.Microsecond + time.Duration(x>>33)%2000*time.Microsecond
		began := time.Now()
		time.Sleep(d)
		samples[i] = since(began) - d.Nanoseconds()
	}
	histogram(name, samples)
}

func timerIdle(n int) {
	timers("timer_idle", n)
}

func timerBusy(n int) {
	var stop uint32
	var loops sync.WaitGroup
	for i := 0; i < runtime.GOMAXPROCS(0); i++ {
		loops.Add(1)
		go func() {
			for atomic.LoadUint32(&stop) == 0 {
			}
			loops.Done()
		}()
	}
	timers("timer_busy", n)
	atomic.StoreUint32(&stop, 1)
	loops.Wait()
}
