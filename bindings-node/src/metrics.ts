import { numbers } from "./core.js";
import type { RejectReason, StateName } from "./outcome.js";
import { STATE_NAMES } from "./outcome.js";
import { milliseconds } from "./time.js";

/** State and totals of one breaker at one moment. Totals only ever grow. */
export interface CircuitBreakerMetrics {
  /** Calls that succeeded. */
  readonly successCount: number;
  /** Calls that failed. */
  readonly failureCount: number;
  /** Calls whose result says nothing about the service. */
  readonly ignoredCount: number;
  /** Calls that their caller gave up. */
  readonly cancelledCount: number;
  /** Calls that were rejected, for whatever reason. */
  readonly rejectedCount: number;
  /** The same by reason. */
  readonly rejectedByReason: Readonly<Record<RejectReason, number>>;
  /** Calls that would have been rejected but for `shadow`. */
  readonly wouldRejectCount: number;
  /** The same by reason. */
  readonly wouldRejectByReason: Readonly<Record<RejectReason, number>>;
  /** Calls that took as long as `slowCallDurationMs`, or longer, or were found to hang. */
  readonly slowCount: number;
  /** Results that came too late to count. */
  readonly staleCount: number;
  /** Changes of state and resets. */
  readonly transitionCount: number;
  /** The same by the state before and the state after. */
  readonly transitionsBetween: Readonly<Record<StateName, Readonly<Record<StateName, number>>>>;
  /** The state: "Closed", "Open" or "HalfOpen". */
  readonly state: StateName;
  /** 1 at first, one more after each transition. */
  readonly epoch: number;
  /** Failures in a row; 0 unless closed. */
  readonly consecutiveFailures: number;
  /** Probes that are not settled yet. */
  readonly probesInFlight: number;
  /** What is left of the wait while open, 0 once it is over; undefined where it never ends, and while not open. */
  readonly remainingWaitMs: number | undefined;
  /** Whether `forceOpen()` or `forceClosed()` is on. */
  readonly forced: boolean;
  /** Calls in the window; 0 unless closed. */
  readonly windowCalls: number;
  /** Those of them that failed. */
  readonly windowFailures: number;
  /** Those of them that were slow. */
  readonly windowSlow: number;
  /** success / (success + failure); undefined before the first of either. */
  readonly successRate: number | undefined;
}

const NONE = 0xffff_ffff_ffff_ffffn;

/** Reads the answer that the core has just written. @internal */
export function readMetrics(address: number, count: number): CircuitBreakerMetrics {
  const row = numbers(address, count);
  const bits = (index: number): bigint => row[index] ?? 0n;
  const at = (index: number): number => Number(bits(index));
  const byReason = (first: number) => ({
    open: at(first),
    half_open: at(first + 1),
    forced_open: at(first + 2),
  });
  const wait = bits(17);
  const rate = new Float64Array(row.buffer, row.byteOffset, count)[31] ?? NaN;
  const to = (from: number) => ({
    Closed: at(22 + 3 * from),
    Open: at(23 + 3 * from),
    HalfOpen: at(24 + 3 * from),
  });
  return {
    successCount: at(0),
    failureCount: at(1),
    ignoredCount: at(2),
    cancelledCount: at(3),
    rejectedCount: at(4) + at(5) + at(6),
    rejectedByReason: byReason(4),
    wouldRejectCount: at(7) + at(8) + at(9),
    wouldRejectByReason: byReason(7),
    slowCount: at(10),
    staleCount: at(11),
    transitionCount: at(12),
    transitionsBetween: { Closed: to(0), Open: to(1), HalfOpen: to(2) },
    state: STATE_NAMES[at(13)] ?? "Closed",
    epoch: at(14),
    consecutiveFailures: at(15),
    probesInFlight: at(16),
    remainingWaitMs: wait === NONE ? undefined : milliseconds(wait),
    forced: at(18) === 1,
    windowCalls: at(19),
    windowFailures: at(20),
    windowSlow: at(21),
    successRate: Number.isNaN(rate) ? undefined : rate,
  };
}
