// Calls that end by an AbortSignal.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import { CircuitBreaker } from "@k1s0/circuit-breaker";

const forever = () => new Promise(() => {});

test("an abort ends the call at once, and is cancelled", async () => {
  const cb = new CircuitBreaker({ failureThreshold: 1 });
  const controller = new AbortController();
  const { signal } = controller;
  const call = cb.call(forever, { signal });
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(call, (error) => error === reason);
  assert.equal(cb.state, "closed");
  assert.equal(cb.metrics().cancelledCount, 1);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("a timeout is a failure", async () => {
  const cb = new CircuitBreaker({ failureThreshold: 1 });
  const keepAlive = setTimeout(() => {}, 10_000);
  await assert.rejects(cb.call(forever, { signal: AbortSignal.timeout(1) }), {
    name: "TimeoutError",
  });
  clearTimeout(keepAlive);
  assert.equal(cb.state, "open");
});

test("the function is given the signal, and its own end comes first", async () => {
  const cb = new CircuitBreaker();
  const controller = new AbortController();
  const options = { signal: controller.signal };
  assert.equal(await cb.call(async (signal) => signal === controller.signal, options), true);
  await assert.rejects(cb.call(async () => assert.fail("down"), options), /down/);
  assert.throws(() => {
    throw new Error("x");
  });
  await assert.rejects(
    cb.call(() => {
      throw new Error("at once");
    }, options),
    /at once/,
  );
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  controller.abort();
  const { successCount, failureCount, cancelledCount } = cb.metrics();
  assert.deepEqual([successCount, failureCount, cancelledCount], [1, 2, 0]);
});

test("nothing is called when it has aborted already, and nothing counted", async () => {
  const cb = new CircuitBreaker();
  await assert.rejects(cb.call(assert.fail, { signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
  assert.equal(cb.metrics().cancelledCount, 0);
});

test("an open breaker rejects, and leaves no listener", async () => {
  const cb = new CircuitBreaker();
  cb.trip();
  const controller = new AbortController();
  await assert.rejects(cb.call(assert.fail, { signal: controller.signal }), { reason: "open" });
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

test("probes that are aborted at any moment give their slot back", async () => {
  let now = 0;
  const cb = new CircuitBreaker({ timeoutMs: 0, halfOpenMaxCalls: 3 }, { clock: () => (now += 1) });
  cb.trip();
  for (let round = 0; round < 2000; round += 1) {
    const controller = new AbortController();
    const calls = Array.from({ length: 3 }, () =>
      cb.call(forever, { signal: controller.signal }).catch(() => {}),
    );
    if (round % 2 === 0) {
      await undefined;
    }
    assert.equal(cb.metrics().probesInFlight, 3);
    controller.abort();
    await Promise.all(calls);
    assert.equal(cb.metrics().probesInFlight, 0);
  }
  assert.equal(cb.state, "half-open");
});
