// The breakers, each set up so that nothing trips while healthy calls are measured.

import { CircuitBreaker } from "@k1s0/circuit-breaker";
import * as cockatiel from "cockatiel";
import Opossum from "opossum";

const work = async () => 1;

const ours = (config) => {
  const breaker = new CircuitBreaker(config);
  return { open: () => breaker.trip(), call: () => breaker.call(work) };
};

const theirs = (breaker) => {
  const policy = cockatiel.circuitBreaker(cockatiel.handleAll, {
    halfOpenAfter: 600_000,
    breaker,
  });
  return { open: () => policy.isolate(), call: () => policy.execute(work) };
};

const opossum = (options) => {
  const breaker = new Opossum(work, { resetTimeout: 600_000, ...options });
  return { open: () => breaker.open(), call: () => breaker.fire() };
};

const wait = { timeoutMs: 600_000 };
const byRate = { ...wait, failureThreshold: "off", failureRate: 0.5 };

/** Name, and how to make it. The first is what the others are measured against. */
export const CASES = {
  "bare await": () => ({ call: work }),
  "k1s0, failures in a row": () => ours({ ...wait, failureThreshold: 5 }),
  "k1s0, last 100 calls": () => ours(byRate),
  "k1s0, last 10 s": () => ours({ ...byRate, windowTimeMs: 10_000 }),
  "k1s0, last 100 calls, slow calls": () => ours({ ...byRate, slowCallDurationMs: 1000 }),
  "cockatiel ConsecutiveBreaker": () => theirs(new cockatiel.ConsecutiveBreaker(5)),
  "cockatiel CountBreaker(100)": () =>
    theirs(new cockatiel.CountBreaker({ threshold: 0.5, size: 100 })),
  "cockatiel SamplingBreaker(10 s)": () =>
    theirs(new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 10_000 })),
  "opossum, timeout: false": () => opossum({ timeout: false }),
  "opossum, as it comes": () => opossum({}),
};

/** What is measured of rejections. The bare one makes an error with a stack. */
export const REJECTING = {
  "bare async function that throws": () => ({
    call: async () => {
      throw new Error("circuit breaker is open");
    },
  }),
  "k1s0": CASES["k1s0, failures in a row"],
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
