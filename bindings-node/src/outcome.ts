// The words of the core, by their numbers.

/** Calls go through; calls are rejected; a few calls go through as probes. */
export type CircuitState = "closed" | "open" | "half-open";
/** @internal */
export const STATES: readonly CircuitState[] = ["closed", "open", "half-open"];

/** A state's name in metrics, as k1s0 writes it. */
export type StateName = "Closed" | "Open" | "HalfOpen";
/** @internal */
export const STATE_NAMES: readonly StateName[] = ["Closed", "Open", "HalfOpen"];

/**
 * How a call ended: the service is able to do its work; it is not; the result says nothing about it (a business error);
 * the caller gave up.
 */
export type Outcome = "success" | "failure" | "ignored" | "cancelled";
/** @internal */
export const OUTCOMES: readonly Outcome[] = ["success", "failure", "ignored", "cancelled"];
/** @internal */
export const SUCCESS = 0;
/** @internal */
export const FAILURE = 1;
/** @internal */
export const IGNORED = 2;
/** @internal */
export const CANCELLED = 3;

/**
 * What a settlement did: the outcome counted; the state has changed since the permit was given, so that it did not; the
 * permit had been settled before; the call was let through by `shadow` only.
 */
export type Effect = "applied" | "stale" | "already_settled" | "shadowed";
/** @internal */
export const EFFECTS: readonly Effect[] = ["applied", "stale", "already_settled", "shadowed"];
/** @internal */
export const ALREADY_SETTLED = 2;

/** Why a call was rejected: the wait is not over; every probe's slot is taken; forced open. */
export type RejectReason = "open" | "half_open" | "forced_open";
/** @internal */
export const REJECT_REASONS: readonly RejectReason[] = ["open", "half_open", "forced_open"];

/** Why the state changed. */
export type Reason =
  | "failure_threshold"
  | "timeout_elapsed"
  | "success_threshold"
  | "probe_failed"
  | "probe_timeout"
  | "failure_rate"
  | "slow_call_rate"
  | "reset"
  | "trip"
  | "forced"
  | "automatic";
/** @internal */
export const REASONS: readonly Reason[] = [
  "failure_threshold",
  "timeout_elapsed",
  "success_threshold",
  "probe_failed",
  "probe_timeout",
  "failure_rate",
  "slow_call_rate",
  "reset",
  "trip",
  "forced",
  "automatic",
];
