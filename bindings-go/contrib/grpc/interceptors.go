// Package grpcbreaker guards the calls of a gRPC client with a circuit breaker.
//
//	conn, err := grpc.NewClient(target,
//		grpc.WithUnaryInterceptor(grpcbreaker.UnaryClientInterceptor(breaker)),
//		grpc.WithStreamInterceptor(grpcbreaker.StreamClientInterceptor(breaker)),
//	)
//
// A call is settled when it ends: by its status, as the same table says in every language of k1s0 (NOT_FOUND is a
// healthy server's answer, UNAVAILABLE is not), with the grpc-retry-pushback-ms of its trailers. A stream keeps its permit
// as long as it is open. A call whose own context was cancelled counts as cancelled; a deadline that passed is a failure.
//
// A rejected call fails with the status UNAVAILABLE, and errors.Is(err, circuitbreaker.ErrOpen) is true.
package grpcbreaker

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// pushback is where a server says for how long it asks not to be called.
const pushback = "grpc-retry-pushback-ms"

// BreakerFor finds the breaker for a call, where there is more than one: a method of the service, as
// "/package.Service/Method", and the connection. Without a breaker and without an error, the call is not guarded.
type BreakerFor func(ctx context.Context, method string, conn *grpc.ClientConn) (*circuitbreaker.CircuitBreaker, error)

// One is the same breaker for every call.
func One(breaker *circuitbreaker.CircuitBreaker) BreakerFor {
	return func(context.Context, string, *grpc.ClientConn) (*circuitbreaker.CircuitBreaker, error) {
		return breaker, nil
	}
}

// PerTarget has a breaker for each target that connections are made to, by that name.
func PerTarget(registry *circuitbreaker.Registry) BreakerFor {
	return func(_ context.Context, _ string, conn *grpc.ClientConn) (*circuitbreaker.CircuitBreaker, error) {
		return registry.Get(conn.Target())
	}
}

// rejection is the error of a call that was not made.
type rejection struct{ cause error }

func (r *rejection) Error() string { return r.cause.Error() }

func (r *rejection) Unwrap() error { return r.cause }

func (r *rejection) GRPCStatus() *status.Status {
	return status.New(codes.Unavailable, r.cause.Error())
}

// UnaryClientInterceptor guards unary calls with one breaker.
func UnaryClientInterceptor(breaker *circuitbreaker.CircuitBreaker) grpc.UnaryClientInterceptor {
	return UnaryClientInterceptorFor(One(breaker))
}

// UnaryClientInterceptorFor guards unary calls, each with the breaker that is found for it.
func UnaryClientInterceptorFor(find BreakerFor) grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, request, reply any, conn *grpc.ClientConn,
		invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		breaker, err := find(ctx, method, conn)
		if err != nil {
			return &rejection{err}
		}
		if breaker == nil {
			return invoke(ctx, method, request, reply, conn, opts...)
		}
		permit, err := breaker.TryAcquire()
		if err != nil {
			return &rejection{err}
		}
		// Where something panics; otherwise the permit is settled by then.
		defer permit.Failure()
		var trailer metadata.MD
		err = invoke(ctx, method, request, reply, conn, append(opts[:len(opts):len(opts)], grpc.Trailer(&trailer))...)
		settle(&permit, ctx, err, trailer)
		return err
	}
}

// settle settles a permit by the error that a call ended with; nil is a success.
func settle(permit *circuitbreaker.Permit, ctx context.Context, err error, trailer metadata.MD) {
	if err != nil && ctx.Err() == context.Canceled {
		permit.Cancel()
		return
	}
	outcome := circuitbreaker.ClassifyGRPCStatus(int(status.Code(err)))
	for _, value := range trailer.Get(pushback) {
		if wait, asked := circuitbreaker.GRPCRetryPushback(value); asked {
			permit.SettleAfter(outcome, wait)
			return
		}
	}
	permit.Settle(outcome)
}
