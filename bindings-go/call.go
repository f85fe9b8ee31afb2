package circuitbreaker

import "context"

// call is an admitted call.
type call struct {
	// permit is the word that it was admitted by.
	permit uint32
	// began is the reading of the clock that the admission took, if it took one.
	began uint64
}

// A guard is a guarded call from its admission to its end. It stays on the stack of the function that runs the call.
type guard struct {
	cb *CircuitBreaker
	call
	// ctx is the caller's; nil without one.
	ctx context.Context
	// err is what the function returned, or why it did not run.
	err error
	// ended is whether the function returned; without it, the call ends by a panic or by runtime.Goexit.
	ended bool
}

// begin is whether the call is admitted where there is nothing to decide; if not, ask. It is small enough to be inlined.
func (g *guard) begin() bool {
	word := g.cb.word.Load()
	g.permit = word ^ isClear
	return word&isClear != 0
}

// ask is whether the core admits the call; if not, err says why.
func (g *guard) ask() bool {
	g.call, g.err = g.cb.admit()
	return g.err == nil
}

// end settles the call. It is deferred, so that it is done however the call ends.
func (g *guard) end() {
	if g.ended && g.err == nil && g.cb.word.Load() == g.permit^isClear {
		if !increment(g.cb.successes.here()) {
			g.cb.successes.addContended()
		}
		return
	}
	g.cb.settle(g.call, g.outcome(), nil)
}

// outcome is how the call counts.
func (g *guard) outcome() Outcome {
	classify := g.cb.settings.classify
	switch {
	case !g.ended:
		return Failure
	case g.err == nil:
		return Success
	case g.ctx != nil && g.ctx.Err() == context.Canceled:
		return Cancelled
	case classify == nil:
		return Failure
	}
	// If the classifier panics, the call is a failure.
	judged := false
	defer func() {
		if !judged {
			g.cb.settle(g.call, Failure, nil)
		}
	}()
	outcome := classify(g.err)
	judged = true
	return outcome
}
