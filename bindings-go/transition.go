package circuitbreaker

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Transition is one change of state.
type Transition struct {
	// Name is the breaker's name; "" without one.
	Name string
	// From and To are the states before and after. They are equal where only a new epoch began: a Reset of a closed
	// breaker, a Trip of an open one.
	From, To State
	// Epoch is the number of the epoch that began. The first is 1; each transition begins the next.
	Epoch uint64
	// Reason is why.
	Reason Reason
	// At is when, by the breaker's clock.
	At time.Time

	// What was counted at that moment: failures in a row and successful probes (the one that decided among them), and the
	// calls in the window, and those of them that failed or were slow.
	ConsecutiveFailures, SuccessfulProbes   uint32
	WindowCalls, WindowFailures, WindowSlow uint64
}

// transitionNumbers is how many numbers the core writes of a transition.
const transitionNumbers = 10

// transition reads what the core wrote.
func (cb *CircuitBreaker) transition(address uint32) Transition {
	at := func(place uint32) uint64 { return cb.home.shard.number(address + 8*place) }
	return Transition{
		Name:                cb.settings.name,
		From:                State(at(0)),
		To:                  State(at(1)),
		Epoch:               at(2),
		Reason:              Reason(at(3)),
		At:                  cb.settings.clock.moment(at(4)),
		ConsecutiveFailures: uint32(at(5)),
		SuccessfulProbes:    uint32(at(6)),
		WindowCalls:         at(7),
		WindowFailures:      at(8),
		WindowSlow:          at(9),
	}
}

// RecentTransitions are the last 32 at most, the oldest first.
func (cb *CircuitBreaker) RecentTransitions() []Transition {
	home, core := cb.enter()
	defer cb.leave()
	transitions := make([]Transition, core.Xhistory(home.address))
	for place := range transitions {
		transitions[place] = cb.transition(home.shard.answer + uint32(place)*8*transitionNumbers)
	}
	return transitions
}

// teller tells listeners of transitions, in the order in which they were made.
type teller struct {
	listeners []func(Transition)

	lock    sync.Mutex
	waiting []Transition
	telling bool
}

// note remembers transitions that the core has just made, for the listeners. It is called in the home's lock, so they wait
// in the order in which they were made.
func (cb *CircuitBreaker) note(made int32) {
	teller := cb.settings.teller
	if made == 0 || teller == nil {
		return
	}
	teller.lock.Lock()
	defer teller.lock.Unlock()
	for place := range uint32(made) {
		address := cb.home.shard.made + place*8*transitionNumbers
		teller.waiting = append(teller.waiting, cb.transition(address))
	}
}

// tell tells the listeners of what waits, unless somebody is at it: then that one will.
func (cb *CircuitBreaker) tell() {
	if teller := cb.settings.teller; teller != nil {
		teller.tell()
	}
}

func (t *teller) tell() {
	if t.begin() {
		t.drain()
	}
}

// begin is whether there is something to tell, and nobody at it. Then the caller has to drain.
func (t *teller) begin() bool {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.telling || len(t.waiting) == 0 {
		return false
	}
	t.telling = true
	return true
}

func (t *teller) drain() {
	for {
		transition, found := t.next()
		if !found {
			return
		}
		t.tellFrom(0, transition)
	}
}

func (t *teller) next() (Transition, bool) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if len(t.waiting) == 0 {
		t.telling = false
		t.waiting = nil
		return Transition{}, false
	}
	first := t.waiting[0]
	t.waiting = t.waiting[1:]
	return first, true
}

func (t *teller) tellFrom(place int, transition Transition) {
	for ; place < len(t.listeners); place++ {
		t.tellOne(place, transition)
	}
}

func (t *teller) tellOne(place int, transition Transition) {
	ended := false
	defer func() {
		if ended {
			return
		}
		if panicked := recover(); panicked != nil {
			slog.Error("a circuit breaker's listener panicked",
				"breaker", transition.Name, "panic", panicked, "stack", string(debug.Stack()))
			return
		}
		// The listener ends this goroutine by runtime.Goexit. Another one goes on.
		go func() {
			t.tellFrom(place+1, transition)
			t.drain()
		}()
	}()
	t.listeners[place](transition)
	ended = true
}

// log logs a transition.
func (t *Transition) log(logger *slog.Logger) {
	level := slog.LevelInfo
	if t.To == StateOpen {
		level = slog.LevelWarn
	}
	logger.LogAttrs(context.Background(), level, "circuit breaker transition",
		slog.String("name", t.Name),
		slog.String("from", t.From.String()),
		slog.String("to", t.To.String()),
		slog.String("reason", t.Reason.String()),
		slog.Uint64("epoch", t.Epoch),
	)
}
