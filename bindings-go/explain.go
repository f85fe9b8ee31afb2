package circuitbreaker

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Explanation is what a breaker is doing, why, and what would change it, at one moment. A nil is none, or never. String
// is some lines for a person, which any release may put differently.
type Explanation struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Forced bool   `json:"forced"`
	// AutomaticState is the state that Automatic would bring back.
	AutomaticState State  `json:"automatic_state"`
	Shadow         bool   `json:"shadow"`
	Epoch          uint64 `json:"epoch"`
	// WouldReject is why a call now would be rejected.
	WouldReject *RejectReason `json:"would_reject"`
	// Needs are what would change the state.
	Needs               []Need         `json:"needs"`
	ConsecutiveFailures uint32         `json:"consecutive_failures"`
	SuccessfulProbes    uint32         `json:"successful_probes"`
	ProbesInFlight      uint32         `json:"probes_in_flight"`
	ProbesGivenUpIn     *time.Duration `json:"probes_given_up_in_ns"`
	Window              *WindowContent `json:"window"`
	RemainingWait       *time.Duration `json:"remaining_wait_ns"`
	// Wait is how long the last opening waits.
	Wait           *time.Duration `json:"wait_ns"`
	OpeningsInARow *uint64        `json:"openings_in_a_row"`
	Rules          Rules          `json:"rules"`
	LastTransition *Past          `json:"last_transition"`
	History        []Past         `json:"history"`

	text string
}

// WindowContent are the calls in a window, and those of them that failed or were slow.
type WindowContent struct {
	Calls    uint64 `json:"calls"`
	Failures uint64 `json:"failures"`
	Slow     uint64 `json:"slow"`
}

// Need is something that would change the state. Fields but Kind and Text are there for some kinds only.
type Need struct {
	// Kind is "failures", "failure_rate", "slow_call_rate", "wait", "probes", "slots" or "hand".
	Kind string `json:"kind"`
	// Text is the same as a sentence.
	Text string `json:"text"`
	// More is how many failures or probes it takes.
	More *uint64 `json:"more"`
	// Of rates: how many of the calls in the window failed or were slow, at how many millionths of them it opens, and
	// how many calls it takes.
	Count        *uint64 `json:"count"`
	Calls        *uint64 `json:"calls"`
	OpensAtPPM   *uint64 `json:"opens_at_ppm"`
	MinimumCalls *uint64 `json:"minimum_calls"`
	// Left is what is left of the wait.
	Left *time.Duration `json:"left_ns"`
	// Of slots: how many are taken, of how many, and when they are given up.
	Taken     *uint64        `json:"taken"`
	Of        *uint64        `json:"of"`
	GivenUpIn *time.Duration `json:"given_up_in_ns"`
	// Underneath is the state under a forced mode.
	Underneath *State `json:"underneath"`
}

// Past is a transition, and how long ago it was.
type Past struct {
	From                State         `json:"from"`
	To                  State         `json:"to"`
	Epoch               uint64        `json:"epoch"`
	Reason              Reason        `json:"reason"`
	Ago                 time.Duration `json:"ago_ns"`
	ConsecutiveFailures uint32        `json:"consecutive_failures"`
	SuccessfulProbes    uint32        `json:"successful_probes"`
	Window              WindowContent `json:"window"`
}

// Rules are the configuration; what is off or never is nil. Fractions are in millionths.
type Rules struct {
	FailureThreshold     *uint32        `json:"failure_threshold"`
	SuccessThreshold     uint32         `json:"success_threshold"`
	Timeout              *time.Duration `json:"timeout_ns"`
	HalfOpenMaxCalls     uint32         `json:"half_open_max_calls"`
	ProbeTimeout         *time.Duration `json:"probe_timeout_ns"`
	FailureRatePPM       *uint64        `json:"failure_rate_ppm"`
	MinimumCalls         *uint32        `json:"minimum_calls"`
	Window               *RulesWindow   `json:"window"`
	SlowCallDuration     *time.Duration `json:"slow_call_duration_ns"`
	SlowCallRatePPM      *uint64        `json:"slow_call_rate_ppm"`
	SlowMinimumCalls     *uint32        `json:"slow_minimum_calls"`
	CountHungCalls       bool           `json:"count_hung_calls"`
	BackoffMultiplierPPM uint64         `json:"backoff_multiplier_ppm"`
	MaxTimeout           *time.Duration `json:"max_timeout_ns"`
	JitterPPM            uint64         `json:"jitter_ppm"`
	Shadow               bool           `json:"shadow"`
}

// RulesWindow is a window of calls, or of time in buckets.
type RulesWindow struct {
	Calls   *uint32        `json:"calls,omitempty"`
	Bucket  *time.Duration `json:"bucket_ns,omitempty"`
	Buckets *uint32        `json:"buckets,omitempty"`
}

// Explain says what the breaker is doing, why, and what would change that. It takes some microseconds.
func (cb *CircuitBreaker) Explain() Explanation {
	data, text, _ := strings.Cut(cb.explained(), "\x00")
	explanation := Explanation{text: text}
	// It is the core's own JSON. A number that a field does not hold (a length of time beyond time.Duration) is left out
	// by the decoder, and the rest is read.
	_ = json.Unmarshal([]byte(data), &explanation)
	explanation.Name = cb.settings.name
	return explanation
}

func (cb *CircuitBreaker) explained() string {
	home, core := cb.enter()
	defer cb.leave()
	if core.Xexplain(home.address) == needsNow {
		now := cb.now()
		core.Xexplain_at(home.address, high(now), low(now))
	}
	return home.shard.text()
}

// String is some lines for a person.
func (e Explanation) String() string { return e.text }

// UnmarshalText reads the names of [State.String], and the core's: "Closed", "Open", "HalfOpen".
func (s *State) UnmarshalText(text []byte) error {
	return unmarshal(s, stateNames, "state", strings.ToLower(strings.ReplaceAll(string(text), "HalfOpen", "half_open")))
}

// UnmarshalText reads what String says.
func (r *Reason) UnmarshalText(text []byte) error {
	return unmarshal(r, reasonNames, "reason", string(text))
}

// UnmarshalText reads what String says.
func (r *RejectReason) UnmarshalText(text []byte) error {
	return unmarshal(r, rejectReasonNames, "reason of a rejection", string(text))
}

func unmarshal[T ~int](into *T, words []string, kind, text string) error {
	for number, word := range words {
		if word == text {
			*into = T(number)
			return nil
		}
	}
	return fmt.Errorf("circuitbreaker: %q is no %s", text, kind)
}
