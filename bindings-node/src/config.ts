// A configuration, and its way into the core, which checks it. Here only types are looked at: the core knows numbers only.

import { core, shared, text } from "./core.js";
import { CircuitBreakerConfigError, CircuitBreakerConfigTypeError } from "./error.js";
import { refusal as refused } from "./native.js";
import { high, low, Nanoseconds, take, takeNanoseconds } from "./time.js";

/**
 * When a circuit opens, how long it stays open, and when it closes. Lengths of time are in milliseconds, fractions
 * too; `Infinity` is "never" where a wait may be. What is left out has its default.
 */
export interface CircuitBreakerConfig extends CircuitBreakerLevels {
  /** Failures in a row that open the circuit: 1 to 4294967295, 5 by default. */
  failureThreshold: number;
  /** Successful probes that close it again: 1 to 4294967295, 3 by default. */
  successThreshold: number;
  /** How long an open circuit rejects calls, 30 s by default. 0 makes the next call a probe. */
  timeoutMs: number;
}

/** A configuration whose circuit is opened by rates only. One must be set. */
export interface CircuitBreakerRateConfig extends CircuitBreakerLevels {
  /** Failures in a row do not open the circuit. */
  failureThreshold: "off";
  /** See {@link CircuitBreakerConfig.successThreshold}. */
  successThreshold?: number;
  /** See {@link CircuitBreakerConfig.timeoutMs}. */
  timeoutMs?: number;
}

/** What a configuration may say besides. */
export interface CircuitBreakerLevels {
  /** How many probes may be unsettled at once: 1 to 65535, 1 by default. */
  halfOpenMaxCalls?: number;
  /** When a full set of unsettled probes is given up: 1 ms or more, 60 s by default. */
  probeTimeoutMs?: number;
  /** How large a part of the window's calls must fail to open the circuit: more than 0, at most 1; off by default. */
  failureRate?: number;
  /** Fewer calls in the window than this decide nothing: 20 by default. */
  minimumCalls?: number;
  /** The rates are about the last so many calls: 1 to 65536, 100 by default. */
  windowCalls?: number;
  /** The rates are about the calls of the last so much time instead: 10 ms to 24 h. */
  windowTimeMs?: number;
  /** In how many stretches that time is cut, the oldest of which is forgotten at a time: 10 to 100, 10 by default. */
  windowBuckets?: number;
  /** Calls that take so long or longer are slow: 1 ns or more; off by default. */
  slowCallDurationMs?: number;
  /** How large a part of the window's calls must be slow to open the circuit: 0.8 by default. */
  slowCallRate?: number;
  /** As `minimumCalls`, for slow calls: 20 by default. */
  slowMinimumCalls?: number;
  /** Whether calls count as slow while they are still in flight; false by default. See `tick()`. */
  countHungCalls?: boolean;
  /** Each wait by the one before it: 1 to 100 times, 1 by default. */
  backoffMultiplier?: number;
  /** The longest wait, `timeoutMs` or more: by default 10 minutes, or `timeoutMs` where that is longer. */
  maxTimeoutMs?: number;
  /** How large a part of itself a wait may be off, to either side: 0 to 1, 0 by default. */
  jitter?: number;
  /** Where the random numbers for the jitter begin, 64 bits; drawn where it is not given. */
  jitterSeed?: number | bigint;
  /** Decide and tell, but reject nothing; false by default. */
  shadow?: boolean;
}

/** What a breaker is made of: every field may be left out. */
export type CircuitBreakerSettings = Partial<CircuitBreakerConfig> | CircuitBreakerRateConfig;

type Kind = "count" | "fraction" | "wait" | "length" | "flag" | "seed";

/** Each field: its number in the core, the core's own name for it, and what it is. */
const FIELDS: Record<keyof CircuitBreakerConfig, readonly [number, string, Kind]> = {
  failureThreshold: [0, "failure_threshold", "count"],
  successThreshold: [1, "success_threshold", "count"],
  timeoutMs: [2, "timeout", "wait"],
  halfOpenMaxCalls: [3, "half_open_max_calls", "count"],
  probeTimeoutMs: [4, "probe_timeout", "wait"],
  failureRate: [5, "failure_rate", "fraction"],
  minimumCalls: [6, "minimum_calls", "count"],
  windowCalls: [7, "window", "count"],
  windowTimeMs: [8, "window", "length"],
  windowBuckets: [9, "window_buckets", "count"],
  slowCallDurationMs: [10, "slow_call_duration", "wait"],
  slowCallRate: [11, "slow_call_rate", "fraction"],
  slowMinimumCalls: [12, "slow_minimum_calls", "count"],
  countHungCalls: [13, "count_hung_calls", "flag"],
  backoffMultiplier: [14, "backoff_multiplier", "fraction"],
  maxTimeoutMs: [15, "max_timeout", "wait"],
  jitter: [16, "jitter", "fraction"],
  jitterSeed: [17, "jitter_seed", "seed"],
  shadow: [18, "shadow", "flag"],
};

