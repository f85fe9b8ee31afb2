package grpcbreaker_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
	grpcbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go/contrib/grpc"
)

// server answers with the status that a request asks for, after as many messages as it asks for.
type server struct {
	pb.UnimplementedTestServiceServer
	calls atomic.Int64
}

func answer(code *pb.EchoStatus) error {
	return status.Error(codes.Code(code.GetCode()), code.GetMessage())
}

func (s *server) UnaryCall(ctx context.Context, request *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	s.calls.Add(1)
	switch wish := request.GetResponseStatus().GetMessage(); wish {
	case "hang":
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	case "pushback":
		_ = grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", "120000"))
	}
	if err := answer(request.GetResponseStatus()); err != nil {
		return nil, err
	}
	return &pb.SimpleResponse{}, nil
}

func (s *server) StreamingOutputCall(request *pb.StreamingOutputCallRequest, stream pb.TestService_StreamingOutputCallServer) error {
	for range request.GetResponseParameters() {
		if err := stream.Send(&pb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
	if request.GetResponseStatus().GetMessage() == "hang" {
		<-stream.Context().Done()
		return status.FromContextError(stream.Context().Err()).Err()
	}
	return answer(request.GetResponseStatus())
}

func (s *server) StreamingInputCall(stream pb.TestService_StreamingInputCallServer) error {
	for {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return stream.SendAndClose(&pb.StreamingInputCallResponse{})
		} else if err != nil {
			return err
		}
	}
}

func (s *server) FullDuplexCall(stream pb.TestService_FullDuplexCallServer) error {
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := answer(request.GetResponseStatus()); err != nil {
			return err
		}
		if err := stream.Send(&pb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
}

// served is a client of a real server on the loopback, and what stops the server.
func served(t *testing.T, cfg circuitbreaker.Config) (pb.TestServiceClient, *circuitbreaker.CircuitBreaker, *server, func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	service := new(server)
	serving := grpc.NewServer()
	pb.RegisterTestServiceServer(serving, service)
	go func() { _ = serving.Serve(listener) }()
	t.Cleanup(serving.Stop)
	cb := circuitbreaker.New(cfg)
	conn, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(grpcbreaker.UnaryClientInterceptor(cb)),
		grpc.WithStreamInterceptor(grpcbreaker.StreamClientInterceptor(cb)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return pb.NewTestServiceClient(conn), cb, service, serving.Stop
}

func wish(code codes.Code, message string) *pb.EchoStatus {
	return &pb.EchoStatus{Code: int32(code), Message: message}
}

func unary(ctx context.Context, client pb.TestServiceClient, code codes.Code, message string) error {
	_, err := client.UnaryCall(ctx, &pb.SimpleRequest{ResponseStatus: wish(code, message)})
	return err
}

func TestUnary(t *testing.T) {
	client, cb, service, _ := served(t, circuitbreaker.Config{FailureThreshold: 3, Timeout: time.Hour})
	for _, code := range []codes.Code{codes.OK, codes.NotFound, codes.InvalidArgument, codes.Unimplemented, codes.Unavailable, codes.Internal} {
		if err := unary(t.Context(), client, code, ""); status.Code(err) != code {
			t.Fatal(err)
		}
	}
	if metrics := cb.Metrics(); metrics.SuccessCount != 4 || metrics.FailureCount != 2 {
		t.Errorf("%+v", metrics)
	}
	// A cancellation of the server's is a failure.
	_ = unary(t.Context(), client, codes.Canceled, "")
	before := service.calls.Load()
	err := unary(t.Context(), client, codes.OK, "")
	var open *circuitbreaker.OpenError
	if !errors.Is(err, circuitbreaker.ErrOpen) || !errors.As(err, &open) || status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	if wait, known := open.RetryAfter(); !known || wait > time.Hour || service.calls.Load() != before {
		t.Error(wait, known, service.calls.Load()-before)
	}
}

func TestUnaryWithoutServer(t *testing.T) {
	client, cb, _, stop := served(t, circuitbreaker.Config{})
	stop()
	if err := unary(t.Context(), client, codes.OK, ""); status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	if metrics := cb.Metrics(); metrics.FailureCount != 1 {
		t.Errorf("%+v", metrics)
	}
}

func TestUnaryCallersWhoGiveUp(t *testing.T) {
	client, cb, _, _ := served(t, circuitbreaker.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := unary(ctx, client, codes.OK, "hang"); status.Code(err) != codes.Canceled {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := unary(ctx, client, codes.OK, "hang"); status.Code(err) != codes.DeadlineExceeded {
		t.Fatal(err)
	}
	if metrics := cb.Metrics(); metrics.CancelledCount != 1 || metrics.FailureCount != 1 {
		t.Errorf("%+v", metrics)
	}
}

func TestPushbackIsHonoured(t *testing.T) {
	client, cb, _, _ := served(t, circuitbreaker.Config{FailureThreshold: 1, Timeout: time.Second})
	_ = unary(t.Context(), client, codes.Unavailable, "pushback")
	metrics := cb.Metrics()
	if wait, _ := metrics.RemainingWait(); wait < time.Minute || wait > 2*time.Minute {
		t.Errorf("it waits %v", wait)
	}
}

func output(t *testing.T, ctx context.Context, client pb.TestServiceClient, messages int, ends *pb.EchoStatus) pb.TestService_StreamingOutputCallClient {
	t.Helper()
	stream, err := client.StreamingOutputCall(ctx, &pb.StreamingOutputCallRequest{
		ResponseParameters: make([]*pb.ResponseParameters, messages),
		ResponseStatus:     ends,
	})
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func drain(stream interface {
	Recv() (*pb.StreamingOutputCallResponse, error)
}) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return err
		}
	}
}

func TestStreams(t *testing.T) {
	client, cb, _, _ := served(t, circuitbreaker.Config{FailureThreshold: 1})
	cb.Trip()
	cb.Reset()
	if err := drain(output(t, t.Context(), client, 3, nil)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	in, err := client.StreamingInputCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = in.Send(&pb.StreamingInputCallRequest{})
	if _, err := in.CloseAndRecv(); err != nil {
		t.Fatal(err)
	}
	duplex, err := client.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = duplex.Send(&pb.StreamingOutputCallRequest{})
	if _, err := duplex.Recv(); err != nil {
		t.Fatal(err)
	}
	if metrics := cb.Metrics(); metrics.SuccessCount != 2 {
		t.Errorf("a stream that is open was settled: %+v", metrics)
	}
	_ = duplex.CloseSend()
	if _, err := duplex.Recv(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if metrics := cb.Metrics(); metrics.SuccessCount != 3 {
		t.Errorf("%+v", metrics)
	}
	if err := drain(output(t, t.Context(), client, 2, wish(codes.Unavailable, "sick"))); status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	if _, err := client.FullDuplexCall(t.Context()); !errors.Is(err, circuitbreaker.ErrOpen) || status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	if metrics := cb.Metrics(); metrics.FailureCount != 1 || metrics.RejectedCount != 1 {
		t.Errorf("%+v", metrics)
	}
}

func TestStreamsThatAreGivenUp(t *testing.T) {
	client, cb, _, _ := served(t, circuitbreaker.Config{FailureThreshold: 1})
	ctx, cancel := context.WithCancel(t.Context())
	stream := output(t, ctx, client, 1, wish(codes.OK, "hang"))
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	// Nobody asks the stream for anything again.
	cancel()
	for range 1000 {
		if cb.Metrics().CancelledCount == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if metrics := cb.Metrics(); metrics.CancelledCount != 1 || metrics.FailureCount != 0 {
		t.Errorf("%+v", metrics)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := drain(output(t, ctx, client, 1, wish(codes.OK, "hang"))); status.Code(err) != codes.DeadlineExceeded {
		t.Fatal(err)
	}
	if !cb.IsOpen() {
		t.Error("a deadline is a failure:", cb.Explain())
	}
}

func TestPerTarget(t *testing.T) {
	registry, err := circuitbreaker.NewRegistry(circuitbreaker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient("127.0.0.1:1",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(grpcbreaker.UnaryClientInterceptorFor(grpcbreaker.PerTarget(registry))))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = unary(t.Context(), pb.NewTestServiceClient(conn), codes.OK, "")
	cb, found := registry.Lookup("127.0.0.1:1")
	if !found || cb.Metrics().FailureCount != 1 {
		t.Error("there is none of this name, or it was not used")
	}
}

func TestStreamsWithoutServer(t *testing.T) {
	client, cb, _, stop := served(t, circuitbreaker.Config{})
	stop()
	stream, err := client.FullDuplexCall(t.Context())
	if err == nil {
		// Whoever asks first is told.
		_, err = stream.Header()
		if again := drain(stream); status.Code(again) != codes.Unavailable {
			t.Error(again)
		}
	}
	if status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	if metrics := cb.Metrics(); metrics.FailureCount != 1 {
		t.Errorf("%+v", metrics)
	}
}

func TestNoBreakerAndNoAnswer(t *testing.T) {
	fails := errors.New("no room")
	for name, find := range map[string]grpcbreaker.BreakerFor{
		"no breaker": func(context.Context, string, *grpc.ClientConn) (*circuitbreaker.CircuitBreaker, error) {
			return nil, nil
		},
		"an error": func(context.Context, string, *grpc.ClientConn) (*circuitbreaker.CircuitBreaker, error) {
			return nil, fails
		},
	} {
		conn, err := grpc.NewClient("127.0.0.1:1",
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithUnaryInterceptor(grpcbreaker.UnaryClientInterceptorFor(find)),
			grpc.WithStreamInterceptor(grpcbreaker.StreamClientInterceptorFor(find)))
		if err != nil {
			t.Fatal(err)
		}
		client := pb.NewTestServiceClient(conn)
		err = unary(t.Context(), client, codes.OK, "")
		if status.Code(err) != codes.Unavailable || errors.Is(err, fails) != (name == "an error") {
			t.Errorf("%s: %v", name, err)
		}
		stream, err := client.FullDuplexCall(t.Context())
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.Unavailable || errors.Is(err, fails) != (name == "an error") {
			t.Errorf("%s: %v", name, err)
		}
		conn.Close()
	}
}

func TestAnInvokerThatPanics(t *testing.T) {
	cb := circuitbreaker.New(circuitbreaker.Config{FailureThreshold: 2})
	broken := func() {
		defer func() {
			if recover() != "broken" {
				t.Error("another panic")
			}
		}()
		_ = grpcbreaker.UnaryClientInterceptor(cb)(t.Context(), "", nil, nil, nil,
			func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { panic("broken") })
	}
	brokenStream := func() {
		defer func() {
			if recover() != "broken" {
				t.Error("another panic")
			}
		}()
		_, _ = grpcbreaker.StreamClientInterceptor(cb)(t.Context(), new(grpc.StreamDesc), nil, "",
			func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
				panic("broken")
			})
	}
	broken()
	brokenStream()
	if !cb.IsOpen() {
		t.Error(cb.Explain())
	}
}
