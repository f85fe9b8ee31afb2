// The guarded calls: what goes in, what comes out, what they count as.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CircuitBreaker, CircuitBreakerError } from "@k1s0/circuit-breaker";

/** This file, whatever a bundler has called it. */
const HERE = new RegExp(new URL(import.meta.url).pathname.split("/").at(-1));

test("whatever a function does comes as a promise", async () => {
  const cb = new CircuitBreaker();
  assert.equal(await cb.call(() => 1), 1);
  assert.equal(await cb.call(() => ({ then: (resolve) => resolve(2) })), 2);
  const thrown = new Error("at once");
  await assert.rejects(
    cb.call(() => {
      throw thrown;
    }),
    (error) => error === thrown,
  );
  await assert.rejects(cb.call(() => ({ then: (_, reject) => reject(thrown) })), thrown);
  await assert.rejects(cb.call(() => Promise.reject(undefined)), (error) => error === undefined);
  const { successCount, failureCount } = cb.metrics();
  assert.deepEqual([successCount, failureCount], [2, 3]);
});

test("a rejection comes as a rejected promise, with everything a caller wants to know", async () => {
  let now = 0;
  const cb = new CircuitBreaker({ timeoutMs: 500 }, { name: "payments", clock: () => now });
  cb.trip();
  now = 100;
  await assert.rejects(cb.call(assert.fail), (error) => {
    assert.ok(error instanceof CircuitBreakerError);
    assert.equal(error.code, "ERR_CIRCUIT_OPEN");
    assert.equal(error.reason, "open");
    assert.equal(error.retryAfterMs, 400);
    assert.equal(error.breaker, "payments");
    assert.match(error.stack, HERE);
    return true;
  });
});

test("who finds the probes out is rejected without a time to come back", async () => {
  let now = 0;
  const cb = new CircuitBreaker({ timeoutMs: 10 }, { clock: () => now });
  cb.trip();
  now = 10;
  const probe = cb.acquire();
  await assert.rejects(cb.call(assert.fail), { reason: "half_open", retryAfterMs: undefined });
  probe.success();
  cb.forceOpen();
  await assert.rejects(cb.call(assert.fail), { reason: "forced_open", retryAfterMs: undefined });
});

test("callSync throws what the function throws", () => {
  const cb = new CircuitBreaker({ failureThreshold: 1 });
  assert.equal(cb.callSync(() => "so"), "so");
  assert.throws(() => cb.callSync(() => assert.fail("no")), /no/);
  assert.throws(() => cb.callSync(assert.fail), CircuitBreakerError);
});

test("wrap keeps this, arguments, name and length", async () => {
  const cb = new CircuitBreaker();
  const client = {
    base: 10,
    get: cb.wrap(async function get(one, two) {
      return this.base + one + two;
    }),
    add: cb.wrapSync(function add(one) {
      return this.base + one;
    }),
  };
  assert.equal(await client.get(1, 2), 13);
  assert.equal(client.add(5), 15);
  assert.deepEqual([client.get.name, client.get.length], ["get", 2]);
  assert.deepEqual([client.add.name, client.add.length], ["add", 1]);
});

test("a late result counts nowhere", async () => {
  const cb = new CircuitBreaker({ failureThreshold: 1 });
  let finish;
  const late = cb.call(() => new Promise((resolve) => (finish = resolve)));
  cb.trip();
  cb.reset();
  finish("late");
  assert.equal(await late, "late");
  const { successCount, staleCount } = cb.metrics();
  assert.deepEqual([successCount, staleCount], [0, 1]);
});

test("calls of two epochs, each with its own", async () => {
  const cb = new CircuitBreaker();
  const ends = [];
  const start = () => cb.call(() => new Promise((resolve) => ends.push(resolve)));
  const first = start();
  cb.reset();
  const second = start();
  const third = start();
  ends.forEach((end) => end());
  await Promise.all([first, second, third]);
  const { successCount, staleCount } = cb.metrics();
  assert.deepEqual([successCount, staleCount], [2, 1]);
});

test("a classifier says what errors and results count as", async () => {
  class NotFound extends Error {}
  const cb = new CircuitBreaker(
    { failureThreshold: 1, maxTimeoutMs: 60_000, timeoutMs: 1000 },
    {
      clock: () => 0,
      classifyError: (error) => (error instanceof NotFound ? "ignored" : undefined),
      classifyResult: (response) =>
        response?.status === 503 ? { outcome: "failure", retryAfterMs: 5000 } : undefined,
    },
  );
  await assert.rejects(cb.call(() => Promise.reject(new NotFound())), NotFound);
  await cb.call(async () => ({ status: 200 }));
  assert.equal(cb.state, "closed");
  const response = await cb.call(async () => ({ status: 503 }));
  assert.equal(response.status, 503);
  await assert.rejects(cb.call(assert.fail), { retryAfterMs: 5000 });
  const { ignoredCount, successCount, failureCount } = cb.metrics();
  assert.deepEqual([ignoredCount, successCount, failureCount], [1, 1, 1]);
});

test("a classifier that throws, or says what is no outcome, makes a failure of the call", async () => {
  for (const classifyError of [() => assert.fail("bug"), () => "bug"]) {
    const cb = new CircuitBreaker({ failureThreshold: 1 }, { classifyError });
    await assert.rejects(cb.call(() => Promise.reject(new Error("down"))), /bug/);
    assert.equal(cb.state, "open");
  }
});

test("shadow mode rejects nothing, and counts what it would", async () => {
  const cb = new CircuitBreaker({ shadow: true });
  cb.forceOpen();
  assert.equal(await cb.call(async () => 1), 1);
  assert.equal(cb.callSync(() => 2), 2);
  assert.equal(cb.metrics().wouldRejectByReason.forced_open, 2);
  cb.automatic();
  cb.trip();
  assert.equal(await cb.call(async () => 3), 3);
  assert.equal(cb.state, "open");
  assert.equal(cb.metrics().wouldRejectByReason.open, 1);
});

test("a rejection's stack is its caller's, and can be left out", async () => {
  const options = { failureThreshold: 1, timeoutMs: 60_000 };
  async function asksHere(cb) {
    return await cb.call(async () => assert.fail("called"));
  }
  const limit = Error.stackTraceLimit;
  for (const [stackTraces, has] of [
    [undefined, true],
    [true, true],
    [false, false],
  ]) {
    const cb = new CircuitBreaker(options, { stackTraces, name: "users" });
    cb.trip();
    const errors = [await asksHere(cb).catch((error) => error)];
    for (const ask of [() => cb.callSync(() => 1), () => cb.acquire()]) {
      assert.throws(ask, (error) => errors.push(error) > 0);
    }
    for (const error of errors) {
      assert.ok(error instanceof CircuitBreakerError && error instanceof Error);
      assert.equal(Object.prototype.toString.call(error), "[object Error]");
      assert.equal(String(error), "CircuitBreakerError: circuit breaker is open");
      assert.deepEqual([error.code, error.reason, error.breaker], ["ERR_CIRCUIT_OPEN", "open", "users"]);
      assert.ok(error.retryAfterMs > 0);
      const [first, ...frames] = error.stack.split("\n");
      assert.equal(first, "CircuitBreakerError: circuit breaker is open");
      assert.equal(frames.length > 0, has);
    }
    assert.equal(/asksHere/.test(errors[0].stack), has);
    assert.equal(Error.stackTraceLimit, limit);
  }
});