/** Makes a breaker in the core; answers its number there. @internal */
export function create(settings: CircuitBreakerSettings): number {
  const given = draft(settings);
  const breaker = core.create(random32(), random32());
  if (breaker === 0) {
    throw refusal(given);
  }
  return breaker;
}

/** As `create`, of a breaker that the threads of the process share. @internal */
export function createShared(name: string, settings: CircuitBreakerSettings | undefined): number {
  if (shared === undefined) {
    throw new Error("only the native addon shares circuit breakers between threads", {
      cause: refused,
    });
  }
  if (typeof name !== "string" || name === "") {
    throw new TypeError("the name of a shared circuit breaker must be a string that is not empty");
  }
  const given = draft(settings ?? {});
  const breaker = shared(name, settings === undefined ? 1 : 0);
  if (breaker === 0) {
    throw refusal(given);
  }
  if (breaker < 0) {
    const range = `what the shared circuit breaker "${name}" was made of`;
    throw new CircuitBreakerConfigError("config", settings, range);
  }
  return breaker;
}

/** Writes a configuration for the core to check. */
function draft(settings: CircuitBreakerSettings): Record<string, unknown> {
  if (typeof settings !== "object" || settings === null) {
    throw new CircuitBreakerConfigTypeError("config", settings, "an object");
  }
  const given = settings as Record<string, unknown>;
  core.config_begin();
  for (const field of Object.keys(given)) {
    const value = given[field];
    if (!Object.hasOwn(FIELDS, field)) {
      throw new CircuitBreakerConfigTypeError(field, value, "left out: there is no such field");
    }
    if (value !== undefined) {
      write(field as keyof CircuitBreakerConfig, value);
    }
  }
  return given;
}

/** Where the jitter's random numbers begin, unless the configuration says. */
const random32 = (): number => (Math.random() * 2 ** 32) | 0;

function write(field: keyof CircuitBreakerConfig, value: unknown): void {
  const [number, , kind] = FIELDS[field];
  switch (kind) {
    case "flag":
      if (typeof value !== "boolean") {
        throw new CircuitBreakerConfigTypeError(field, value, "true or false");
      }
      core.config_number(number, value ? 1 : 0);
      return;
    case "seed":
      core.config_bits(number, ...seed(field, value));
      return;
    case "wait":
    case "length":
      takeLength(field, value);
      core.config_bits(number, high, low);
      return;
    default:
      if (field === "failureThreshold" && value === "off") {
        core.config_off(number);
        return;
      }
      if (typeof value !== "number") {
        throw new CircuitBreakerConfigTypeError(field, value, "a number");
      }
      core.config_number(number, value);
  }
}

function seed(field: string, value: unknown): [number, number] {
  const range = "a whole number of 64 bits";
  if (typeof value !== "number" && typeof value !== "bigint") {
    throw new CircuitBreakerConfigTypeError(field, value, range);
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new CircuitBreakerConfigError(field, value, range);
  }
  const bits = BigInt(value);
  if (BigInt.asUintN(64, bits) !== bits) {
    throw new CircuitBreakerConfigError(field, value, range);
  }
  return [Number(bits >> 32n) | 0, Number(bits & 0xffff_ffffn) | 0];
}

/** Takes a length of time apart; the core knows what is too short. @internal */
export function takeLength(field: string, value: unknown): void {
  if (value instanceof Nanoseconds) {
    takeNanoseconds(value.value);
    return;
  }
  if (typeof value !== "number") {
    throw new CircuitBreakerConfigTypeError(field, value, "a number of milliseconds");
  }
  if (!(value >= 0)) {
    throw new CircuitBreakerConfigError(field, value, "0 or more");
  }
  take(value);
}

/** What the core has against a configuration, in this language's words. */
function refusal(given: Record<string, unknown>): CircuitBreakerConfigError {
  const [name = "", words = "", range = ""] = text().split("\n");
  let field = ours(name);
  if (name === "window") {
    field = given["windowTimeMs"] === undefined ? "windowCalls" : "windowTimeMs";
  }
  const value = given[field];
  // A default may be what does not fit the rest.
  return new CircuitBreakerConfigError(
    field,
    value === undefined || value instanceof Nanoseconds ? defaulted(words) : value,
    range.replace(/\b[a-z]+(_[a-z]+)+\b|\btimeout\b/g, ours),
  );
}

const defaulted = (words: string): unknown => (words === "" || isNaN(+words) ? words : +words);

/** A field of the core's as it is called here. */
function ours(name: string): string {
  const found = Object.entries(FIELDS).find(([, [, theirs]]) => theirs === name);
  return found?.[0] ?? name;
}
