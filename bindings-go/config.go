package circuitbreaker

import (
	"strconv"
	"strings"
	"time"
)

// Config says when a circuit opens, how long it stays open, and when it closes. A field that is zero has its default; [Never]
// is a length of time without end. A value out of its range is refused.
type Config struct {
	// FailureThreshold is how many failures in a row open the circuit: 5 by default. See also [WithoutFailureThreshold].
	FailureThreshold uint32
	// SuccessThreshold is how many successful probes close it again: 3 by default.
	SuccessThreshold uint32
	// Timeout is how long an open circuit rejects calls before it lets a probe through: 30 s by default. See also
	// [WithTimeout], which can say 0.
	Timeout time.Duration

	// HalfOpenMaxCalls is how many probes may be out at once: 1 to 65535, 1 by default.
	HalfOpenMaxCalls uint32
	// ProbeTimeout is when a full set of probes that do not end is given up: 1 ms or more, 60 s by default.
	ProbeTimeout time.Duration

	// FailureRate is how large a part of the window's calls must fail to open the circuit: more than 0, at most 1.
	// Off by default.
	FailureRate float64
	// MinimumCalls is how many calls must be in the window before FailureRate decides anything: 20 by default.
	MinimumCalls uint32
	// WindowCalls makes the window the last so many calls: 1 to 65536, 100 by default.
	WindowCalls uint32
	// WindowTime makes the window the calls of the last so much time instead: 10 ms to 24 h.
	WindowTime time.Duration
	// WindowBuckets is in how many stretches WindowTime is cut, the oldest of which is forgotten at a time: 10 to 100, 10
	// by default.
	WindowBuckets uint32

	// SlowCallDuration is how long a call takes that is slow. Off by default.
	SlowCallDuration time.Duration
	// SlowCallRate is how large a part of the window's calls must be slow to open the circuit: 0.8 by default.
	SlowCallRate float64
	// SlowMinimumCalls is MinimumCalls for SlowCallRate: 20 by default.
	SlowMinimumCalls uint32
	// CountHungCalls counts calls as slow while they are still in flight. See [CircuitBreaker.Tick].
	CountHungCalls bool

	// BackoffMultiplier makes each wait longer than the one before it: 1 to 100 times, 1 by default.
	BackoffMultiplier float64
	// MaxTimeout is the longest wait: Timeout or more; 10 minutes by default, or Timeout where that is longer.
	MaxTimeout time.Duration
	// Jitter is how large a part of itself a wait may be off, to either side: 0 to 1, 0 by default.
	Jitter float64
	// JitterSeed is where the random numbers for Jitter begin; 0 draws one.
	JitterSeed uint64

	// Shadow decides and tells as ever, but rejects nothing.
	Shadow bool
}

// field is a field's number in the core, in the order of the list.
type field int

const (
	failureThreshold field = iota
	successThreshold
	timeout
	halfOpenMaxCalls
	probeTimeout
	failureRate
	minimumCalls
	windowCalls
	windowTime
	windowBuckets
	slowCallDuration
	slowCallRate
	slowMinimumCalls
	countHungCalls
	backoffMultiplier
	maxTimeout
	jitter
	jitterSeed
	shadow
	fields
)

// fieldNames are ours, by the core's.
var fieldNames = map[string]string{
	"failure_threshold":   "FailureThreshold",
	"success_threshold":   "SuccessThreshold",
	"timeout":             "Timeout",
	"half_open_max_calls": "HalfOpenMaxCalls",
	"probe_timeout":       "ProbeTimeout",
	"failure_rate":        "FailureRate",
	"minimum_calls":       "MinimumCalls",
	"window_buckets":      "WindowBuckets",
	"slow_call_duration":  "SlowCallDuration",
	"slow_call_rate":      "SlowCallRate",
	"slow_minimum_calls":  "SlowMinimumCalls",
	"count_hung_calls":    "CountHungCalls",
	"backoff_multiplier":  "BackoffMultiplier",
	"max_timeout":         "MaxTimeout",
	"jitter":              "Jitter",
	"jitter_seed":         "JitterSeed",
	"shadow":              "Shadow",
}

