import type { RejectReason } from "./outcome.js";

/** What every rejection says. @internal */
export const OPEN = "circuit breaker is open";

/** A call was rejected: the guarded function was not called. Do not retry at once. */
export class CircuitBreakerError extends Error {
  /** Stays the same in every version. */
  declare readonly code: "ERR_CIRCUIT_OPEN";
  /** Why. */
  reason: RejectReason;
  /**
   * When to come back, in milliseconds. Undefined where nobody can say: while probes are out, in a forced mode, and when
   * the wait never ends.
   */
  retryAfterMs: number | undefined;
  /** The breaker's name, if it has one. */
  breaker: string | undefined;

  constructor();
  /** @internal */
  constructor(reason: RejectReason, retryAfterMs: number | undefined, breaker: string | undefined);
  constructor(reason: RejectReason = "open", retryAfterMs?: number, breaker?: string) {
    super(OPEN);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
    this.breaker = breaker;
  }
}

// Once, and not for each of many errors.
Object.defineProperties(CircuitBreakerError.prototype, {
  name: { value: "CircuitBreakerError", writable: true, configurable: true },
  code: { value: "ERR_CIRCUIT_OPEN", writable: true, configurable: true },
});

/**
 * Makes a rejection of a plain error, which costs half a microsecond less than to construct one of a class of its own.
 * @internal
 */
export function rejection(
  error: Error,
  reason: RejectReason,
  retryAfterMs: number | undefined,
  breaker: string | undefined,
): CircuitBreakerError {
  const made = error as CircuitBreakerError;
  made.reason = reason;
  made.retryAfterMs = retryAfterMs;
  made.breaker = breaker;
  return Object.setPrototypeOf(made, CircuitBreakerError.prototype) as CircuitBreakerError;
}

/** An error for that without a stack, but for its first line. @internal */
export function withoutStack(): Error {
  const engine = Error as { stackTraceLimit?: number };
  const limit = engine.stackTraceLimit;
  engine.stackTraceLimit = 0;
  const error = new Error(OPEN);
  if (limit === undefined) {
    delete engine.stackTraceLimit;
  } else {
    engine.stackTraceLimit = limit;
  }
  return error;
}

/** A configuration was refused: a field is out of its range. */
export class CircuitBreakerConfigError extends RangeError {
  override readonly name: string = "CircuitBreakerConfigError";
  /** Stays the same in every version. */
  readonly code = "ERR_CIRCUIT_CONFIG";
  /** The field. */
  readonly field: string;
  /** The value that it had. */
  readonly value: unknown;
  /** The values that it may have, in words. */
  readonly range: string;

  /** @internal */
  constructor(field: string, value: unknown, range: string) {
    super(`${field} is ${shown(value)}; it must be ${range}`);
    this.field = field;
    this.value = value;
    this.range = range;
  }
}

/** A configuration was refused: a field has a value of another type. */
export class CircuitBreakerConfigTypeError extends TypeError {
  override readonly name: string = "CircuitBreakerConfigTypeError";
  /** Stays the same in every version. */
  readonly code = "ERR_CIRCUIT_CONFIG";
  /** The field. */
  readonly field: string;
  /** The value that it had. */
  readonly value: unknown;
  /** The values that it may have, in words. */
  readonly range: string;

  /** @internal */
  constructor(field: string, value: unknown, range: string) {
    super(`${field} is ${shown(value)}; it must be ${range}`);
    this.field = field;
    this.value = value;
    this.range = range;
  }
}

function shown(value: unknown): string {
  switch (typeof value) {
    case "bigint":
      return `${value}n`;
    case "string":
      return JSON.stringify(value);
    case "object":
      return value === null ? "null" : "an object";
    case "symbol":
    case "function":
      return `a ${typeof value}`;
    default:
      return String(value);
  }
}
