package circuitbreaker_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

type user struct{ name string }

func fetchUser(context.Context, int) (user, error) { return user{"Ada"}, nil }
func pay() error                                   { return nil }
func publish(done func(error))                     { done(nil) }

func Example() {
	breaker := circuitbreaker.New(circuitbreaker.Config{
		FailureThreshold: 5,                // failures in a row that open it
		SuccessThreshold: 3,                // successful probes that close it again
		Timeout:          30 * time.Second, // how long it rejects before it probes
	})

	err := breaker.Call(func() error {
		return pay()
	})
	var open *circuitbreaker.OpenError
	if errors.As(err, &open) { // or errors.Is(err, circuitbreaker.ErrOpen)
		wait, _ := open.RetryAfter()
		fmt.Println("not called; come back in", wait)
	}

	metrics := breaker.Metrics()
	fmt.Println(breaker.State(), breaker.IsOpen(), metrics.SuccessCount)
	// Output: closed false 1
}

func ExampleDoContext() {
	breaker := circuitbreaker.New(circuitbreaker.Config{})
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()

	user, err := circuitbreaker.DoContext(ctx, breaker, func(ctx context.Context) (user, error) {
		return fetchUser(ctx, 42)
	})
	fmt.Println(user.name, err)
	// Output: Ada <nil>
}

func ExampleCircuitBreaker_TryAcquire() {
	breaker := circuitbreaker.New(circuitbreaker.Config{})

	permit, err := breaker.TryAcquire()
	if err != nil {
		return // an *OpenError
	}
	publish(func(err error) {
		if err != nil {
			permit.Failure()
		} else {
			permit.Success()
		}
	})
	fmt.Println(permit.Settled())
	// Output: true
}

func ExampleWithClassifier() {
	breaker, err := circuitbreaker.NewWithOptions(
		circuitbreaker.Config{FailureRate: 0.5, WindowTime: 10 * time.Second},
		circuitbreaker.WithName("users"),
		circuitbreaker.WithClassifier(func(err error) circuitbreaker.Outcome {
			switch {
			case errors.Is(err, sql.ErrNoRows):
				return circuitbreaker.Success // a healthy server's answer
			case errors.Is(err, errInvalid):
				return circuitbreaker.Ignored // says nothing of the server
			}
			return circuitbreaker.Failure
		}),
	)
	if err != nil {
		panic(err) // a *ConfigError names field, value and range
	}
	_ = breaker.Call(func() error { return sql.ErrNoRows })
	metrics := breaker.Metrics()
	fmt.Println(metrics.SuccessCount, metrics.FailureCount)
	// Output: 1 0
}

var errInvalid = errors.New("invalid")

func ExampleRegistry() {
	registry, err := circuitbreaker.NewRegistry(
		circuitbreaker.Config{FailureThreshold: 3},
		circuitbreaker.OnStateChange(func(t circuitbreaker.Transition) {
			fmt.Println(t.Name, t.From, t.To, t.Reason)
		}),
	)
	if err != nil {
		panic(err)
	}
	payments, err := registry.Get("payments")
	if err != nil {
		panic(err)
	}
	payments.Trip()
	for name, breaker := range registry.All() {
		fmt.Println(name, breaker.State())
	}
	// Output:
	// payments closed open trip
	// payments open
}

func ExampleWithLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, withoutTime))
	breaker, err := circuitbreaker.NewWithOptions(circuitbreaker.Config{},
		circuitbreaker.WithName("payments"), circuitbreaker.WithLogger(logger))
	if err != nil {
		panic(err)
	}
	breaker.ForceOpen()
	// Output: level=WARN msg="circuit breaker transition" name=payments from=closed to=open reason=forced epoch=2
}

var withoutTime = &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}}

func ExampleCircuitBreaker_Explain() {
	breaker := circuitbreaker.New(circuitbreaker.Config{FailureThreshold: 3})
	breaker.RecordFailure()

	explanation := breaker.Explain()
	fmt.Println(explanation.Needs[0].Text) // explanation itself prints more
	// Output: 2 more failures in a row open it
}

func ExampleWithClock() {
	now := time.Now()
	breaker, err := circuitbreaker.NewWithOptions(circuitbreaker.Config{Timeout: time.Hour},
		circuitbreaker.WithClock(func() time.Time { return now }))
	if err != nil {
		panic(err)
	}
	breaker.Trip()
	now = now.Add(time.Hour)
	fmt.Println(breaker.State())
	// Output: half_open
}
