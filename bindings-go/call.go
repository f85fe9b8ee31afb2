package circuitbreaker

import "context"

// call is an admitted call.
type call struct {
	// permit is the word that it was admitted by.
	permit uint32
	// began is the reading of the clock that the admission took, if it took one.
	began uint64
}

// begin admits a call, or says why not.
func (cb *CircuitBreaker) begin() (call, error) {
	if word := cb.word.Load(); word&isClear != 0 {
		return call{permit: word ^ isClear}, nil
	}
	return cb.admit()
}

// end settles a call by what its function returned.
func (cb *CircuitBreaker) end(c call, err error) {
	if err == nil && cb.word.Load() == c.permit^isClear {
		cb.successes.add()
		return
	}
	cb.settle(c, cb.judged(c, err), nil)
}

// endContext is end for a call with a context.
func (cb *CircuitBreaker) endContext(ctx context.Context, c call, err error) {
	if err != nil && ctx.Err() == context.Canceled {
		cb.settle(c, Cancelled, nil)
		return
	}
	cb.end(c, err)
}

// unwound settles a call that ended by a panic or by runtime.Goexit.
func (cb *CircuitBreaker) unwound(c call) {
	cb.settle(c, Failure, nil)
}

// judged is what an error counts as. A classifier that panics leaves no call unsettled.
func (cb *CircuitBreaker) judged(c call, err error) Outcome {
	switch {
	case err == nil:
		return Success
	case cb.settings.classify == nil:
		return Failure
	}
	judged := false
	defer func() {
		if !judged {
			cb.unwound(c)
		}
	}()
	outcome := cb.settings.classify(err)
	judged = true
	return outcome
}
