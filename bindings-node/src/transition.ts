import { numbers } from "./core.js";
import type { CircuitState, Reason } from "./outcome.js";
import { REASONS, STATES } from "./outcome.js";
import { milliseconds } from "./time.js";

/** One change of state. */
export interface Transition {
  /** The breaker's name, if it has one. */
  readonly breaker: string | undefined;
  /** The state before. */
  readonly from: CircuitState;
  /** The state after; the same where only a new epoch began: a `reset()` of a closed breaker, a `trip()` of an open one. */
  readonly to: CircuitState;
  /** The epoch that began. */
  readonly epoch: number;
  /** Why. */
  readonly reason: Reason;
  /** When, by the breaker's clock, in milliseconds. */
  readonly atMs: number;
  /** Failures in a row at that moment, the one that opened among them. */
  readonly consecutiveFailures: number;
  /** Successful probes at that moment, the one that closed among them. */
  readonly successfulProbes: number;
  /** Calls in the window at that moment. */
  readonly windowCalls: number;
  /** Those of them that failed. */
  readonly windowFailures: number;
  /** Those of them that were slow. */
  readonly windowSlow: number;
}

const NUMBERS = 10;

/** Reads transitions that the core has just written. @internal */
export function readTransitions(
  address: number,
  count: number,
  breaker: string | undefined,
): Transition[] {
  const row = numbers(address, count * NUMBERS);
  return Array.from({ length: count }, (_, index) => {
    const bits = (field: number): bigint => row[index * NUMBERS + field] ?? 0n;
    const at = (field: number): number => Number(bits(field));
    return {
      breaker,
      from: STATES[at(0)] ?? "closed",
      to: STATES[at(1)] ?? "closed",
      epoch: at(2),
      reason: REASONS[at(3)] ?? "automatic",
      atMs: milliseconds(bits(4)),
      consecutiveFailures: at(5),
      successfulProbes: at(6),
      windowCalls: at(7),
      windowFailures: at(8),
      windowSlow: at(9),
    };
  });
}
