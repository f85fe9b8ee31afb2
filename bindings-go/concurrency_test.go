package circuitbreaker_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// scale makes the long tests longer: `cargo xtask soak go` sets it.
func scale() int {
	if factor, err := strconv.Atoi(os.Getenv("K1S0_CB_SCALE")); err == nil {
		return factor
	}
	return 1
}

// Whatever 64 goroutines do at once, each call is counted once.
func TestStressWithExactTotals(t *testing.T) {
	for name, cfg := range map[string]circuitbreaker.Config{
		"consecutive":    {FailureThreshold: 3, SuccessThreshold: 1, Timeout: time.Microsecond, HalfOpenMaxCalls: 2},
		"healthy mostly": {FailureThreshold: 1 << 30},
		"count window":   {FailureRate: 0.6, MinimumCalls: 10, WindowCalls: 50, Timeout: time.Microsecond},
		"time window":    {FailureRate: 0.6, MinimumCalls: 10, WindowTime: 10 * time.Millisecond, Timeout: time.Microsecond},
		"slow calls": {
			SlowCallDuration: time.Millisecond, CountHungCalls: true, Timeout: time.Microsecond, BackoffMultiplier: 2,
			MaxTimeout: time.Millisecond, Jitter: 0.5,
		},
		"shadow": {FailureThreshold: 3, Shadow: true, Timeout: time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) { stress(t, cfg) })
	}
}

func stress(t *testing.T, cfg circuitbreaker.Config) {
	const goroutines = 64
	each := 500 * scale()
	cb := made(t, cfg, circuitbreaker.WithClassifier(func(err error) circuitbreaker.Outcome {
		if errors.Is(err, errIgnored) {
			return circuitbreaker.Ignored
		}
		return circuitbreaker.Failure
	}))
	var ran, rejected, recorded atomic.Uint64
	var group sync.WaitGroup
	for number := range goroutines {
		group.Go(func() {
			for turn := range each {
				oneCall(cb, number+turn, &ran, &rejected)
				if turn%97 == 0 {
					cb.RecordSuccess()
					recorded.Add(1)
				}
				if turn%501 == 0 && number == 0 {
					cb.Reset()
				}
				if turn%301 == 0 {
					cb.Metrics()
				}
			}
		})
	}
	group.Wait()
	metrics := cb.Metrics()
	settled := metrics.SuccessCount + metrics.FailureCount + metrics.IgnoredCount + metrics.CancelledCount
	// What ran in shadow mode and would have been rejected counts as that.
	counted := settled + metrics.StaleCount + metrics.WouldRejectCount
	if want := ran.Load() + recorded.Load(); counted != want {
		t.Errorf("%d counted of %d: %+v", counted, want, metrics)
	}
	if metrics.RejectedCount != rejected.Load() {
		t.Errorf("%d rejected, %d counted", rejected.Load(), metrics.RejectedCount)
	}
	if metrics.ProbesInFlight != 0 || metrics.Epoch != metrics.TransitionCount+1 {
		t.Errorf("%+v", metrics)
	}
	t.Logf("%d calls, %d rejected, %d stale, %d transitions", ran.Load(), rejected.Load(), metrics.StaleCount, metrics.TransitionCount)
}

var errIgnored = errors.New("ignored")

func oneCall(cb *circuitbreaker.CircuitBreaker, turn int, ran, rejected *atomic.Uint64) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := cb.CallContext(ctx, func(context.Context) error {
		ran.Add(1)
		switch turn % 11 {
		case 3, 4, 5:
			return errSick
		case 6:
			return errIgnored
		case 7:
			cancel()
			return ctx.Err()
		}
		return nil
	})
	if errors.Is(err, circuitbreaker.ErrOpen) {
		rejected.Add(1)
	}
}

// 100,000 callers who give up, at whatever moment, keep no slot.
func TestCancelledContextsLoseNoSlot(t *testing.T) {
	total := 100_000
	cb := made(t, circuitbreaker.Config{
		FailureThreshold: 1, HalfOpenMaxCalls: 3, SuccessThreshold: 1 << 30, ProbeTimeout: time.Hour,
	}, circuitbreaker.WithTimeout(0))
	cb.Trip()
	var group sync.WaitGroup
	var ran atomic.Uint64
	for number := range 16 {
		group.Go(func() {
			for turn := range total / 16 {
				ctx, cancel := context.WithCancel(context.Background())
				if turn%4 == 0 {
					cancel()
				}
				_ = cb.CallContext(ctx, func(ctx context.Context) error {
					ran.Add(1)
					switch (turn + number) % 3 {
					case 0:
						cancel()
					case 1:
						go cancel()
						<-ctx.Done()
					default:
						runtime.Gosched()
						cancel()
					}
					return ctx.Err()
				})
				cancel()
			}
		})
	}
	group.Wait()
	metrics := cb.Metrics()
	if metrics.ProbesInFlight != 0 || metrics.CancelledCount != ran.Load() || ran.Load() == 0 {
		t.Errorf("%d ran: %+v", ran.Load(), metrics)
	}
	// The next probe is admitted.
	if permit, err := cb.TryAcquire(); err != nil || permit.Success() != circuitbreaker.Applied {
		t.Error(err)
	}
	t.Logf("%d contexts, %d of them cancelled while they ran, 0 slots lost", total, ran.Load())
}

// Breakers that are gone leave nothing behind: not here, not in the core's memory.
func TestMemoryOfCollectedBreakers(t *testing.T) {
	total := 20_000 * scale()
	heap := func() uint64 {
		// Cleanups run after the first, and what they free is seen by the second.
		for range 3 {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	create := func(count int) {
		for range count {
			cb := made(t, circuitbreaker.Config{FailureRate: 0.5, WindowCalls: 20})
			_ = cb.Call(sick)
			cb.Trip()
		}
	}
	// Nothing but the garbage collector's own pace: a tenth of them, and then all the others.
	create(total / 10)
	before := heap()
	create(total - total/10)
	after := heap()
	t.Logf("%d breakers made and collected: %d KiB before, %d KiB after", total, before>>10, after>>10)
	if after > before+16<<20 {
		t.Errorf("the heap grew from %d to %d KiB", before>>10, after>>10)
	}
}

// What a breaker takes, where there are many, with all that is behind them.
func TestMemoryOfABreaker(t *testing.T) {
	count := 20_000 * min(scale(), 5)
	read := func() uint64 {
		runtime.GC()
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc + stats.OtherSys
	}
	kept := make([]*circuitbreaker.CircuitBreaker, count)
	before := read()
	for place := range kept {
		kept[place] = circuitbreaker.New(circuitbreaker.Config{})
		_ = kept[place].Call(well)
	}
	each := (read() - before) / uint64(count)
	runtime.KeepAlive(kept)
	t.Logf("%d bytes each", each)
	if each > 1024 {
		t.Errorf("%d bytes each", each)
	}
}
