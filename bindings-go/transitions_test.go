package circuitbreaker_test

import (
	"bytes"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

func TestSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []circuitbreaker.Transition
		cb := made(t, circuitbreaker.Config{FailureThreshold: 1, SuccessThreshold: 1},
			circuitbreaker.OnStateChange(func(t circuitbreaker.Transition) { told = append(told, t) }))
		_ = cb.Call(sick)
		opened := time.Now()
		time.Sleep(30*time.Second - 1)
		if cb.State() != circuitbreaker.StateOpen {
			t.Error("it is", cb.State())
		}
		time.Sleep(time.Nanosecond)
		if cb.State() != circuitbreaker.StateHalfOpen {
			t.Error("it is", cb.State())
		}
		if err := cb.Call(well); err != nil || cb.State() != circuitbreaker.StateClosed {
			t.Error(err, cb.State())
		}
		if !told[0].At.Equal(opened) || told[1].At.Sub(told[0].At) != 30*time.Second {
			t.Errorf("%+v", told)
		}
	})
}

// As the README has it.
func TestAnHourInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		breaker := circuitbreaker.New(circuitbreaker.Config{Timeout: time.Hour})
		breaker.Trip()
		time.Sleep(time.Hour)
		if breaker.State() != circuitbreaker.StateHalfOpen {
			t.Error("it is", breaker.State())
		}
	})
}

func TestZeroValueInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cb circuitbreaker.CircuitBreaker
		cb.Trip()
		time.Sleep(30 * time.Second)
		if cb.State() != circuitbreaker.StateHalfOpen {
			t.Error("it is", cb.State())
		}
	})
}

func TestListenersMayUseTheBreaker(t *testing.T) {
	var told []circuitbreaker.Reason
	var cb *circuitbreaker.CircuitBreaker
	cb = made(t, circuitbreaker.Config{}, circuitbreaker.OnStateChange(func(it circuitbreaker.Transition) {
		told = append(told, it.Reason)
		if it.To == circuitbreaker.StateOpen {
			cb.Reset()
			told = append(told, -1)
		}
	}))
	cb.Trip()
	// The reset is told after the listener is done with the trip.
	want := []circuitbreaker.Reason{circuitbreaker.ReasonTrip, -1, circuitbreaker.ReasonReset}
	if !slices.Equal(told, want) {
		t.Errorf("%v", told)
	}
}

func TestListenersThatBreak(t *testing.T) {
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
	defer slog.SetDefault(before)
	ends := map[string]func(){
		"panic":  func() { panic("broken") },
		"Goexit": runtime.Goexit,
	}
	for name, end := range ends {
		var lock sync.Mutex
		var told []circuitbreaker.Reason
		all := make(chan bool)
		cb := made(t, circuitbreaker.Config{},
			circuitbreaker.OnStateChange(func(it circuitbreaker.Transition) {
				if it.Reason == circuitbreaker.ReasonTrip {
					end()
				}
			}),
			circuitbreaker.OnStateChange(func(it circuitbreaker.Transition) {
				lock.Lock()
				defer lock.Unlock()
				told = append(told, it.Reason)
				if it.Reason == circuitbreaker.ReasonReset {
					close(all)
				}
			}))
		done := make(chan bool)
		go func() {
			defer close(done)
			cb.Trip()
		}()
		<-done
		cb.Reset()
		<-all
		want := []circuitbreaker.Reason{circuitbreaker.ReasonTrip, circuitbreaker.ReasonReset}
		if !slices.Equal(told, want) {
			t.Errorf("%s: %v", name, told)
		}
	}
	if !strings.Contains(logged.String(), "panic=broken") {
		t.Errorf("the log says %s", &logged)
	}
}

func TestLogger(t *testing.T) {
	var logged bytes.Buffer
	drop := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{ReplaceAttr: drop}))
	cb := made(t, circuitbreaker.Config{}, circuitbreaker.WithName("payments"), circuitbreaker.WithLogger(logger))
	cb.Trip()
	_ = cb.Call(well)
	cb.Reset()
	want := `level=WARN msg="circuit breaker transition" name=payments from=closed to=open reason=trip epoch=2
level=INFO msg="circuit breaker transition" name=payments from=open to=closed reason=reset epoch=3
`
	if logged.String() != want {
		t.Error(logged.String())
	}
}

// Many goroutines make transitions, and every listener is told of each, once, in order, one after the other.
func TestTransitionsAreToldInOrder(t *testing.T) {
	const goroutines, each = 16, 500
	var told []circuitbreaker.Transition
	var telling sync.Mutex
	cb := made(t, circuitbreaker.Config{}, circuitbreaker.OnStateChange(func(it circuitbreaker.Transition) {
		if !telling.TryLock() {
			t.Error("two at once")
			return
		}
		defer telling.Unlock()
		told = append(told, it)
	}))
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for range each {
				cb.Trip()
				cb.Reset()
			}
		})
	}
	group.Wait()
	for ; ; runtime.Gosched() {
		telling.Lock()
		count := len(told)
		telling.Unlock()
		if count == 2*goroutines*each {
			break
		}
	}
	last := circuitbreaker.Transition{Epoch: 1}
	for _, it := range told {
		if it.From != last.To || it.Epoch != last.Epoch+1 {
			t.Fatalf("%+v after %+v", it, last)
		}
		last = it
	}
}
