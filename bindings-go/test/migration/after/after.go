// Package after is the client of package before, guarded by this module.
package after

import (
	"context"
	"errors"
	"log"
	"time"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// Client asks a service for users.
type Client struct {
	breaker *circuitbreaker.CircuitBreaker
	fetch   func(context.Context, int) (string, error)
}

// ErrNotFound is a healthy server's answer.
var ErrNotFound = errors.New("not found")

// New makes a client.
func New(fetch func(context.Context, int) (string, error)) (*Client, error) {
	breaker, err := circuitbreaker.NewWithOptions(
		circuitbreaker.Config{
			FailureThreshold: 5,
			SuccessThreshold: 1,
			Timeout:          30 * time.Second,
		},
		circuitbreaker.WithName("users"),
		circuitbreaker.WithClassifier(func(err error) circuitbreaker.Outcome {
			if errors.Is(err, ErrNotFound) {
				return circuitbreaker.Success
			}
			return circuitbreaker.Failure
		}),
		circuitbreaker.OnStateChange(func(t circuitbreaker.Transition) {
			log.Println(t.Name, t.From, t.To, t.Reason)
		}),
	)
	if err != nil {
		return nil, err
	}
	return &Client{breaker, fetch}, nil
}

// User is a user's name.
func (c *Client) User(ctx context.Context, id int) (string, error) {
	user, err := circuitbreaker.DoContext(ctx, c.breaker, func(ctx context.Context) (string, error) {
		return c.fetch(ctx, id)
	})
	if errors.Is(err, circuitbreaker.ErrOpen) {
		return "somebody", nil
	}
	return user, err
}
