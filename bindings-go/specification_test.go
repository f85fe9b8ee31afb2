package circuitbreaker_test

import (
	"errors"
	"testing"
	"time"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// What the specification names, as it names it. That this compiles is most of the test.
var (
	_ func(circuitbreaker.Config) *circuitbreaker.CircuitBreaker        = circuitbreaker.New
	_ func(*circuitbreaker.CircuitBreaker, func() error) error          = (*circuitbreaker.CircuitBreaker).Call
	_ func(*circuitbreaker.CircuitBreaker) circuitbreaker.State         = (*circuitbreaker.CircuitBreaker).State
	_ func(*circuitbreaker.CircuitBreaker) bool                         = (*circuitbreaker.CircuitBreaker).IsOpen
	_ func(*circuitbreaker.CircuitBreaker)                              = (*circuitbreaker.CircuitBreaker).RecordSuccess
	_ func(*circuitbreaker.CircuitBreaker)                              = (*circuitbreaker.CircuitBreaker).RecordFailure
	_ int                                                               = int(circuitbreaker.StateClosed)
	_ [circuitbreaker.StateHalfOpen - circuitbreaker.StateOpen]struct{} = [1]struct{}{}
	_ [circuitbreaker.StateOpen - circuitbreaker.StateClosed]struct{}   = [1]struct{}{}
)

func TestTheSpecificationsExample(t *testing.T) {
	cb := circuitbreaker.New(circuitbreaker.Config{
		FailureThreshold: uint32(5),
		SuccessThreshold: uint32(3),
		Timeout:          30 * time.Second,
	})
	sick := errors.New("sick")
	for range 5 {
		if err := cb.Call(func() error { return sick }); err != sick {
			t.Fatalf("%v came back", err)
		}
	}
	if cb.State() != circuitbreaker.StateOpen || !cb.IsOpen() {
		t.Fatalf("state %v", cb.State())
	}
	err := cb.Call(func() error { t.Error("it ran"); return nil })
	if !errors.Is(err, circuitbreaker.ErrOpen) {
		t.Fatalf("%v", err)
	}
}

func TestDefaults(t *testing.T) {
	cb := circuitbreaker.New(circuitbreaker.Config{})
	var constants struct{ Defaults map[string]any }
	readJSON(t, "constants.json", &constants)
	rules := cb.Explain().Rules
	for name, found := range map[string]any{
		"failure_threshold":   *rules.FailureThreshold,
		"success_threshold":   rules.SuccessThreshold,
		"timeout_ms":          rules.Timeout.Milliseconds(),
		"half_open_max_calls": rules.HalfOpenMaxCalls,
		"probe_timeout_ms":    rules.ProbeTimeout.Milliseconds(),
		"max_timeout_ms":      rules.MaxTimeout.Milliseconds(),
		"shadow":              rules.Shadow,
		"count_hung_calls":    rules.CountHungCalls,
	} {
		if problem := same(constants.Defaults[name], found); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
	if rules.FailureRatePPM != nil || rules.SlowCallDuration != nil || rules.Window != nil {
		t.Errorf("%+v", rules)
	}
	// What is off by default shows its numbers when it is on.
	on := circuitbreaker.New(circuitbreaker.Config{FailureRate: 0.5, SlowCallDuration: time.Second}).Explain().Rules
	for name, found := range map[string]any{
		"minimum_calls":      *on.MinimumCalls,
		"window_calls":       *on.Window.Calls,
		"slow_minimum_calls": *on.SlowMinimumCalls,
		"slow_call_rate":     float64(*on.SlowCallRatePPM) / 1e6,
	} {
		if problem := same(constants.Defaults[name], found); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
}
