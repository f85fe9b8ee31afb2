package circuitbreaker

import (
	"context"
	"sync"
	"sync/atomic"
)

// CircuitBreaker guards calls to one service. Make it once, beside the client, and share it: any number of
// goroutines may use it at once.
//
// The zero value works: it is what New(Config{}) makes. A breaker must not be copied after its first use; go vet
// finds copies. Methods of a nil *CircuitBreaker panic, as those of any nil pointer do.
type CircuitBreaker struct {
	_ noCopy
	// word is the low half of the core's admission word, with bit 0 turned around: 1 says closed, no failure
	// pending, nothing to decide. So the zero value asks, and is made then.
	word atomic.Uint32
	made sync.Once
	// successes are those that were counted here and of which the core has yet to be told.
	successes counter
	home      *home
	settings  *settings
	refusal   atomic.Pointer[OpenError]
}

// isClear is the bit of the published word that says that there is nothing to decide.
const isClear = 1

// New makes a closed breaker.
//
// A zero field of cfg is its default, so Config{} is a good configuration. New panics if a field is out of its range,
// as regexp.MustCompile does: a configuration that was written down in a program is right or a bug. Where it comes from
// outside, use [NewWithOptions], which returns an error.
func New(cfg Config) *CircuitBreaker {
	cb, err := NewWithOptions(cfg)
	if err != nil {
		panic(err)
	}
	return cb
}

// NewWithOptions makes a closed breaker, with a name, a listener and so on.
//
// If a field is out of its range, the error is a [*ConfigError].
func NewWithOptions(cfg Config, opts ...Option) (*CircuitBreaker, error) {
	cb := new(CircuitBreaker)
	var err error
	cb.made.Do(func() { err = cb.make(&cfg, opts) })
	if err != nil {
		return nil, err
	}
	return cb, nil
}

// Call runs fn, if the breaker admits it, and returns what fn returned, unchanged. If the breaker does not, fn is not
// run, and the error is an [*OpenError], for which errors.Is(err, [ErrOpen]) is true.
//
// An error is a failure, unless a classifier ([WithClassifier]) says otherwise. If fn panics, that is a failure, and goes
// on as the same panic; so is [runtime.Goexit].
func (cb *CircuitBreaker) Call(fn func() error) error {
	g := guard{cb: cb}
	if g.begin() || g.ask() {
		defer g.end()
		g.err = fn()
		g.ended = true
	}
	return g.err
}

// CallContext is [CircuitBreaker.Call] for a function that takes a context.
//
// If ctx is done already, fn is not run, nothing is counted, and its error is returned. A caller who gives up says
// nothing of the service: if ctx was cancelled by the time that fn returns an error, the call counts as cancelled, not
// as a failure. A deadline that passed is a failure: the service was too slow.
//
// As everywhere in Go, it is fn that has to stop when ctx is done; CallContext waits for it.
func (cb *CircuitBreaker) CallContext(ctx context.Context, fn func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g := guard{cb: cb, ctx: ctx}
	if g.begin() || g.ask() {
		defer g.end()
		g.err = fn(ctx)
		g.ended = true
	}
	return g.err
}

// State tells the state. An open breaker whose wait is over is half-open; reading that changes nothing.
func (cb *CircuitBreaker) State() State {
	if cb.word.Load()&isClear != 0 {
		return StateClosed
	}
	return cb.askState()
}

// IsOpen is whether the state is [StateOpen].
func (cb *CircuitBreaker) IsOpen() bool {
	return cb.State() == StateOpen
}

// RecordSuccess tells of a success of a call that the breaker did not guard.
func (cb *CircuitBreaker) RecordSuccess() {
	cb.record(Success)
}

// RecordFailure tells of a failure of a call that the breaker did not guard.
func (cb *CircuitBreaker) RecordFailure() {
	cb.record(Failure)
}

// Name is the name that [WithName] gave it; "" without one.
func (cb *CircuitBreaker) Name() string {
	cb.made.Do(cb.makeDefault)
	return cb.settings.name
}

// noCopy has go vet find copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
