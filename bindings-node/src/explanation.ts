import type { Reason, RejectReason, StateName } from "./outcome.js";

/** Calls in a window, or at a moment. */
export interface WindowContent {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/** Something that would change the state. */
export interface Need {
  /** Which; the other fields are there for some of them only. */
  readonly kind:
    | "failures"
    | "failure_rate"
    | "slow_call_rate"
    | "wait"
    | "probes"
    | "slots"
    | "hand";
  /** The same as a sentence. */
  readonly text: string;
  /** Failures or probes: how many more. */
  readonly more?: number;
  /** Rates: how many of the calls in the window failed, or were slow. */
  readonly count?: number;
  /** Rates: calls in the window. */
  readonly calls?: number;
  /** Rates: the part at which it opens. */
  readonly opensAt?: number;
  /** Rates: fewer calls than this decide nothing. */
  readonly minimumCalls?: number;
  /** Wait: what is left, null where it never ends. */
  readonly leftMs?: number | null;
  /** Slots: how many probes are out. */
  readonly taken?: number;
  /** Slots: how many may be. */
  readonly of?: number;
  /** Slots: when they are given up; null where never, or one is free. */
  readonly givenUpInMs?: number | null;
  /** Hand: the state underneath a forced mode. */
  readonly underneath?: StateName;
}

/** A transition, and how long ago it was. */
export interface Past {
  readonly from: StateName;
  readonly to: StateName;
  readonly epoch: number;
  readonly reason: Reason;
  readonly atMs: number;
  readonly agoMs: number;
  readonly consecutiveFailures: number;
  readonly successfulProbes: number;
  readonly window: WindowContent;
}

/** The configuration; what is off is null. */
export interface Rules {
  readonly failureThreshold: number | null;
  readonly successThreshold: number;
  readonly timeoutMs: number | null;
  readonly halfOpenMaxCalls: number;
  readonly probeTimeoutMs: number | null;
  readonly failureRate: number | null;
  readonly minimumCalls: number | null;
  readonly window: { calls: number } | { bucketMs: number; buckets: number } | null;
  readonly slowCallDurationMs: number | null;
  readonly slowCallRate: number | null;
  readonly slowMinimumCalls: number | null;
  readonly countHungCalls: boolean;
  readonly backoffMultiplier: number;
  readonly maxTimeoutMs: number | null;
  readonly jitter: number;
  readonly shadow: boolean;
}

/**
 * What a breaker is doing, why, and what would change it, at one moment. Null is none, or never. `String()` of it are some
 * lines for a person, which any release may put differently.
 */
export interface Explanation {
  readonly name: string | null;
  readonly state: StateName;
  readonly forced: boolean;
  /** The state that `automatic()` would bring back. */
  readonly automaticState: StateName;
  readonly shadow: boolean;
  readonly epoch: number;
  /** Why a call now would be rejected. */
  readonly wouldReject: RejectReason | null;
  /** What would change the state. */
  readonly needs: readonly Need[];
  readonly consecutiveFailures: number;
  readonly successfulProbes: number;
  readonly probesInFlight: number;
  readonly probesGivenUpInMs: number | null;
  readonly window: WindowContent | null;
  readonly remainingWaitMs: number | null;
  /** How long the last opening waits. */
  readonly waitMs: number | null;
  readonly openingsInARow: number | null;
  readonly rules: Rules;
  readonly lastTransition: Past | null;
  readonly history: readonly Past[];
  toString(): string;
}

/** The core's JSON and its lines, in this language's words. @internal */
export function readExplanation(text: string, name: string | undefined): Explanation {
  const [json = "{}", lines = ""] = text.split("\0");
  const explanation = renamed(JSON.parse(json)) as Explanation;
  const named = name === undefined ? {} : { name };
  return Object.defineProperty({ ...explanation, ...named }, "toString", { value: () => lines });
}

/** Names in camelCase, nanoseconds as milliseconds, millionths as parts. */
function renamed(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(renamed);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const [, stem = key, unit] = /^(.*?)(_ns|_ppm)?$/.exec(key) ?? [];
      const name = stem.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const scaled = typeof inner === "number" && unit !== undefined ? inner / 1e6 : renamed(inner);
      return [unit === "_ns" ? `${name}Ms` : name, scaled];
    }),
  );
}
