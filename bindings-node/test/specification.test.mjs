// What the specification asks of the TypeScript API, name by name.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CircuitBreaker, CircuitBreakerError } from "@k1s0/circuit-breaker";

const config = { failureThreshold: 2, successThreshold: 1, timeoutMs: 1000 };

function breaker() {
  let now = 0;
  const cb = new CircuitBreaker(config, { clock: () => now });
  return { cb, advance: (ms) => (now += ms) };
}

test("a closed breaker calls, and answers what the function does", async () => {
  const { cb } = breaker();
  assert.equal(await cb.call(async () => 5), 5);
  assert.equal(cb.state, "closed");
  assert.equal(cb.isOpen(), false);
});

test("failures in a row open it, and then nothing is called", async () => {
  const { cb } = breaker();
  const error = new Error("unreachable");
  for (let call = 0; call < 2; call += 1) {
    await assert.rejects(cb.call(() => Promise.reject(error)), (caught) => caught === error);
  }
  assert.equal(cb.state, "open");
  assert.equal(cb.isOpen(), true);
  let called = false;
  await assert.rejects(
    cb.call(async () => (called = true)),
    CircuitBreakerError,
  );
  assert.equal(called, false);
});

test("after the wait it is half-open, and a success closes it", async () => {
  const { cb, advance } = breaker();
  cb.recordFailure();
  cb.recordFailure();
  advance(1000);
  assert.equal(cb.state, "half-open");
  assert.equal(cb.isOpen(), false);
  assert.equal(await cb.call(async () => "well"), "well");
  assert.equal(cb.state, "closed");
});

test("a success between failures keeps it closed", () => {
  const { cb } = breaker();
  cb.recordFailure();
  cb.recordSuccess();
  cb.recordFailure();
  assert.equal(cb.state, "closed");
});

test("metrics", async () => {
  const { cb } = breaker();
  assert.equal(cb.metrics().state, "Closed");
  await cb.call(async () => 1);
  await cb.call(async () => assert.fail()).catch(() => {});
  const { successCount, failureCount, state, successRate } = cb.metrics();
  assert.deepEqual(
    { successCount, failureCount, state, successRate },
    { successCount: 1, failureCount: 1, state: "Closed", successRate: 0.5 },
  );
  cb.trip();
  assert.equal(cb.metrics().state, "Open");
});

test("the error is made without arguments", () => {
  const error = new CircuitBreakerError();
  assert.ok(error instanceof Error);
  assert.equal(error.name, "CircuitBreakerError");
  assert.equal(error.message, "circuit breaker is open");
});

test("a breaker of no configuration opens at 5, waits 30 s, and closes at 3", () => {
  let now = 0;
  const cb = new CircuitBreaker(undefined, { clock: () => now });
  for (let failure = 0; failure < 5; failure += 1) {
    assert.equal(cb.state, "closed");
    cb.recordFailure();
  }
  now += 29_999;
  assert.equal(cb.state, "open");
  now += 1;
  for (let success = 0; success < 3; success += 1) {
    assert.equal(cb.state, "half-open");
    cb.callSync(() => {});
  }
  assert.equal(cb.state, "closed");
});
