package circuitbreaker_test

import (
	"fmt"
	"time"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// A model is what conformance/SPEC.md says of a breaker without rates, written down once more and with nothing in mind but
// the rules' own words. It is held against the breaker by random operations.
type model struct {
	cfg circuitbreaker.Config
	now time.Duration

	state  circuitbreaker.State
	forced string
	epoch  uint64
	// Closed.
	failures uint32
	// Open.
	since time.Duration
	// Half-open.
	successes, inFlight uint32
	lastProbe           time.Duration

	settled   [4]uint64
	rejected  [3]uint64
	staleness uint64
}

func newModel(cfg circuitbreaker.Config) *model { return &model{cfg: cfg, epoch: 1} }

func (m *model) enter(state circuitbreaker.State) {
	m.state = state
	m.epoch++
	m.failures, m.successes, m.inFlight = 0, 0, 0
	m.since = m.now
}

// acquire is the epoch of the permit, or why there is none and how long to wait; less than nothing is not known.
func (m *model) acquire() (epoch uint64, reason string, wait time.Duration) {
	if m.forced == "closed" {
		return m.epoch, "", 0
	}
	reason, wait = m.admit()
	if reason == "" {
		return m.epoch, "", 0
	}
	m.rejected[map[string]int{"open": 0, "half_open": 1, "forced_open": 2}[reason]]++
	return 0, reason, wait
}

func (m *model) admit() (string, time.Duration) {
	switch {
	case m.forced == "open":
		return "forced_open", -1
	case m.state == circuitbreaker.StateOpen && !m.waited():
		return "open", m.cfg.Timeout - (m.now - m.since)
	case m.state == circuitbreaker.StateOpen:
		m.enter(circuitbreaker.StateHalfOpen)
		return m.probe()
	case m.state == circuitbreaker.StateHalfOpen:
		return m.probe()
	}
	return "", 0
}

// waited is whether the wait is over (2.2); a clock that stepped back restarts it (2.3).
func (m *model) waited() bool {
	m.since = min(m.since, m.now)
	return m.now-m.since >= m.cfg.Timeout
}

func (m *model) probe() (string, time.Duration) {
	if m.inFlight < m.cfg.HalfOpenMaxCalls {
		m.inFlight++
		m.lastProbe = m.now
		return "", 0
	}
	m.lastProbe = min(m.lastProbe, m.now)
	if m.now-m.lastProbe >= m.cfg.ProbeTimeout {
		m.enter(circuitbreaker.StateOpen)
		return "open", m.cfg.Timeout
	}
	return "half_open", -1
}

func (m *model) settle(epoch uint64, outcome circuitbreaker.Outcome) circuitbreaker.Effect {
	if epoch != m.epoch {
		m.staleness++
		return circuitbreaker.Stale
	}
	if m.forced == "" && m.state == circuitbreaker.StateHalfOpen {
		m.inFlight--
	}
	m.count(outcome)
	return circuitbreaker.Applied
}

func (m *model) record(outcome circuitbreaker.Outcome) {
	if m.forced == "" && m.state == circuitbreaker.StateOpen && m.waited() {
		m.enter(circuitbreaker.StateHalfOpen)
	}
	m.count(outcome)
}

func (m *model) count(outcome circuitbreaker.Outcome) {
	m.settled[outcome]++
	switch {
	case m.forced != "":
	case m.state == circuitbreaker.StateClosed && outcome == circuitbreaker.Success:
		m.failures = 0
	case m.state == circuitbreaker.StateClosed && outcome == circuitbreaker.Failure:
		m.failures++
		if m.failures >= m.cfg.FailureThreshold {
			m.enter(circuitbreaker.StateOpen)
		}
	case m.state == circuitbreaker.StateHalfOpen && outcome == circuitbreaker.Success:
		m.successes++
		if m.successes >= m.cfg.SuccessThreshold {
			m.enter(circuitbreaker.StateClosed)
		}
	case m.state == circuitbreaker.StateHalfOpen && outcome == circuitbreaker.Failure:
		m.enter(circuitbreaker.StateOpen)
	}
}

func (m *model) reset() {
	m.forced = ""
	m.enter(circuitbreaker.StateClosed)
}

func (m *model) trip() {
	if m.forced == "" {
		m.enter(circuitbreaker.StateOpen)
	}
}

func (m *model) force(to string) {
	if m.forced != to {
		m.forced = to
		m.epoch++
		m.inFlight = 0
	}
}

// shown is what can be read of it, as text.
func (m *model) shown() string {
	state, wait := m.state, time.Duration(-1)
	if m.state == circuitbreaker.StateOpen {
		wait = max(0, m.cfg.Timeout-max(0, m.now-m.since))
		if wait == 0 {
			state = circuitbreaker.StateHalfOpen
		}
	}
	switch m.forced {
	case "open":
		state, wait = circuitbreaker.StateOpen, -1
	case "closed":
		state, wait = circuitbreaker.StateClosed, -1
	}
	// 9.2a: there is a wait only while the state is open; it is told as 0 once it is over.
	return fmt.Sprintln(state, m.epoch, m.failures, m.inFlight, wait, m.settled, m.rejected, m.staleness, m.epoch-1)
}

// shownOf is the same of a breaker.
func shownOf(cb *circuitbreaker.CircuitBreaker) string {
	metrics := cb.Metrics()
	wait, known := metrics.RemainingWait()
	if !known {
		wait = -1
	}
	settled := [4]uint64{metrics.SuccessCount, metrics.FailureCount, metrics.IgnoredCount, metrics.CancelledCount}
	by := metrics.RejectedByReason
	return fmt.Sprintln(metrics.State, metrics.Epoch, metrics.ConsecutiveFailures, metrics.ProbesInFlight, wait, settled,
		[3]uint64{by.Open, by.HalfOpen, by.ForcedOpen}, metrics.StaleCount, metrics.TransitionCount)
}
