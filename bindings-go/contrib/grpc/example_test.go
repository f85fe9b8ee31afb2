package grpcbreaker_test

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
	grpcbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go/contrib/grpc"
)

func Example() {
	target := "localhost:50051"
	breaker := circuitbreaker.New(circuitbreaker.Config{})
	conn, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(grpcbreaker.UnaryClientInterceptor(breaker)),
		grpc.WithStreamInterceptor(grpcbreaker.StreamClientInterceptor(breaker)),
	)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Println(conn.Target())
	// Output: localhost:50051
}
