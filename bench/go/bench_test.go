// Package bench_test measures what a guarded call costs, beside the libraries that Go programs use. `cargo xtask bench go`
// runs it in rounds and makes bench/results/go.md of them.
package bench_test

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eapache/go-resiliency/breaker"
	"github.com/failsafe-go/failsafe-go"
	failsafebreaker "github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

var errSick = errors.New("sick")

//go:noinline
func well() error { return nil }

//go:noinline
func sick() error { return errSick }

// A guard makes one guarded call.
type guard func(fn func() error) error

// libraries make a guard that is closed, and never opens by a tenth of failures.
var libraries = map[string]func() guard{
	"bare":        func() guard { return func(fn func() error) error { return fn() } },
	"k1s0":        func() guard { return circuitbreaker.New(circuitbreaker.Config{}).Call },
	"k1s0-do":     func() guard { return done(circuitbreaker.New(circuitbreaker.Config{})) },
	"k1s0-permit": func() guard { return permitted(circuitbreaker.New(circuitbreaker.Config{})) },
	"k1s0-window": func() guard { return circuitbreaker.New(circuitbreaker.Config{FailureRate: 0.5}).Call },
	"k1s0-time": func() guard {
		return circuitbreaker.New(circuitbreaker.Config{FailureRate: 0.5, WindowTime: time.Minute}).Call
	},
	"gobreaker": func() guard {
		return executed(gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{Timeout: time.Hour}))
	},
	"failsafe": func() guard {
		return permittedByFailsafe(failsafebreaker.NewBuilder[any]().WithDelay(time.Hour).WithFailureThreshold(5).Build())
	},
	"failsafe-run": func() guard {
		return run(failsafebreaker.NewBuilder[any]().WithDelay(time.Hour).WithFailureThreshold(5).Build())
	},
	"resiliency": func() guard { return breaker.New(5, 3, time.Hour).Run },
	"mutex":      func() guard { return locked(new(sync.Mutex)) },
}

func done(cb *circuitbreaker.CircuitBreaker) guard {
	return func(fn func() error) error {
		_, err := circuitbreaker.Do(cb, func() (struct{}, error) { return struct{}{}, fn() })
		return err
	}
}

func permitted(cb *circuitbreaker.CircuitBreaker) guard {
	return func(fn func() error) error {
		permit, err := cb.TryAcquire()
		if err != nil {
			return err
		}
		if err := fn(); err != nil {
			permit.Failure()
			return err
		}
		permit.Success()
		return nil
	}
}

func executed(cb *gobreaker.CircuitBreaker[struct{}]) guard {
	return func(fn func() error) error {
		_, err := cb.Execute(func() (struct{}, error) { return struct{}{}, fn() })
		return err
	}
}

func permittedByFailsafe(cb failsafebreaker.CircuitBreaker[any]) guard {
	return func(fn func() error) error {
		if !cb.TryAcquirePermit() {
			return failsafebreaker.ErrOpen
		}
		if err := fn(); err != nil {
			cb.RecordFailure()
			return err
		}
		cb.RecordSuccess()
		return nil
	}
}

func run(cb failsafebreaker.CircuitBreaker[any]) guard {
	executor := failsafe.With[any](cb)
	return func(fn func() error) error { return executor.Run(fn) }
}

// locked is the least that a breaker with a mutex does: it takes it before and after.
func locked(mutex *sync.Mutex) guard {
	failures := 0
	return func(fn func() error) error {
		mutex.Lock()
		closed := failures < 5
		mutex.Unlock()
		if !closed {
			return errSick
		}
		err := fn()
		mutex.Lock()
		if err != nil {
			failures++
		} else {
			failures = 0
		}
		mutex.Unlock()
		return err
	}
}

// each measures the libraries one after the other; the map's order is another one each time.
func each(b *testing.B, measure func(b *testing.B, call guard)) {
	for name, make := range libraries {
		b.Run("lib="+name, func(b *testing.B) {
			b.ReportAllocs()
			measure(b, make())
		})
	}
}

func BenchmarkSuccess(b *testing.B) {
	each(b, func(b *testing.B, call guard) {
		for b.Loop() {
			_ = call(well)
		}
	})
}

func BenchmarkTenthFails(b *testing.B) {
	each(b, func(b *testing.B, call guard) {
		for turn := 0; b.Loop(); turn++ {
			if turn%10 == 9 {
				_ = call(sick)
			} else {
				_ = call(well)
			}
		}
	})
}

func BenchmarkRejection(b *testing.B) {
	each(b, func(b *testing.B, call guard) {
		if strings.HasSuffix(b.Name(), "=bare") {
			b.Skip("it never rejects")
		}
		for range 200 {
			_ = call(sick)
		}
		if call(func() error { b.Fatal("not rejected"); return nil }) == nil {
			b.Fatal("not rejected")
		}
		for b.Loop() {
			_ = call(well)
		}
	})
}

// BenchmarkShared has goroutines on one breaker: ns/op is the time for one call of all of them together.
func BenchmarkShared(b *testing.B) {
	for _, goroutines := range []int{1, 2} {
		b.Run(map[int]string{1: "goroutines=1", 2: "goroutines=2"}[goroutines], func(b *testing.B) {
			each(b, func(b *testing.B, call guard) { share(b, call, goroutines) })
		})
	}
}

func share(b *testing.B, call guard, goroutines int) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(2, goroutines)))
	var group sync.WaitGroup
	b.ResetTimer()
	for range goroutines {
		group.Go(func() {
			for range b.N / goroutines {
				_ = call(well)
			}
		})
	}
	group.Wait()
}

// BenchmarkMemory tells what a breaker takes, with all that is behind it. What it makes it keeps, for what was given back
// would be used again by the next.
func BenchmarkMemory(b *testing.B) {
	for name, make := range libraries {
		b.Run("lib="+name, func(b *testing.B) {
			each := memory(make)
			for b.Loop() {
			}
			b.ReportMetric(each, "B/breaker")
		})
	}
}

var kept [][]guard

func memory(one func() guard) float64 {
	const count = 20_000
	var before, after runtime.MemStats
	guards := make([]guard, count)
	kept = append(kept, guards)
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	for place := range guards {
		guards[place] = one()
		_ = guards[place](well)
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return float64(after.HeapAlloc-before.HeapAlloc) / count
}
