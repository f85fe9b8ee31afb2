package circuitbreaker_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

var errSick = errors.New("sick")

func sick() error { return errSick }
func well() error { return nil }

// A fake is a clock that moves when it is told.
type fake struct{ time time.Time }

func newFake() *fake                    { return &fake{time.Unix(1_000_000, 0)} }
func (f *fake) now() time.Time          { return f.time }
func (f *fake) advance(d time.Duration) { f.time = f.time.Add(d) }

func made(t testing.TB, cfg circuitbreaker.Config, opts ...circuitbreaker.Option) *circuitbreaker.CircuitBreaker {
	t.Helper()
	cb, err := circuitbreaker.NewWithOptions(cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return cb
}

func TestErrors(t *testing.T) {
	clock := newFake()
	cb := made(t, circuitbreaker.Config{FailureThreshold: 1, Timeout: time.Minute},
		circuitbreaker.WithName("payments"), circuitbreaker.WithClock(clock.now))
	if err := cb.Call(sick); err != errSick {
		t.Fatal(err)
	}
	clock.advance(20 * time.Second)
	err := cb.Call(well)
	var open *circuitbreaker.OpenError
	if !errors.Is(err, circuitbreaker.ErrOpen) || !errors.As(fmt.Errorf("around: %w", err), &open) {
		t.Fatal(err)
	}
	if open.Name != "payments" || open.Reason != circuitbreaker.RejectedOpen || err.Error() != `circuit breaker "payments" is open` {
		t.Errorf("%+v: %v", open, err)
	}
	for _, left := range []time.Duration{40 * time.Second, 25 * time.Second, 10 * time.Second, 0, 0} {
		if wait, known := open.RetryAfter(); wait != left || !known {
			t.Errorf("%v %v, not %v", wait, known, left)
		}
		clock.advance(15 * time.Second)
	}
	clock.advance(-45 * time.Second)
	if wait, _ := open.RetryAfter(); wait != 10*time.Second {
		t.Error("the clock stepped back, and it says", wait)
	}
	if circuitbreaker.ErrOpen.Error() != "circuit breaker is open" {
		t.Error(circuitbreaker.ErrOpen)
	}
}

func TestForcedOpenHasNoRetryAfter(t *testing.T) {
	cb := made(t, circuitbreaker.Config{})
	cb.ForceOpen()
	var open *circuitbreaker.OpenError
	if err := cb.Call(well); !errors.As(err, &open) || open.Reason != circuitbreaker.RejectedForcedOpen {
		t.Fatal(err)
	}
	if wait, known := open.RetryAfter(); known {
		t.Error(wait)
	}
	cb.Automatic()
	if err := cb.Call(well); err != nil {
		t.Error(err)
	}
	cb.ForceClosed()
	for range 10 {
		_ = cb.Call(sick)
	}
	if metrics := cb.Metrics(); !metrics.Forced || metrics.State != circuitbreaker.StateClosed || metrics.FailureCount != 10 {
		t.Errorf("%+v", metrics)
	}
}

func TestPanicIsAFailureAndGoesOn(t *testing.T) {
	cb := made(t, circuitbreaker.Config{FailureThreshold: 1})
	token := new(int)
	func() {
		defer func() {
			if caught := recover(); caught != any(token) {
				t.Errorf("%v came through", caught)
			}
		}()
		_ = cb.Call(func() error { panic(token) })
	}()
	if !cb.IsOpen() || cb.Metrics().FailureCount != 1 {
		t.Error(cb.Explain())
	}
}

func TestGoexitIsAFailureAndGoesOn(t *testing.T) {
	for name, call := range map[string]func(*circuitbreaker.CircuitBreaker, func()){
		"Call": func(cb *circuitbreaker.CircuitBreaker, fn func()) { _ = cb.Call(func() error { fn(); return nil }) },
		"CallContext": func(cb *circuitbreaker.CircuitBreaker, fn func()) {
			_ = cb.CallContext(t.Context(), func(context.Context) error { fn(); return nil })
		},
		"Do": func(cb *circuitbreaker.CircuitBreaker, fn func()) {
			_, _ = circuitbreaker.Do(cb, func() (int, error) { fn(); return 1, nil })
		},
		"DoContext": func(cb *circuitbreaker.CircuitBreaker, fn func()) {
			_, _ = circuitbreaker.DoContext(t.Context(), cb, func(context.Context) (int, error) { fn(); return 1, nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			cb := made(t, circuitbreaker.Config{FailureThreshold: 1})
			ended := make(chan bool)
			go func() {
				defer close(ended)
				call(cb, runtime.Goexit)
				t.Error("it went on")
			}()
			<-ended
			if !cb.IsOpen() || cb.Metrics().FailureCount != 1 {
				t.Error(cb.Explain())
			}
		})
	}
}

func TestCallersWhoGiveUp(t *testing.T) {
	deadline, cancelDeadline := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancelDeadline()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	cb := made(t, circuitbreaker.Config{FailureThreshold: 100})

	// Done before it began: nothing is run, nothing is counted.
	for _, ctx := range []context.Context{deadline, cancelled} {
		err := cb.CallContext(ctx, func(context.Context) error { t.Error("it ran"); return nil })
		if err != ctx.Err() {
			t.Error(err)
		}
		if _, err := circuitbreaker.DoContext(ctx, cb, func(context.Context) (int, error) { t.Error("it ran"); return 0, nil }); err != ctx.Err() {
			t.Error(err)
		}
	}
	if metrics := cb.Metrics(); metrics.CancelledCount+metrics.FailureCount+metrics.SuccessCount != 0 {
		t.Errorf("%+v", metrics)
	}

	// The caller gives up meanwhile: whatever the function makes of it.
	for _, made := range []error{context.Canceled, errSick} {
		ctx, cancel := context.WithCancel(t.Context())
		err := cb.CallContext(ctx, func(context.Context) error { cancel(); return made })
		if err != made {
			t.Error(err)
		}
	}
	// A success is one all the same.
	ctx, cancel := context.WithCancel(t.Context())
	if err := cb.CallContext(ctx, func(context.Context) error { cancel(); return nil }); err != nil {
		t.Error(err)
	}
	// A deadline is the service's fault; a cancellation inside, of somebody else's, too.
	ctx, cancel = context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	for ctx.Err() == nil {
		runtime.Gosched()
	}
	for _, made := range []error{context.DeadlineExceeded, context.Canceled} {
		_ = cb.CallContext(t.Context(), func(context.Context) error { return made })
	}
	metrics := cb.Metrics()
	if metrics.CancelledCount != 2 || metrics.SuccessCount != 1 || metrics.FailureCount != 2 {
		t.Errorf("%+v", metrics)
	}
}

func TestClassifier(t *testing.T) {
	cb := made(t, circuitbreaker.Config{FailureThreshold: 1}, circuitbreaker.WithClassifier(func(err error) circuitbreaker.Outcome {
		switch err.Error() {
		case "not found":
			return circuitbreaker.Success
		case "invalid":
			return circuitbreaker.Ignored
		case "broken":
			panic("broken")
		}
		return circuitbreaker.Failure
	}))
	for _, text := range []string{"not found", "invalid"} {
		_ = cb.Call(func() error { return errors.New(text) })
	}
	if metrics := cb.Metrics(); metrics.SuccessCount != 1 || metrics.IgnoredCount != 1 || cb.IsOpen() {
		t.Errorf("%+v", metrics)
	}
	func() {
		defer func() { _ = recover() }()
		_ = cb.Call(func() error { return errors.New("broken") })
	}()
	if metrics := cb.Metrics(); metrics.FailureCount != 1 || !cb.IsOpen() {
		t.Errorf("a classifier that panics: %+v", metrics)
	}
}

func TestZeroValueWorks(t *testing.T) {
	var service struct {
		name    string
		breaker circuitbreaker.CircuitBreaker
	}
	cb := &service.breaker
	if cb.State() != circuitbreaker.StateClosed || cb.Name() != "" {
		t.Error(cb.State(), cb.Name())
	}
	for range 5 {
		_ = cb.Call(sick)
	}
	if err := cb.Call(well); !errors.Is(err, circuitbreaker.ErrOpen) {
		t.Error(err)
	}
	for name, use := range map[string]func(*circuitbreaker.CircuitBreaker){
		"Call":              func(cb *circuitbreaker.CircuitBreaker) { _ = cb.Call(well) },
		"TryAcquire":        func(cb *circuitbreaker.CircuitBreaker) { _, _ = cb.TryAcquire() },
		"State":             func(cb *circuitbreaker.CircuitBreaker) { cb.State() },
		"RecordFailure":     func(cb *circuitbreaker.CircuitBreaker) { cb.RecordFailure() },
		"Reset":             func(cb *circuitbreaker.CircuitBreaker) { cb.Reset() },
		"Metrics":           func(cb *circuitbreaker.CircuitBreaker) { cb.Metrics() },
		"Explain":           func(cb *circuitbreaker.CircuitBreaker) { cb.Explain() },
		"RecentTransitions": func(cb *circuitbreaker.CircuitBreaker) { cb.RecentTransitions() },
	} {
		t.Run(name, func(t *testing.T) { use(new(circuitbreaker.CircuitBreaker)) })
		t.Run(name+" of nil", func(t *testing.T) {
			defer func() {
				if _, isNil := recover().(runtime.Error); !isNil {
					t.Error("no panic")
				}
			}()
			use(nil)
		})
	}
}

func TestBadConfiguration(t *testing.T) {
	for _, each := range []struct {
		cfg  circuitbreaker.Config
		opts []circuitbreaker.Option
		want string
	}{
		{circuitbreaker.Config{HalfOpenMaxCalls: 70_000}, nil, "HalfOpenMaxCalls is 70000; it must be 1 to 65535"},
		{circuitbreaker.Config{Timeout: -time.Second}, nil, "Timeout is -1s; it must be 0 or more"},
		{circuitbreaker.Config{FailureRate: 1.5}, nil, "FailureRate is 1.5; it must be more than 0, at most 1"},
		{circuitbreaker.Config{WindowTime: time.Millisecond}, nil, "WindowTime is 1ms; it must be 10ms to 24h"},
		{circuitbreaker.Config{WindowCalls: 70_000}, nil, "WindowCalls is 70000; it must be 1 to 65536"},
		{circuitbreaker.Config{MaxTimeout: time.Second}, nil, "MaxTimeout is 1s; it must be Timeout or more"},
		{circuitbreaker.Config{}, []circuitbreaker.Option{circuitbreaker.WithHalfOpenMaxCalls(0)}, "HalfOpenMaxCalls is 0; it must be 1 to 65535"},
		{circuitbreaker.Config{}, []circuitbreaker.Option{circuitbreaker.WithTimeout(-1)}, "Timeout is -1ns; it must be 0 or more"},
		{circuitbreaker.Config{}, []circuitbreaker.Option{circuitbreaker.WithoutFailureThreshold()}, "FailureThreshold is off; it must be 1 to 4294967295 where no rate is set"},
	} {
		cb, err := circuitbreaker.NewWithOptions(each.cfg, each.opts...)
		var refused *circuitbreaker.ConfigError
		if cb != nil || !errors.As(err, &refused) || err.Error() != "circuitbreaker: "+each.want {
			t.Errorf("%v, not %s", err, each.want)
		}
	}
	defer func() {
		if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), "HalfOpenMaxCalls is 70000") {
			t.Error("New panicked with", err)
		}
	}()
	circuitbreaker.New(circuitbreaker.Config{HalfOpenMaxCalls: 70_000})
}

