package circuitbreaker

import "context"

// Do is [CircuitBreaker.Call] for a function with a result. Where fn is not run, the result is the zero value.
func Do[T any](cb *CircuitBreaker, fn func() (T, error)) (T, error) {
	c, err := cb.begin()
	if err != nil {
		var none T
		return none, err
	}
	ended := false
	defer func() {
		if !ended {
			cb.unwound(c)
		}
	}()
	result, err := fn()
	ended = true
	cb.end(c, err)
	return result, err
}

// DoContext is [CircuitBreaker.CallContext] for a function with a result. Where fn is not run, the result is the zero
// value.
func DoContext[T any](
	ctx context.Context,
	cb *CircuitBreaker,
	fn func(context.Context) (T, error),
) (T, error) {
	if err := ctx.Err(); err != nil {
		var none T
		return none, err
	}
	c, err := cb.begin()
	if err != nil {
		var none T
		return none, err
	}
	ended := false
	defer func() {
		if !ended {
			cb.unwound(c)
		}
	}()
	result, err := fn(ctx)
	ended = true
	cb.endContext(ctx, c, err)
	return result, err
}
