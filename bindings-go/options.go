package circuitbreaker

import (
	"log/slog"
	"time"
)

// Option is something that [NewWithOptions] takes besides a [Config].
type Option func(*settings)

// settings are what a breaker has beside the core's rules.
type settings struct {
	name     string
	classify func(error) Outcome
	clock    clock
	teller   *teller
	// Fields that options set, over those of Config.
	fields map[field]given
	// What an option refused.
	refused *ConfigError
}

// WithName names the breaker, in errors, transitions and metrics. Give each its own.
func WithName(name string) Option {
	return func(s *settings) { s.name = name }
}

// WithClassifier says how an error counts; without it, every error is a [Failure]. It is asked for errors only: no
// error is a success. The cancellation of the caller's own context (see [CircuitBreaker.CallContext]) is not asked about.
//
//	circuitbreaker.WithClassifier(func(err error) circuitbreaker.Outcome {
//		if errors.Is(err, sql.ErrNoRows) {
//			return circuitbreaker.Success
//		}
//		return circuitbreaker.Failure
//	})
//
// A classifier must not use the breaker. If it panics, the call is a failure.
func WithClassifier(classify func(err error) Outcome) Option {
	return func(s *settings) { s.classify = classify }
}

// OnStateChange calls listen for every transition: once each, in order, one after the other, outside of every lock. It is
// called by the goroutine whose call made the transition, or by one that is telling of an earlier one already; so it
// should be quick. It may use the breaker. Several are called in the order in which they were given.
//
// A listener that panics costs neither the caller its result nor other listeners the transition: the panic is logged with
// [log/slog].
func OnStateChange(listen func(Transition)) Option {
	return func(s *settings) {
		if s.teller == nil {
			s.teller = new(teller)
		}
		s.teller.listeners = append(s.teller.listeners, listen)
	}
}

// WithLogger logs transitions: those to open as warnings, all others as information. Rejections are not logged, as there
// may be thousands of them; see [CircuitBreaker.Metrics].
func WithLogger(logger *slog.Logger) Option {
	return OnStateChange(func(t Transition) { t.log(logger) })
}

// WithClock has the breaker take the time from now. Without it, that is [time.Now], of which the monotonic part counts;
// so breakers need none in a bubble of [testing/synctest]. It is called outside of every lock.
func WithClock(now func() time.Time) Option {
	return func(s *settings) { s.clock = clockOf(now) }
}

// WithHalfOpenMaxCalls is [Config.HalfOpenMaxCalls], but 0 is no default here: it is refused.
func WithHalfOpenMaxCalls(calls uint32) Option {
	return set(halfOpenMaxCalls, number(calls))
}

// WithTimeout is [Config.Timeout], but 0 is no default here: it is no wait, so that the first call after an opening is a
// probe.
func WithTimeout(d time.Duration) Option {
	if d < 0 {
		return func(s *settings) { s.refused = &ConfigError{Field: "Timeout", Value: d, Range: "0 or more"} }
	}
	return set(timeout, wait(d))
}

// WithoutFailureThreshold has failures in a row open nothing: only [Config.FailureRate] and [Config.SlowCallRate] do, of
// which one must be set.
func WithoutFailureThreshold() Option {
	return set(failureThreshold, given{kind: isOff})
}

func set(of field, to given) Option {
	return func(s *settings) {
		if s.fields == nil {
			s.fields = make(map[field]given)
		}
		s.fields[of] = to
	}
}
