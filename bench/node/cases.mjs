// The breakers, each set up so that nothing trips while healthy calls are measured.

import { CircuitBreaker } from "@k1s0/circuit-breaker";
import * as cockatiel from "cockatiel";
import Opossum from "opossum";

const work = async () => 1;

/** What is measured: how to make a breaker, and what to do with it. */
const ours = (config, options) => ({
  make: () => new CircuitBreaker(config, options),
  open: (breaker) => breaker.trip(),
  call: (breaker) => () => breaker.call(work),
});

const theirs = (breaker) => ({
  make: () =>
    cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: 600_000, breaker: breaker() }),
  open: (policy) => policy.isolate(),
  call: (policy) => () => policy.execute(work),
});

const opossum = (options) => ({
  make: () => new Opossum(work, { resetTimeout: 600_000, ...options }),
  open: (breaker) => breaker.open(),
  call: (breaker) => () => breaker.fire(),
});

const bare = (call) => ({ make: () => undefined, open: () => {}, call: () => call });

const wait = { timeoutMs: 600_000 };
const inARow = { ...wait, failureThreshold: 5 };
const byRate = { ...wait, failureThreshold: "off", failureRate: 0.5 };

/** By name. The first is what the others are measured against. */
export const CASES = {
  "bare await": bare(work),
  "k1s0, failures in a row": ours(inARow),
  "k1s0, last 100 calls": ours(byRate),
  "k1s0, last 10 s": ours({ ...byRate, windowTimeMs: 10_000 }),
  "k1s0, last 100 calls, slow calls": ours({ ...byRate, slowCallDurationMs: 1000 }),
  "cockatiel ConsecutiveBreaker": theirs(() => new cockatiel.ConsecutiveBreaker(5)),
  "cockatiel CountBreaker(100)": theirs(
    () => new cockatiel.CountBreaker({ threshold: 0.5, size: 100 }),
  ),
  "cockatiel SamplingBreaker(10 s)": theirs(
    () => new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
  ),
  "opossum, timeout: false": opossum({ timeout: false }),
  "opossum, as it comes": opossum({}),
};

/** What is measured of rejections. The bare one makes an error with a stack. */
export const REJECTING = {
  "bare async function that throws": bare(async () => {
    throw new Error("circuit breaker is open");
  }),
  "k1s0": ours(inARow),
  "k1s0, stackTraces: false": ours(inARow, { stackTraces: false }),
  "cockatiel": CASES["cockatiel ConsecutiveBreaker"],
  "opossum": CASES["opossum, timeout: false"],
};

/** What is measured of memory. */
export const HELD = [
  "k1s0, failures in a row",
  "k1s0, last 100 calls",
  "cockatiel ConsecutiveBreaker",
  "cockatiel CountBreaker(100)",
  "opossum, as it comes",
];
