package circuitbreaker

import "time"

// Permit is an admitted call that ends elsewhere: in a callback, in another function. Settle it exactly once; further
// times do nothing and say so, so that it is good to write
//
//	permit, err := cb.TryAcquire()
//	if err != nil {
//		return err
//	}
//	defer permit.Cancel() // unless it is settled before
//
// A permit that is never settled keeps its slot, if it is a probe's, until [Config.ProbeTimeout]. It may be handed from one
// goroutine to another, but not be used by two at once, and not be copied. The zero Permit is one that is settled.
type Permit struct {
	_    noCopy
	cb   *CircuitBreaker
	call call
}

// TryAcquire asks whether a call may be made now. It never waits. The error is as that of [CircuitBreaker.Call].
func (cb *CircuitBreaker) TryAcquire() (Permit, error) {
	if word := cb.word.Load(); word&isClear != 0 {
		return Permit{cb: cb, call: call{permit: word ^ isClear}}, nil
	}
	admitted, err := cb.admit()
	if err != nil {
		return Permit{}, err
	}
	return Permit{cb: cb, call: admitted}, nil
}

// Success settles the permit: the service did what it should.
func (p *Permit) Success() Effect {
	cb := p.cb
	if cb != nil && cb.word.Load() == p.call.permit^isClear {
		p.cb = nil
		if !increment(cb.successes.here()) {
			cb.successes.addContended()
		}
		return Applied
	}
	return p.settle(Success, nil)
}

// Failure settles the permit: the service did not.
func (p *Permit) Failure() Effect { return p.settle(Failure, nil) }

// Ignore settles the permit: the result says nothing of the service.
func (p *Permit) Ignore() Effect { return p.settle(Ignored, nil) }

// Cancel settles the permit: the caller gave up.
func (p *Permit) Cancel() Effect { return p.settle(Cancelled, nil) }

// Settle settles the permit with any outcome.
func (p *Permit) Settle(outcome Outcome) Effect {
	if outcome == Success {
		return p.Success()
	}
	return p.settle(outcome, nil)
}

// SettleAfter is Settle where the server has asked not to be called for so long, as by an HTTP Retry-After. If this result
// opens the circuit, it waits that long at least, up to [Config.MaxTimeout]. Less than nothing is nothing.
func (p *Permit) SettleAfter(outcome Outcome, retryAfter time.Duration) Effect {
	asked := length(max(retryAfter, 0))
	return p.settle(outcome, &asked)
}

// Settled is whether the permit is settled.
func (p *Permit) Settled() bool { return p.cb == nil }

func (p *Permit) settle(outcome Outcome, retryAfter *uint64) Effect {
	cb := p.cb
	if cb == nil {
		return AlreadySettled
	}
	p.cb = nil
	return cb.settle(p.call, outcome, retryAfter)
}
