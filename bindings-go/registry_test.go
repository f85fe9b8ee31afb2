package circuitbreaker_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

func registry(t *testing.T, cfg circuitbreaker.Config, opts ...circuitbreaker.Option) *circuitbreaker.Registry {
	t.Helper()
	r, err := circuitbreaker.NewRegistry(cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func get(t *testing.T, r *circuitbreaker.Registry, name string) *circuitbreaker.CircuitBreaker {
	t.Helper()
	cb, err := r.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return cb
}

func TestRegistryMakesEachBreakerOnce(t *testing.T) {
	var told []string
	r := registry(t, circuitbreaker.Config{FailureThreshold: 1},
		circuitbreaker.OnStateChange(func(t circuitbreaker.Transition) { told = append(told, t.Name) }))
	one := get(t, r, "one")
	if get(t, r, "one") != one || one.Name() != "one" || get(t, r, "two") == one || r.Len() != 2 {
		t.Error("not one of each name")
	}
	_ = one.Call(sick)
	if !one.IsOpen() || !slices.Equal(told, []string{"one"}) {
		t.Error(one.State(), told)
	}
	other, err := r.GetWith("three", circuitbreaker.Config{FailureThreshold: 2}, circuitbreaker.WithName("not this"))
	if err != nil || other.Name() != "three" || *other.Explain().Rules.FailureThreshold != 2 {
		t.Error(other, err)
	}
	if same, err := r.GetWith("three", circuitbreaker.Config{}); err != nil || same != other {
		t.Error("another one of that name")
	}
	if _, err := r.GetWith("four", circuitbreaker.Config{Jitter: 2}); err == nil {
		t.Error("no error")
	}
	var names []string
	for name, cb := range r.All() {
		if cb.Name() != name {
			t.Error(cb.Name(), name)
		}
		names = append(names, name)
	}
	if !slices.Equal(names, []string{"one", "three", "two"}) {
		t.Error(names)
	}
	for range r.All() {
		break
	}
	if _, found := r.Lookup("nobody"); found {
		t.Error("somebody")
	}
	if !r.Delete("one") || r.Delete("one") || get(t, r, "one") == one {
		t.Error("it was not forgotten")
	}
}

func TestRegistryRefuses(t *testing.T) {
	var refused *circuitbreaker.ConfigError
	if _, err := circuitbreaker.NewRegistry(circuitbreaker.Config{Jitter: 2}); !errors.As(err, &refused) || refused.Field != "Jitter" {
		t.Error(err)
	}
	if err := registry(t, circuitbreaker.Config{}).SetCapacity(0); !errors.As(err, &refused) || refused.Field != "Capacity" {
		t.Error(err)
	}
}

func TestRegistryForgetsTheIdle(t *testing.T) {
	r := registry(t, circuitbreaker.Config{FailureThreshold: 1, FailureRate: 0.9})
	if r.Capacity() != circuitbreaker.DefaultCapacity {
		t.Error(r.Capacity())
	}
	if err := r.SetCapacity(3); err != nil {
		t.Fatal(err)
	}
	get(t, r, "open").Trip()
	kept := get(t, r, "idle, asked for early")
	get(t, r, "idle, asked for late")
	for number := range 100 {
		get(t, r, fmt.Sprint(number))
		get(t, r, "open")
	}
	if r.Len() != 3 || !get(t, r, "open").IsOpen() {
		t.Error(r.Len())
	}
	// Who has one has the one of its name.
	if found, _ := r.Lookup("idle, asked for early"); found != kept {
		t.Error("another one of that name")
	}
	if get(t, r, "idle, asked for early") != kept {
		t.Error("another one of that name")
	}
	for _, name := range []string{"1st", "2nd", "3rd"} {
		if cb, err := r.Get(name); err == nil {
			cb.Trip()
		}
	}
	var full *circuitbreaker.RegistryFullError
	if _, err := r.Get("one more"); !errors.As(err, &full) || full.Name != "one more" || full.Capacity != 3 {
		t.Error(err)
	}
	runtime.KeepAlive(kept)
}

func TestRegistryForgetsWhatIsGone(t *testing.T) {
	r := registry(t, circuitbreaker.Config{})
	if err := r.SetCapacity(1); err != nil {
		t.Fatal(err)
	}
	for number := range 1000 {
		get(t, r, fmt.Sprint(number))
	}
	for turn := 0; circuitbreaker.Elsewhere(r) > 1; turn++ {
		if turn == 1000 {
			t.Fatalf("%d names are remembered", circuitbreaker.Elsewhere(r))
		}
		runtime.GC()
		runtime.Gosched()
	}
}

func TestRegistryOfManyGoroutines(t *testing.T) {
	r := registry(t, circuitbreaker.Config{})
	if err := r.SetCapacity(20); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for goroutine := range 16 {
		group.Go(func() {
			for turn := range 2000 {
				cb, err := r.Get(fmt.Sprint((goroutine + turn) % 40))
				if err != nil {
					t.Error(err)
					return
				}
				_ = cb.Call(well)
			}
		})
	}
	group.Wait()
	if r.Len() != 20 {
		t.Error(r.Len())
	}
}
