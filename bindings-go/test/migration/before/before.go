// Package before is a client that is guarded by gobreaker.
package before

import (
	"context"
	"errors"
	"log"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Client asks a service for users.
type Client struct {
	breaker *gobreaker.CircuitBreaker[string]
	fetch   func(context.Context, int) (string, error)
}

// ErrNotFound is a healthy server's answer.
var ErrNotFound = errors.New("not found")

// New makes a client.
func New(fetch func(context.Context, int) (string, error)) *Client {
	breaker := gobreaker.NewCircuitBreaker[string](gobreaker.Settings{
		Name:        "users",
		MaxRequests: 1,
		Timeout:     30 * time.Second,
		ReadyToTrip: func(counts gobreaker.Counts) bool {
			return counts.ConsecutiveFailures >= 5
		},
		IsSuccessful: func(err error) bool {
			return err == nil || errors.Is(err, ErrNotFound)
		},
		IsExcluded: func(err error) bool {
			return errors.Is(err, context.Canceled)
		},
		OnStateChange: func(name string, from, to gobreaker.State) {
			log.Println(name, from, to)
		},
	})
	return &Client{breaker, fetch}
}

// User is a user's name.
func (c *Client) User(ctx context.Context, id int) (string, error) {
	user, err := c.breaker.Execute(func() (string, error) {
		return c.fetch(ctx, id)
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return "somebody", nil
	}
	return user, err
}
