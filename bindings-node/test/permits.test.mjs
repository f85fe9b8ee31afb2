// The two-step call.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CircuitBreaker, CircuitBreakerError } from "@k1s0/circuit-breaker";

test("a permit is settled once", () => {
  const cb = new CircuitBreaker();
  const permit = cb.acquire();
  assert.equal(permit.settled, false);
  assert.equal(permit.success(), "applied");
  assert.equal(permit.settled, true);
  assert.equal(permit.failure(), "already_settled");
  permit[Symbol.dispose]();
  const { successCount, failureCount, cancelledCount } = cb.metrics();
  assert.deepEqual([successCount, failureCount, cancelledCount], [1, 0, 0]);
});

test("disposed of without a result, it is cancelled", () => {
  const cb = new CircuitBreaker();
  cb.acquire()[Symbol.dispose]();
  assert.equal(cb.metrics().cancelledCount, 1);
});

test("a permit of another epoch is stale", () => {
  const cb = new CircuitBreaker();
  const permit = cb.acquire();
  cb.reset();
  assert.equal(permit.settle("failure"), "stale");
});

test("tryAcquire answers null where acquire throws", () => {
  const cb = new CircuitBreaker();
  assert.equal(cb.tryAcquire()?.ignore(), "applied");
  cb.forceOpen();
  assert.equal(cb.tryAcquire(), null);
  assert.throws(() => cb.acquire(), CircuitBreakerError);
  assert.equal(cb.metrics().rejectedByReason.forced_open, 2);
});

test("a server may ask for a longer wait", () => {
  const cb = new CircuitBreaker({ failureThreshold: 1, timeoutMs: 1000 }, { clock: () => 0 });
  assert.equal(cb.acquire().failure({ retryAfterMs: 7000 }), "applied");
  assert.equal(cb.metrics().remainingWaitMs, 7000);
});

test("what is no outcome or no time is refused, and the permit still good", () => {
  const cb = new CircuitBreaker();
  const permit = cb.acquire();
  assert.throws(() => permit.settle("fine"), TypeError);
  assert.throws(() => permit.failure({ retryAfterMs: "soon" }), TypeError);
  assert.throws(() => permit.failure({ retryAfterMs: -1 }), RangeError);
  assert.equal(permit.success(), "applied");
});
