package circuitbreaker_test

import (
	"context"
	"errors"
	"fmt"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// An entry is a way into a breaker. It holds calls open, as a scenario's permits are, and ends them as it is told.
type entry interface {
	// acquire begins a call; the error is a rejection.
	acquire(name string) error
	// settle ends a call. The effect is "" where this way in does not say.
	settle(name, outcome string, retryAfter *uint64) string
	// call is a whole call that ends as result, and meanwhile does what it is told. The error is a rejection.
	call(result string, meanwhile func()) error
}

// What guarded functions return and panic with. Each time another value, so that it is known again.
type ordinary struct{ error }
type business struct{ error }
type cancelled struct{ error }
type panicked struct{ token *int }

func classify(err error) circuitbreaker.Outcome {
	var ignore business
	var cancel cancelled
	switch {
	case errors.As(err, &ignore):
		return circuitbreaker.Ignored
	case errors.As(err, &cancel):
		return circuitbreaker.Cancelled
	}
	return circuitbreaker.Failure
}

var outcomes = map[string]circuitbreaker.Outcome{
	"success":   circuitbreaker.Success,
	"failure":   circuitbreaker.Failure,
	"ignored":   circuitbreaker.Ignored,
	"cancelled": circuitbreaker.Cancelled,
	"cancel":    circuitbreaker.Cancelled,
	"panic":     circuitbreaker.Failure,
}

// permits are TryAcquire and a permit's own methods.
type permits struct {
	cb   *circuitbreaker.CircuitBreaker
	held map[string]*circuitbreaker.Permit
	// plain is whether Settle is used, and not the method of each outcome.
	plain bool
}

func (e *permits) acquire(name string) error {
	permit, err := e.cb.TryAcquire()
	if err == nil {
		e.held[name] = &permit
	}
	return err
}

func (e *permits) settle(name, outcome string, retryAfter *uint64) string {
	return e.end(e.held[name], outcome, retryAfter).String()
}

func (e *permits) end(permit *circuitbreaker.Permit, outcome string, retryAfter *uint64) circuitbreaker.Effect {
	switch how := outcomes[outcome]; {
	case retryAfter != nil:
		return permit.SettleAsked(how, *retryAfter)
	case e.plain:
		return permit.Settle(how)
	case how == circuitbreaker.Success:
		return permit.Success()
	case how == circuitbreaker.Failure:
		return permit.Failure()
	case how == circuitbreaker.Ignored:
		return permit.Ignore()
	default:
		return permit.Cancel()
	}
}

func (e *permits) call(result string, meanwhile func()) error {
	permit, err := e.cb.TryAcquire()
	if err != nil {
		return err
	}
	meanwhile()
	e.end(&permit, result, nil)
	if !permit.Settled() {
		panic("the permit is not settled")
	}
	return nil
}

// functions are the guarded calls. A held call is one whose function waits.
type functions struct {
	// run runs fn as a guarded call, with cancel to cancel its context, if it has one.
	run  func(fn func(cancel func()) error) error
	held map[string]*heldCall
}

type heldCall struct {
	finish chan string
	ended  chan error
}

// ending has a guarded function end so: what it returns, or the panic that it ends by.
func ending(result string) error {
	text := errors.New(result)
	switch result {
	case "failure":
		return &ordinary{text}
	case "ignored":
		return business{text}
	case "cancel", "cancelled":
		return cancelled{text}
	}
	return nil
}

// guarded runs a whole call and sees that what its function did comes back unchanged. inside says how it ends.
func (e *functions) guarded(inside func() string) (err error) {
	var result string
	var token error
	ran := false
	thrown := panicked{new(int)}
	defer func() {
		if caught := recover(); caught != nil && caught != any(thrown) {
			panic(caught)
		}
	}()
	err = e.run(func(cancel func()) error {
		ran = true
		result = inside()
		token = ending(result)
		if result == "panic" {
			panic(thrown)
		}
		if result == "cancel" || result == "cancelled" {
			cancel()
		}
		return token
	})
	switch {
	case !ran:
		return err
	case result == "panic":
		panic("the panic was swallowed")
	case err != token:
		panic(fmt.Sprintf("%v came back as %v", token, err))
	}
	return nil
}

func (e *functions) acquire(name string) error {
	held := &heldCall{finish: make(chan string), ended: make(chan error, 1)}
	running := make(chan struct{})
	go func() {
		held.ended <- e.guarded(func() string {
			close(running)
			return <-held.finish
		})
	}()
	select {
	case err := <-held.ended:
		return err
	case <-running:
		e.held[name] = held
		return nil
	}
}

func (e *functions) settle(name, outcome string, _ *uint64) string {
	// A held call can be ended once.
	if held := e.held[name]; held != nil {
		delete(e.held, name)
		held.finish <- outcome
		if err := <-held.ended; err != nil {
			panic(err)
		}
	}
	return ""
}

func (e *functions) call(result string, meanwhile func()) error {
	return e.guarded(func() string {
		meanwhile()
		return result
	})
}

// entries are all ways in. Those without a way to hand in a Retry-After leave out scenarios that do.
var entries = map[string]func(cb *circuitbreaker.CircuitBreaker) entry{
	"permit": func(cb *circuitbreaker.CircuitBreaker) entry {
		return &permits{cb: cb, held: make(map[string]*circuitbreaker.Permit)}
	},
	"settle": func(cb *circuitbreaker.CircuitBreaker) entry {
		return &permits{cb: cb, held: make(map[string]*circuitbreaker.Permit), plain: true}
	},
	"Call": func(cb *circuitbreaker.CircuitBreaker) entry {
		return guarding(func(fn func(func()) error) error {
			return cb.Call(func() error { return fn(func() {}) })
		})
	},
	"CallContext": func(cb *circuitbreaker.CircuitBreaker) entry {
		return guarding(func(fn func(func()) error) error {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			return cb.CallContext(ctx, func(context.Context) error { return fn(cancel) })
		})
	},
	"Do": func(cb *circuitbreaker.CircuitBreaker) entry {
		return guarding(func(fn func(func()) error) error {
			result, err := circuitbreaker.Do(cb, func() (int, error) { return 7, fn(func() {}) })
			return withResult(result, err)
		})
	},
	"DoContext": func(cb *circuitbreaker.CircuitBreaker) entry {
		return guarding(func(fn func(func()) error) error {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			result, err := circuitbreaker.DoContext(ctx, cb, func(context.Context) (int, error) { return 7, fn(cancel) })
			return withResult(result, err)
		})
	},
}

func guarding(run func(fn func(cancel func()) error) error) entry {
	return &functions{run: run, held: make(map[string]*heldCall)}
}

// withResult sees that the result came back, also beside an error, and none where the function did not run.
func withResult(result int, err error) error {
	if want := 7; errors.Is(err, circuitbreaker.ErrOpen) != (result != want) {
		panic(fmt.Sprintf("result %d beside %v", result, err))
	}
	return err
}

func takesRetryAfter(name string) bool {
	return name == "permit" || name == "settle"
}
