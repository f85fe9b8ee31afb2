package circuitbreaker

import "context"

// Do is [CircuitBreaker.Call] for a function with a result. Where fn is not run, the result is the zero value.
func Do[T any](cb *CircuitBreaker, fn func() (T, error)) (result T, err error) {
	g := guard{cb: cb}
	if g.begin() || g.ask() {
		defer g.end()
		result, g.err = fn()
		g.ended = true
	}
	return result, g.err
}

// DoContext is [CircuitBreaker.CallContext] for a function with a result. Where fn is not run, the result is the zero
// value.
func DoContext[T any](
	ctx context.Context,
	cb *CircuitBreaker,
	fn func(context.Context) (T, error),
) (result T, err error) {
	if err := ctx.Err(); err != nil {
		return result, err
	}
	g := guard{cb: cb, ctx: ctx}
	if g.begin() || g.ask() {
		defer g.end()
		result, g.err = fn(ctx)
		g.ended = true
	}
	return result, g.err
}
