package circuitbreaker

import (
	"math"
	"time"
)

// Metrics are the state and the totals of one breaker at one moment. Totals only ever grow.
type Metrics struct {
	// Calls that were admitted and have ended, by outcome.
	SuccessCount, FailureCount, IgnoredCount, CancelledCount uint64
	// RejectedCount is how many calls were rejected, RejectedByReason why.
	RejectedCount    uint64
	RejectedByReason ByReason
	// WouldRejectCount is how many calls would have been rejected but for Config.Shadow, WouldRejectByReason why.
	WouldRejectCount    uint64
	WouldRejectByReason ByReason
	// SlowCount is how many calls took Config.SlowCallDuration or longer, or were found to hang.
	SlowCount uint64
	// StaleCount is how many results came too late to count.
	StaleCount uint64
	// TransitionCount is how many transitions there were, TransitionsBetween the same by the State before and the State
	// after.
	TransitionCount    uint64
	TransitionsBetween [3][3]uint64

	// State is the state.
	State State
	// Epoch is 1 at first, and one more after each transition.
	Epoch uint64
	// Forced is whether ForceOpen or ForceClosed is on.
	Forced bool
	// ConsecutiveFailures is how many failures in a row there were; 0 unless closed.
	ConsecutiveFailures uint32
	// ProbesInFlight is how many probes are not settled yet.
	ProbesInFlight uint32
	// Calls in the window, and those of them that failed or were slow; 0 unless closed.
	WindowCalls, WindowFailures, WindowSlow uint64

	wait uint64
	rate float64
}

// ByReason counts calls by why they were rejected.
type ByReason struct {
	Open, HalfOpen, ForcedOpen uint64
}

// metricsNumbers is how many numbers the core writes.
const metricsNumbers = 32

// Metrics reads state and totals.
func (cb *CircuitBreaker) Metrics() Metrics {
	home, core := cb.enter()
	defer cb.leave()
	if core.Xmetrics(home.address) == needsNow {
		now := cb.now()
		core.Xmetrics_at(home.address, high(now), low(now))
	}
	var row [metricsNumbers]uint64
	for place := range row {
		row[place] = home.shard.number(home.shard.answer + 8*uint32(place))
	}
	metrics := Metrics{
		SuccessCount:        row[0],
		FailureCount:        row[1],
		IgnoredCount:        row[2],
		CancelledCount:      row[3],
		RejectedCount:       row[4] + row[5] + row[6],
		RejectedByReason:    ByReason{row[4], row[5], row[6]},
		WouldRejectCount:    row[7] + row[8] + row[9],
		WouldRejectByReason: ByReason{row[7], row[8], row[9]},
		SlowCount:           row[10],
		StaleCount:          row[11],
		TransitionCount:     row[12],
		State:               State(row[13]),
		Epoch:               row[14],
		ConsecutiveFailures: uint32(row[15]),
		ProbesInFlight:      uint32(row[16]),
		wait:                row[17],
		Forced:              row[18] == 1,
		WindowCalls:         row[19],
		WindowFailures:      row[20],
		WindowSlow:          row[21],
		rate:                math.Float64frombits(row[31]),
	}
	for from := range 3 {
		copy(metrics.TransitionsBetween[from][:], row[22+3*from:])
	}
	return metrics
}

// RemainingWait is what is left of the wait while open: 0 once it is over. It is false where the wait never ends, in a
// forced mode, and while not open.
func (m *Metrics) RemainingWait() (time.Duration, bool) {
	return duration(m.wait), m.wait != none
}

// SuccessRate is success / (success + failure), since the breaker was made. It is false before the first of either.
func (m *Metrics) SuccessRate() (float64, bool) {
	return m.rate, !math.IsNaN(m.rate)
}