func TestNothingIsAllocated(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	open := made(t, circuitbreaker.Config{Timeout: time.Hour})
	open.Trip()
	forced := made(t, circuitbreaker.Config{})
	forced.ForceOpen()
	failing := made(t, circuitbreaker.Config{FailureThreshold: 1 << 30})
	calls := 0
	for name, call := range map[string]func(){
		"a success":            func() { _ = healthy.Call(well) },
		"one with a context":   func() { _ = healthy.CallContext(ctx, func(context.Context) error { return nil }) },
		"one with a result":    func() { _, _ = circuitbreaker.Do(healthy, func() (int, error) { return 1, nil }) },
		"a permit":             func() { permit, _ := healthy.TryAcquire(); permit.Success() },
		"one in a window":      func() { _ = counting.Call(well) },
		"one in a time window": func() { _ = timed.Call(well) },
		"failures": func() {
			calls++
			_ = failing.Call(func() error {
				if calls%2 == 0 {
					return nil
				}
				return errSick
			})
		},
		"a rejection":        func() { _ = open.Call(well) },
		"a forced rejection": func() { _ = forced.Call(well) },
	} {
		call()
		if allocated := testing.AllocsPerRun(1000, call); allocated != 0 {
			t.Errorf("%s allocates %v times", name, allocated)
		}
	}
}

