// Code generated from core/src/metrics/vocabulary.rs by cargo xtask generate. DO NOT EDIT.

package otelbreaker

// Scope is the instrumentation scope of every language of k1s0.
const Scope = "k1s0_circuit_breaker"

// unnamed is shown as the name of a breaker without one.
const unnamed = "unnamed"

// instruments are those of docs/metrics.md.
var instruments = []instrument{
	{"circuit_breaker.calls", false, "{call}", "Admitted calls that ended, by outcome"},
	{"circuit_breaker.rejections", false, "{call}", "Calls that were not admitted, by reason"},
	{"circuit_breaker.would_reject", false, "{call}", "Calls that shadow mode let through and that would have been rejected, by reason"},
	{"circuit_breaker.slow_calls", false, "{call}", "Calls that took slow_call_duration or longer; 0 where none is configured"},
	{"circuit_breaker.transitions", false, "{transition}", "Changes of state; from and to are equal where only a new epoch began"},
	{"circuit_breaker.state", true, "{breaker}", "1 for the state that the breaker is in, 0 for each of the others"},
	{"circuit_breaker.success_rate", true, "1", "success / (success + failure) since the breaker was made; absent before the first of either"},
}