// draft is a configuration on its way to the core, which checks it.
type draft [fields]given

// given is what a field was given: a number, a length of time (or the seed) as bits, or "off". Nothing is the default.
type given struct {
	kind   kind
	number float64
	bits   uint64
}

type kind int

const (
	isDefault kind = iota
	isNumber
	isBits
	isOff
)

func number[T uint32 | float64](value T) given { return given{kind: isNumber, number: float64(value)} }

func bits(value uint64) given { return given{kind: isBits, bits: value} }

func orDefault[T comparable](value T, set func(T) given) given {
	var zero T
	if value == zero {
		return given{}
	}
	return set(value)
}

func flag(bool) given { return given{kind: isNumber, number: 1} }

func wait(d time.Duration) given { return bits(length(d)) }

// draft reads the fields. Lengths of time may be less than nothing, which the core has no number for.
func (c *Config) draft() (draft, *ConfigError) {
	for _, each := range []struct {
		name  string
		value time.Duration
	}{
		{"Timeout", c.Timeout},
		{"ProbeTimeout", c.ProbeTimeout},
		{"WindowTime", c.WindowTime},
		{"SlowCallDuration", c.SlowCallDuration},
		{"MaxTimeout", c.MaxTimeout},
	} {
		if each.value < 0 {
			return draft{}, &ConfigError{Field: each.name, Value: each.value, Range: "0 or more"}
		}
	}
	return draft{
		failureThreshold:  orDefault(c.FailureThreshold, number),
		successThreshold:  orDefault(c.SuccessThreshold, number),
		timeout:           orDefault(c.Timeout, wait),
		halfOpenMaxCalls:  orDefault(c.HalfOpenMaxCalls, number),
		probeTimeout:      orDefault(c.ProbeTimeout, wait),
		failureRate:       orDefault(c.FailureRate, number),
		minimumCalls:      orDefault(c.MinimumCalls, number),
		windowCalls:       orDefault(c.WindowCalls, number),
		windowTime:        orDefault(c.WindowTime, wait),
		windowBuckets:     orDefault(c.WindowBuckets, number),
		slowCallDuration:  orDefault(c.SlowCallDuration, wait),
		slowCallRate:      orDefault(c.SlowCallRate, number),
		slowMinimumCalls:  orDefault(c.SlowMinimumCalls, number),
		countHungCalls:    orDefault(c.CountHungCalls, flag),
		backoffMultiplier: orDefault(c.BackoffMultiplier, number),
		maxTimeout:        orDefault(c.MaxTimeout, wait),
		jitter:            orDefault(c.Jitter, number),
		jitterSeed:        orDefault(c.JitterSeed, bits),
		shadow:            orDefault(c.Shadow, flag),
	}, nil
}

// refusal is what the core has against a configuration, in this package's words: field, value and range, a line each.
func (d *draft) refusal(text string) *ConfigError {
	lines := strings.SplitN(text, "\n", 3)
	for len(lines) < 3 {
		lines = append(lines, "")
	}
	name, known := fieldNames[lines[0]]
	switch {
	case known:
	case d[windowTime].kind != isDefault:
		name = "WindowTime"
	default:
		name = "WindowCalls"
	}
	return &ConfigError{
		Field: name,
		Value: value(lines[1]),
		Range: inOurWords(lines[2]),
	}
}

// inOurWords is a range in which a field is named as Config has it. (Two names are ordinary words as well, which no range
// uses as names.)
func inOurWords(text string) string {
	words := strings.Split(text, " ")
	for place, word := range words {
		if ours, known := fieldNames[word]; known && (word == "timeout" || strings.Contains(word, "_")) {
			words[place] = ours
		}
	}
	return strings.Join(words, " ")
}

// value is a number if it is one, and the core's words for it if not.
func value(text string) any {
	if whole, err := strconv.ParseUint(text, 10, 64); err == nil {
		return whole
	}
	if fraction, err := strconv.ParseFloat(text, 64); err == nil {
		return fraction
	}
	return text
}
