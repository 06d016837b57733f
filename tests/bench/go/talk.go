// SPDX-License-Identifier: MIT

// talk.go -- goroutines that talk; ../talk.c says what one operation is.
package main

import (
	"fmt"
	"sync"
)

func echo(a <-chan int, b chan<- int) {
	for v := range a {
		b <- v
	}
	close(b)
}

func pingpong(n int) {
	a, b := make(chan int), make(chan int)
	go echo(a, b)
	began := now()
	for i := 0; i < n; i++ {
		a <- i
		<-b
	}
	took := now() - began
	close(a)
	<-b
	benchLine("chan_pingpong_unbuf", n, took)
}

func pour(c chan<- int, n int) {
	for i := 0; i < n; i++ {
		c <- i
	}
}

func drink(c <-chan int) {
	sum := 0
	for v := range c {
		sum += v
	}
	_ = sum
}

func buffered(n int) {
	c := make(chan int, 128)
	began := now()
	go func() {
		pour(c, n)
		close(c)
	}()
	drink(c)
	benchLine("chan_buf_throughput", n, now()-began)
}

func mpmc(n int) {
	c := make(chan int, 128)
	var senders, receivers sync.WaitGroup
	began := now()
	senders.Add(4)
	receivers.Add(4)
	for i := 0; i < 4; i++ {
		go func() {
			pour(c, n/4)
			senders.Done()
		}()
		go func() {
			drink(c)
			receivers.Done()
		}()
	}
	senders.Wait()
	close(c)
	receivers.Wait()
	benchLine("chan_mpmc", n, now()-began)
}

func selectEcho(a <-chan int, b chan<- int, quit <-chan struct{}, gone *sync.WaitGroup) {
	defer gone.Done()
	for {
		v := 0
		select {
		case v = <-a:
		case <-quit:
			return
		}
		select {
		case b <- v:
		case <-quit:
			return
		}
	}
}

func selectPingpong(n int) {
	a, b, quit := make(chan int), make(chan int), make(chan struct{})
	var gone sync.WaitGroup
	gone.Add(1)
	go selectEcho(a, b, quit, &gone)
	began := now()
	for i := 0; i < n; i++ {
		select {
		case a <- i:
		case <-quit:
		}
		select {
		case <-b:
		case <-quit:
		}
	}
	took := now() - began
	close(quit)
	gone.Wait()
	benchLine("select_pingpong", n, took)
}

func select2Recv(n int) {
	a, b := make(chan int), make(chan int)
	began := now()
	go func() {
		for i := 0; i < n/2; i++ {
			a <- i
			b <- i
		}
	}()
	sum := 0
	for i := 0; i < n/2*2; i++ {
		select {
		case v := <-a:
			sum += v
		case v := <-b:
			sum -= v
		}
	}
	if sum != 0 {
		panic(fmt.Sprint("select2_recv: ", sum))
	}
	benchLine("select2_recv", n, now()-began)
}

func selectDefault(n int) {
	c := make(chan int, 1)
	began := now()
	for i := 0; i < n; i++ {
		select {
		case <-c:
			sink++
		default:
		}
	}
	benchLine("select_default_nonblock", n, now()-began)
}

func select2Default(n int) {
	a, b := make(chan int, 1), make(chan int, 1)
	began := now()
	for i := 0; i < n; i++ {
		select {
		case <-a:
			sink++
		case <-b:
			sink++
		default:
		}
	}
	benchLine("select2_default_nonblock", n, now()-began)
}

func ring(n int) {
	const size = 1000
	head := make(chan int)
	in := head
	for i := 1; i < size; i++ {
		out := make(chan int)
		go echo(in, out)
		in = out
	}
	began := now()
	for lap := 0; lap < n/size; lap++ {
		head <- lap
		if v := <-in; v != lap {
			panic(fmt.Sprintf("ring: %d came instead of %d", v, lap))
		}
	}
	took := now() - began
	close(head)
	<-in
	benchLine("ring", n, took)
}

// ---- programs ----

func sift(in <-chan int, out chan<- int, prime int) {
	for v := range in {
		if v%prime != 0 {
			out <- v
		}
	}
	close(out)
}

func sieve(n int) {
	name, last := "prime_sieve", 3571 // the 500th prime
	if n == 1000 {
		name, last = "prime_sieve_1000", 7919
	}
	c := make(chan int)
	began := now()
	go func(c chan<- int) {
		for i := 2; i <= last; i++ {
			c <- i
		}
		close(c)
	}(c)
	count := 0
	for prime, ok := <-c; ok; prime, ok = <-c {
		next := make(chan int)
		go sift(c, next, prime)
		c = next
		count++
	}
	took := now() - began
	if count != n {
		panic(fmt.Sprintf("sieve: %d primes, expected %d", count, n))
	}
	benchLine(name, n, took)
}

func skynetNode(up chan<- int, first, size int) {
	if size == 1 {
		up <- first
		return
	}
	c, sum := make(chan int), 0
	for i := 0; i < 10; i++ {
		go skynetNode(c, first+i*(size/10), size/10)
	}
	for i := 0; i < 10; i++ {
		sum += <-c
	}
	up <- sum
}

func skynet(name string, leaves int) {
	began := now()
	c := make(chan int)
	go skynetNode(c, 0, leaves)
	sum := <-c
	took := now() - began
	if sum != leaves*(leaves-1)/2 {
		panic(fmt.Sprint("skynet: ", sum))
	}
	nodes := 0
	for size := 1; size <= leaves; size *= 10 {
		nodes += size
	}
	benchLine(name, nodes, took)
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func pfib(n int) int {
	if n < 10 {
		return fib(n)
	}
	c := make(chan int, 1)
	go func() { c <- pfib(n - 1) }()
	below := pfib(n - 2)
	return below + <-c
}

func parallelFib(n int) {
	began := now()
	for i := 0; i < n; i++ {
		if pfib(24) != 46368 {
			panic("fib: wrong")
		}
	}
	benchLine("parallel_fib", n*1596, now()-began)
}
