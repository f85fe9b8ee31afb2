package circuitbreaker

import "fmt"

// State is what a breaker is doing.
type State int

const (
	// StateClosed lets every call through.
	StateClosed State = iota
	// StateOpen rejects every call.
	StateOpen
	// StateHalfOpen lets some calls through, to see whether the service is well again.
	StateHalfOpen
)

// Outcome is how a call counts.
type Outcome int

const (
	// Success is a call that the service answered as it should.
	Success Outcome = iota
	// Failure is a call that it did not.
	Failure
	// Ignored is a call whose result says nothing of the service: a business error, say.
	Ignored
	// Cancelled is a call that the caller gave up.
	Cancelled
)

// Effect is what settling a permit did.
type Effect int

const (
	// Applied is a result that counted.
	Applied Effect = iota
	// Stale is a result that came after the breaker had changed its state: it changes a total and nothing else.
	Stale
	// AlreadySettled is a permit that had been settled before, or was none.
	AlreadySettled
	// Shadowed is the result of a call that would have been rejected but for [Config.Shadow]: it counts nowhere.
	Shadowed
)

// RejectReason is why a call was rejected.
type RejectReason int

const (
	// RejectedOpen is a call while the circuit is open.
	RejectedOpen RejectReason = iota
	// RejectedHalfOpen is a call while as many probes as may be are out.
	RejectedHalfOpen
	// RejectedForcedOpen is a call after [CircuitBreaker.ForceOpen].
	RejectedForcedOpen
)

// Reason is why a transition was made.
type Reason int

const (
	// ReasonFailureThreshold is as many failures in a row as [Config.FailureThreshold].
	ReasonFailureThreshold Reason = iota
	// ReasonTimeoutElapsed is a call after the wait was over.
	ReasonTimeoutElapsed
	// ReasonSuccessThreshold is as many successful probes as [Config.SuccessThreshold].
	ReasonSuccessThreshold
	// ReasonProbeFailed is a probe that failed or was slow.
	ReasonProbeFailed
	// ReasonProbeTimeout is probes that did not end within [Config.ProbeTimeout].
	ReasonProbeTimeout
	// ReasonFailureRate is a window that reached [Config.FailureRate].
	ReasonFailureRate
	// ReasonSlowCallRate is a window that reached [Config.SlowCallRate].
	ReasonSlowCallRate
	// ReasonReset is [CircuitBreaker.Reset].
	ReasonReset
	// ReasonTrip is [CircuitBreaker.Trip].
	ReasonTrip
	// ReasonForced is [CircuitBreaker.ForceOpen] or [CircuitBreaker.ForceClosed].
	ReasonForced
	// ReasonAutomatic is [CircuitBreaker.Automatic].
	ReasonAutomatic
)

// The words are those of every language of k1s0; a test compares them with conformance/constants.json.
var (
	stateNames        = []string{"closed", "open", "half_open"}
	outcomeNames      = []string{"success", "failure", "ignored", "cancelled"}
	effectNames       = []string{"applied", "stale", "already_settled", "shadowed"}
	rejectReasonNames = []string{"open", "half_open", "forced_open"}
	reasonNames       = []string{
		"failure_threshold", "timeout_elapsed", "success_threshold", "probe_failed", "probe_timeout", "failure_rate",
		"slow_call_rate", "reset", "trip", "forced", "automatic",
	}
)

// String is "closed", "open" or "half_open", as in metrics.
func (s State) String() string { return word(stateNames, "State", int(s)) }

// String is "success", "failure", "ignored" or "cancelled".
func (o Outcome) String() string { return word(outcomeNames, "Outcome", int(o)) }

// String is "applied", "stale", "already_settled" or "shadowed".
func (e Effect) String() string { return word(effectNames, "Effect", int(e)) }

// String is "open", "half_open" or "forced_open".
func (r RejectReason) String() string { return word(rejectReasonNames, "RejectReason", int(r)) }

// String is the reason in lower case with underscores, as in logs.
func (r Reason) String() string { return word(reasonNames, "Reason", int(r)) }

// MarshalText writes what String says.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalText writes what String says.
func (r RejectReason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// MarshalText writes what String says.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func word(words []string, kind string, number int) string {
	if number < 0 || number >= len(words) {
		return fmt.Sprintf("%s(%d)", kind, number)
	}
	return words[number]
}
