// Package circuitbreaker guards calls to another service, stops calling it while it is sick, and finds out by itself when
// it is well again.
//
//	breaker := circuitbreaker.New(circuitbreaker.Config{})
//
//	err := breaker.Call(func() error {
//		return client.Pay(order)
//	})
//	if errors.Is(err, circuitbreaker.ErrOpen) {
//		// Pay was not called.
//	}
//
// # What it does
//
// A closed breaker lets every call through. After [Config.FailureThreshold] failures in a row, or where
// [Config.FailureRate] or [Config.SlowCallRate] is reached in the window, it opens: calls are rejected at once, with an
// error that says when to come back. After [Config.Timeout] it is half-open: [Config.HalfOpenMaxCalls] calls at a time go
// through, to probe. [Config.SuccessThreshold] of them that succeed close it, one that fails opens it again. Results that
// come from before the last change of state count as stale and change nothing; probes that never end are given up after
// [Config.ProbeTimeout]. So a breaker is never stuck, and never lets a crowd at a service that is just coming back.
//
// # What to use
//
//   - [CircuitBreaker.Call], [Do]: a function to guard, without or with a result
//   - [CircuitBreaker.CallContext], [DoContext]: the same with a context, whose cancellation is no failure
//   - [CircuitBreaker.TryAcquire]: a call that begins here and ends there
//   - [CircuitBreaker.RecordSuccess], [CircuitBreaker.RecordFailure]: results from elsewhere
//   - [Registry]: a breaker for each service, by name
//   - [CircuitBreaker.Metrics], [CircuitBreaker.Explain], [OnStateChange], [WithLogger]: what it is doing, and why
//   - [CircuitBreaker.Trip], [CircuitBreaker.Reset], [CircuitBreaker.ForceOpen], [CircuitBreaker.ForceClosed]: by hand
//
// Package httpbreaker beside this one guards an [net/http.Client]; the modules contrib/grpc and contrib/otel guard gRPC
// clients and show breakers by OpenTelemetry.
//
// # How it is made
//
// The rules are those of one core that is written in Rust and used by every language of k1s0; here it is Go source that
// was translated from WebAssembly. There is no cgo, no dependency but the standard library, no goroutine, no timer and no
// finalizer that anything waits for. A success of a healthy breaker takes some atomic loads, one atomic addition and no
// lock; whatever may change the state takes a lock for some nanoseconds, in which no code of the user's runs.
//
// # Time
//
// The time is that of [time.Now], of which only the monotonic part counts. In a bubble of [testing/synctest] it is the
// bubble's, so that a test of an hour's outage takes no time; [WithClock] takes any other. A healthy breaker without a
// window of time and without slow calls never reads the clock.
package circuitbreaker