var (
	healthy  = circuitbreaker.New(circuitbreaker.Config{})
	counting = circuitbreaker.New(circuitbreaker.Config{FailureRate: 0.5})
	timed    = circuitbreaker.New(circuitbreaker.Config{FailureRate: 0.5, WindowTime: time.Minute})
)

func TestExplain(t *testing.T) {
	clock := newFake()
	cb := made(t, circuitbreaker.Config{FailureThreshold: 2, FailureRate: 0.5, WindowTime: time.Minute},
		circuitbreaker.WithName("payments"), circuitbreaker.WithClock(clock.now))
	_ = cb.Call(sick)
	explained := cb.Explain()
	if explained.Name != "payments" || len(explained.Needs) == 0 || *explained.Needs[0].More != 1 {
		t.Errorf("%+v", explained)
	}
	_ = cb.Call(sick)
	clock.advance(time.Second)
	explained = cb.Explain()
	if explained.State != circuitbreaker.StateOpen || *explained.WouldReject != circuitbreaker.RejectedOpen ||
		*explained.RemainingWait != 29*time.Second || *explained.Needs[0].Left != 29*time.Second ||
		explained.LastTransition.Reason != circuitbreaker.ReasonFailureThreshold || explained.LastTransition.Ago != time.Second ||
		*explained.Rules.Window.Bucket != 6*time.Second {
		t.Errorf("%+v", explained)
	}
	if text := explained.String(); !strings.Contains(text, "open") || strings.Contains(text, "{") {
		t.Error(text)
	}
}

