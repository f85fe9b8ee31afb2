// Generated from core/src/metrics/vocabulary.rs by `cargo xtask generate`.

/** @internal */
export const SCOPE = "k1s0_circuit_breaker";
/** @internal */
export const VERSION = "0.1.0";
/** The name under which a breaker without one is shown. @internal */
export const UNNAMED = "unnamed";
/** @internal */
export const INSTRUMENTS = [
  {
    name: "circuit_breaker.calls",
    kind: "counter",
    unit: "{call}",
    description: "Admitted calls that ended, by outcome",
  },
  {
    name: "circuit_breaker.rejections",
    kind: "counter",
    unit: "{call}",
    description: "Calls that were not admitted, by reason",
  },
  {
    name: "circuit_breaker.would_reject",
    kind: "counter",
    unit: "{call}",
    description: "Calls that shadow mode let through and that would have been rejected, by reason",
  },
  {
    name: "circuit_breaker.slow_calls",
    kind: "counter",
    unit: "{call}",
    description: "Calls that took slow_call_duration or longer; 0 where none is configured",
  },
  {
    name: "circuit_breaker.transitions",
    kind: "counter",
    unit: "{transition}",
    description: "Changes of state; from and to are equal where only a new epoch began",
  },
  {
    name: "circuit_breaker.state",
    kind: "gauge",
    unit: "{breaker}",
    description: "1 for the state that the breaker is in, 0 for each of the others",
  },
  {
    name: "circuit_breaker.success_rate",
    kind: "gauge",
    unit: "1",
    description: "success / (success + failure) since the breaker was made; absent before the first of either",
  },
] as const;
/** The values that attributes have. @internal */
export const VALUES = {
  outcome: ["success","failure","ignored","cancelled"],
  reason: ["open","half_open","forced_open"],
  from: ["closed","open","half_open"],
  to: ["closed","open","half_open"],
  state: ["closed","open","half_open"],
} as const;
/** @internal */
export type InstrumentName = (typeof INSTRUMENTS)[number]["name"];
