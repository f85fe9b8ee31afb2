package otelbreaker_test

import (
	"fmt"

	"go.opentelemetry.io/otel/sdk/metric"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
	otelbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go/contrib/otel"
)

func Example() {
	provider := metric.NewMeterProvider()
	registry, err := circuitbreaker.NewRegistry(circuitbreaker.Config{})
	if err != nil {
		panic(err)
	}
	instruments, err := otelbreaker.NewInstruments(otelbreaker.WithMeterProvider(provider))
	if err != nil {
		panic(err)
	}
	instruments.ObserveRegistry(registry)
	fmt.Println(instruments.Close())
	// Output: <nil>
}
