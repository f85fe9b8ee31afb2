package httpbreaker_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
	"github.com/k1s0/k1s0-circuit-breaker/bindings-go/httpbreaker"
)

func Example() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	url := server.URL

	registry, err := circuitbreaker.NewRegistry(circuitbreaker.Config{FailureThreshold: 3})
	if err != nil {
		panic(err)
	}
	client := &http.Client{Transport: &httpbreaker.Transport{
		BreakerFor: httpbreaker.PerHost(registry),
	}}
	response, err := client.Get(url)
	if errors.Is(err, circuitbreaker.ErrOpen) {
		fmt.Println("the host is sick")
	}
	fmt.Println(response.StatusCode, registry.Len())
	response.Body.Close()
	// Output: 404 1
}
