package circuitbreaker

import (
	"errors"
	"fmt"
	"time"
)

// ErrOpen is what errors.Is finds in the error of a call that was rejected. The error itself is an [*OpenError].
var ErrOpen = errors.New("circuit breaker is open")

// OpenError is the error of a call that was rejected: the guarded function was not run.
//
// All rejections of one opening return the same *OpenError, so that a rejection allocates nothing.
type OpenError struct {
	// Name is the breaker's name; "" without one.
	Name string
	// Reason is why.
	Reason RejectReason

	clock *clock
	// What was left of the wait at a reading of the clock. Without known, nobody can say.
	left, at uint64
	known    bool
}

// Error is "circuit breaker is open", with the name if there is one. The wait is not in it: texts that never repeat are no
// good to log by.
func (e *OpenError) Error() string {
	if e.Name == "" {
		return ErrOpen.Error()
	}
	return fmt.Sprintf("circuit breaker %q is open", e.Name)
}

// Is has errors.Is(err, ErrOpen) be true.
func (e *OpenError) Is(target error) bool {
	return target == ErrOpen
}

// RetryAfter is how long to wait, from now on, before another call may be let through; 0 once that is over. It is false
// where nobody can say: while probes are out, in a forced mode, and where the wait never ends.
func (e *OpenError) RetryAfter() (time.Duration, bool) {
	if !e.known {
		return 0, false
	}
	// As signed numbers: the clock may have stepped back.
	since := int64(e.clock.read() - e.at)
	if since >= 0 {
		return duration(e.left - min(uint64(since), e.left)), true
	}
	return duration(e.left + uint64(-since)), true
}

// sameAs is whether two rejections tell of the same wait.
func (e *OpenError) sameAs(reason RejectReason, known bool, left, at uint64) bool {
	return e.Reason == reason && e.known == known && (!known || e.at+e.left == at+left)
}

// refused makes the error of a rejection, or finds it.
func (cb *CircuitBreaker) refused(reason RejectReason, left, at uint64) error {
	known := left != none
	if last := cb.refusal.Load(); last != nil && last.sameAs(reason, known, left, at) {
		return last
	}
	err := &OpenError{
		Name:   cb.settings.name,
		Reason: reason,
		clock:  &cb.settings.clock,
		left:   left,
		at:     at,
		known:  known,
	}
	cb.refusal.Store(err)
	return err
}

// ConfigError is a configuration that was refused: a field is out of its range. Nothing is clamped.
type ConfigError struct {
	// Field is the field of [Config].
	Field string
	// Value is what it was.
	Value any
	// Range is what it may be, in words.
	Range string
}

// Error names the field, the value and the range.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("circuitbreaker: %s is %v; it must be %s", e.Field, e.Value, e.Range)
}
