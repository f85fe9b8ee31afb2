package circuitbreaker

import (
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"sync"
	"weak"
)

// Registry has breakers by name, one for each service: made when they are first asked for. Any number of goroutines may
// use it at once.
//
// It never has more than [Registry.Capacity]. A new breaker takes the place of the one that was asked for least
// recently, of those with nothing to remember: closed, no failure pending, nothing forced. An open breaker is never
// forgotten, so a service that is sick stays guarded however many names there are. A breaker that somebody still has stays
// the one of its name, in its place or not.
type Registry struct {
	cfg  Config
	opts []Option

	lock     sync.Mutex
	capacity int
	kept     map[string]*entry
	// Those that were forgotten and may still be somewhere.
	elsewhere map[string]weak.Pointer[CircuitBreaker]
	asked     uint64
}

type entry struct {
	breaker *CircuitBreaker
	// asked is the registry's count when it was asked for last.
	asked uint64
}

// DefaultCapacity is how many breakers a registry has at most, unless [Registry.SetCapacity] says otherwise.
const DefaultCapacity = 1024

// NewRegistry makes a registry whose breakers have this configuration and these options, which are checked now. Their
// names are the registry's.
func NewRegistry(cfg Config, opts ...Option) (*Registry, error) {
	if _, err := NewWithOptions(cfg, opts...); err != nil {
		return nil, err
	}
	return &Registry{
		cfg:       cfg,
		opts:      slices.Clip(slices.Clone(opts)),
		capacity:  DefaultCapacity,
		kept:      make(map[string]*entry),
		elsewhere: make(map[string]weak.Pointer[CircuitBreaker]),
	}, nil
}

// RegistryFullError is a registry without room for another breaker: every one that it has has something to remember.
type RegistryFullError struct {
	// Name is whose breaker found no room.
	Name string
	// Capacity is how many there are.
	Capacity int
}

// Error names both.
func (e *RegistryFullError) Error() string {
	return fmt.Sprintf("circuitbreaker: no room for %q: %d circuit breakers are in use", e.Name, e.Capacity)
}

// Get is the breaker of this name; made, if there is none yet. The error is a [*RegistryFullError].
func (r *Registry) Get(name string) (*CircuitBreaker, error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.get(name, r.cfg, r.opts)
}

// GetWith is Get with another configuration and further options, which count if the breaker is made by this call. The
// error may also be a [*ConfigError].
func (r *Registry) GetWith(name string, cfg Config, opts ...Option) (*CircuitBreaker, error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.get(name, cfg, append(r.opts, opts...))
}

func (r *Registry) get(name string, cfg Config, opts []Option) (*CircuitBreaker, error) {
	r.asked++
	if found, here := r.kept[name]; here {
		found.asked = r.asked
		return found.breaker, nil
	}
	breaker := r.elsewhere[name].Value()
	if breaker == nil {
		var err error
		if breaker, err = NewWithOptions(cfg, append(slices.Clone(opts), WithName(name))...); err != nil {
			return nil, err
		}
	}
	if len(r.kept) >= r.capacity && !r.forgetOne() {
		return nil, &RegistryFullError{Name: name, Capacity: len(r.kept)}
	}
	delete(r.elsewhere, name)
	r.kept[name] = &entry{breaker: breaker, asked: r.asked}
	return breaker, nil
}

// forgetOne is whether there was one to forget.
func (r *Registry) forgetOne() bool {
	var oldest string
	var least *entry
	for name, found := range r.kept {
		if (least == nil || found.asked < least.asked) && found.breaker.isIdle() {
			oldest, least = name, found
		}
	}
	if least == nil {
		return false
	}
	delete(r.kept, oldest)
	left := weak.Make(least.breaker)
	r.elsewhere[oldest] = left
	runtime.AddCleanup(least.breaker, func(name string) {
		r.lock.Lock()
		defer r.lock.Unlock()
		if r.elsewhere[name] == left {
			delete(r.elsewhere, name)
		}
	}, oldest)
	return true
}

// Lookup is the breaker of this name, if there is one. It does not count as asked for.
func (r *Registry) Lookup(name string) (*CircuitBreaker, bool) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if found, here := r.kept[name]; here {
		return found.breaker, true
	}
	breaker := r.elsewhere[name].Value()
	return breaker, breaker != nil
}

// Delete forgets a breaker; who has it can use it on, and the next one of its name is new. It answers whether there was one.
func (r *Registry) Delete(name string) bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	_, here := r.kept[name]
	delete(r.kept, name)
	delete(r.elsewhere, name)
	return here
}

// All are names and breakers, by name, as they were when the iteration began.
func (r *Registry) All() iter.Seq2[string, *CircuitBreaker] {
	return func(yield func(string, *CircuitBreaker) bool) {
		r.lock.Lock()
		kept := make(map[string]*CircuitBreaker, len(r.kept))
		for name, found := range r.kept {
			kept[name] = found.breaker
		}
		r.lock.Unlock()
		for _, name := range slices.Sorted(maps.Keys(kept)) {
			if !yield(name, kept[name]) {
				return
			}
		}
	}
}

// Len is how many breakers there are.
func (r *Registry) Len() int {
	r.lock.Lock()
	defer r.lock.Unlock()
	return len(r.kept)
}

// Capacity is how many breakers there may be.
func (r *Registry) Capacity() int {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.capacity
}

// SetCapacity says how many breakers there may be, from the next that is made on. Less than 1 is a [*ConfigError].
func (r *Registry) SetCapacity(breakers int) error {
	if breakers < 1 {
		return &ConfigError{Field: "Capacity", Value: breakers, Range: "1 or more"}
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	r.capacity = breakers
	return nil
}

// isIdle is whether the breaker has nothing to remember.
func (cb *CircuitBreaker) isIdle() bool {
	home, core := cb.enter()
	defer cb.leave()
	return core.Xidle(home.address) != 0
}