// A clock of the user's that panics is the caller's to see, and leaves nothing locked and nothing changed.
func TestAClockThatPanics(t *testing.T) {
	clock := newFake()
	broken := false
	cb := made(t, circuitbreaker.Config{FailureThreshold: 1}, circuitbreaker.WithClock(func() time.Time {
		if broken {
			panic("broken")
		}
		return clock.now()
	}))
	cb.Trip()
	broken = true
	for name, use := range map[string]func(){
		"Call":    func() { _ = cb.Call(well) },
		"State":   func() { cb.State() },
		"Reset":   cb.Reset,
		"Metrics": func() { cb.Metrics() },
		"Explain": func() { cb.Explain() },
	} {
		func() {
			defer func() {
				if recover() != "broken" {
					t.Errorf("%s: another panic", name)
				}
			}()
			use()
		}()
	}
	broken = false
	clock.advance(30 * time.Second)
	if cb.State() != circuitbreaker.StateHalfOpen || cb.Metrics().Epoch != 2 {
		t.Error(cb.Explain())
	}
}

// The clock is read outside of every lock, so it may even ask the breaker.
func TestAClockThatAsksTheBreaker(t *testing.T) {
	var cb *circuitbreaker.CircuitBreaker
	clock := newFake()
	asked := 0
	cb = made(t, circuitbreaker.Config{FailureThreshold: 1}, circuitbreaker.WithClock(func() time.Time {
		if cb != nil && asked == 0 {
			asked++
			cb.RecentTransitions()
		}
		return clock.now()
	}))
	_ = cb.Call(sick)
	if asked != 1 || !cb.IsOpen() {
		t.Error(asked, cb.State())
	}
}
