package grpcbreaker

import (
	"context"
	"errors"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// StreamClientInterceptor guards streaming calls with one breaker.
func StreamClientInterceptor(breaker *circuitbreaker.CircuitBreaker) grpc.StreamClientInterceptor {
	return StreamClientInterceptorFor(One(breaker))
}

// StreamClientInterceptorFor guards streaming calls, each with the breaker that is found for it.
func StreamClientInterceptorFor(find BreakerFor) grpc.StreamClientInterceptor {
	return func(
		ctx context.Context, description *grpc.StreamDesc, conn *grpc.ClientConn, method string,
		open grpc.Streamer, opts ...grpc.CallOption,
	) (grpc.ClientStream, error) {
		breaker, err := find(ctx, method, conn)
		if err != nil {
			return nil, &rejection{err}
		}
		if breaker == nil {
			return open(ctx, description, conn, method, opts...)
		}
		permit, err := breaker.TryAcquire()
		if err != nil {
			return nil, &rejection{err}
		}
		guarded := &stream{ctx: ctx, repliesOnce: !description.ServerStreams, permit: &permit}
		// Where something panics before the stream is there.
		opened := false
		defer func() {
			if !opened {
				permit.Failure()
			}
		}()
		inner, err := open(ctx, description, conn, method, opts...)
		opened = true
		if err != nil {
			settle(&permit, ctx, err, nil)
			return nil, err
		}
		guarded.ClientStream = inner
		// Who gives up a stream need not ask it for anything again.
		guarded.stop = context.AfterFunc(ctx, func() { guarded.end(status.FromContextError(ctx.Err()).Err(), nil) })
		return guarded, nil
	}
}

// stream is a stream that holds a permit until it ends.
type stream struct {
	grpc.ClientStream
	ctx         context.Context
	repliesOnce bool
	stop        func() bool

	ended  sync.Once
	permit *circuitbreaker.Permit
}

// RecvMsg is where a stream says that it has ended.
func (s *stream) RecvMsg(message any) error {
	err := s.ClientStream.RecvMsg(message)
	switch {
	case errors.Is(err, io.EOF):
		s.stop()
		s.end(nil, s.Trailer())
	case err != nil:
		s.stop()
		s.end(err, s.Trailer())
	case s.repliesOnce:
		// The only message of the server's came with its status.
		s.stop()
		s.end(nil, s.Trailer())
	}
	return err
}

// Header may fail because the stream has ended.
func (s *stream) Header() (metadata.MD, error) {
	header, err := s.ClientStream.Header()
	if err != nil {
		s.stop()
		s.end(err, s.Trailer())
	}
	return header, err
}

func (s *stream) end(err error, trailer metadata.MD) {
	s.ended.Do(func() { settle(s.permit, s.ctx, err, trailer) })
}
