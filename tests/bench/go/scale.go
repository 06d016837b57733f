// SPDX-License-Identifier: MIT

// scale.go -- a crowd's benchmarks: ../scale.c says what one operation is.
package main

import (
	"runtime"
	"sync"
	"time"
)

const operations = 1000000

func scale(n int) {
	tag := "_1k"
	if n >= 1000000 {
		tag = "_1m"
	}
	var gone sync.WaitGroup
	ready, turns, from, until := 0, 0, -1, -1
	began, ended := now(), time.Duration(0)
	link := make([]chan int, n+1)
	for i := range link {
		link[i] = make(chan int)
	}
	gone.Add(n)
	start := now()
	for i := 0; i < n; i++ {
		go func(in, out chan int) {
			ready++
			for token := range in {
				out <- token
			}
			close(out)
			for ended == 0 {
				if turns == from {
					began = now()
				} else if turns == until {
					ended = now()
				}
				turns++
				runtime.Gosched()
			}
			gone.Done()
		}(link[i], link[i+1])
	}
	for ready < n {
		runtime.Gosched()
	}
	benchLine("scale_spawn_park"+tag, n, now()-start)

	start = now()
	for i := 0; i < operations; i += 1000 {
		var wg sync.WaitGroup
		wg.Add(1000)
		for k := 0; k < 1000; k++ {
			go wg.Done()
		}
		wg.Wait()
	}
	benchLine("scale_spawn_exit"+tag, operations, now()-start)

	lap := func() {
		link[0] <- 1
		<-link[n]
	}
	lap()
	start = now()
	for i := 0; i < operations; i += n {
		lap()
	}
	benchLine("scale_hop"+tag, operations, now()-start)

	from, until = 2*n, 2*n+operations
	close(link[0])
	<-link[n]
	gone.Wait()
	benchLine("scale_yield"+tag, operations, ended-began)
}
