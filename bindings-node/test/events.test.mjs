// Listeners.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CircuitBreaker } from "@k1s0/circuit-breaker";

test("each change is told, by its state and as a transition", () => {
  let now = 0;
  const config = { failureThreshold: 1, successThreshold: 1, timeoutMs: 10 };
  const cb = new CircuitBreaker(config, { name: "search", clock: () => now });
  const told = [];
  for (const event of ["open", "halfOpen", "close", "transition"]) {
    cb.on(event, (transition) => told.push([event, transition.reason, transition.epoch]));
  }
  cb.recordFailure();
  now = 10;
  cb.callSync(() => {});
  cb.reset();
  assert.deepEqual(told, [
    ["open", "failure_threshold", 2],
    ["transition", "failure_threshold", 2],
    ["halfOpen", "timeout_elapsed", 3],
    ["transition", "timeout_elapsed", 3],
    ["close", "success_threshold", 4],
    ["transition", "success_threshold", 4],
    ["transition", "reset", 5],
  ]);
  const [opened] = cb.recentTransitions();
  assert.deepEqual(
    { ...opened },
    {
      breaker: "search",
      from: "closed",
      to: "open",
      epoch: 2,
      reason: "failure_threshold",
      atMs: 0,
      consecutiveFailures: 1,
      successfulProbes: 0,
      windowCalls: 0,
      windowFailures: 0,
      windowSlow: 0,
    },
  );
});

test("a listener may use the breaker; what it does is told after", () => {
  const cb = new CircuitBreaker();
  const told = [];
  cb.on("open", () => cb.reset());
  cb.on("transition", ({ epoch }) => told.push(epoch));
  cb.trip();
  assert.deepEqual(told, [2, 3]);
  assert.equal(cb.state, "closed");
});

test("a listener that is rejected does not change what its caller hears", async () => {
  let now = 0;
  const config = { timeoutMs: 100, probeTimeoutMs: 10 };
  const cb = new CircuitBreaker(config, { clock: () => now });
  cb.trip();
  now = 100;
  cb.acquire();
  cb.on("open", () => {
    now = 150;
    assert.throws(() => cb.acquire(), { retryAfterMs: 60 });
  });
  now = 110;
  await assert.rejects(cb.call(assert.fail), { reason: "open", retryAfterMs: 100 });
});

test("a listener that throws costs nobody anything", (context) => {
  const complaint = context.mock.method(console, "error", () => {});
  const cb = new CircuitBreaker();
  const told = [];
  cb.on("transition", () => assert.fail("bug"));
  cb.on("transition", ({ to }) => told.push(to));
  cb.trip();
  assert.deepEqual(told, ["open"]);
  assert.equal(complaint.mock.callCount(), 1);
});

test("listeners can be removed", () => {
  const cb = new CircuitBreaker();
  const told = [];
  const listener = ({ epoch }) => told.push(epoch);
  const remove = cb.on("transition", listener);
  cb.reset();
  remove();
  cb.reset();
  cb.on("transition", listener);
  cb.reset();
  cb.off("transition", listener);
  cb.reset();
  assert.deepEqual(told, [2, 4]);
  assert.throws(() => cb.on("open", "no function"), TypeError);
});
