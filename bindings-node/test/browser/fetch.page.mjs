// A guarded `fetch`, which is the browser's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CircuitBreaker, CircuitBreakerError, CircuitBreakerRegistry } from "@k1s0/circuit-breaker";
import { guardFetch } from "@k1s0/circuit-breaker/fetch";

function counts(breaker) {
  const { successCount, failureCount, ignoredCount, cancelledCount } = breaker.metrics();
  return [successCount, failureCount, ignoredCount, cancelledCount];
}

test("statuses, Retry-After, and a rejection; a relative URL is the page's", async () => {
  const breaker = new CircuitBreaker({ failureThreshold: 1, timeoutMs: 1000 });
  const guarded = guardFetch(breaker);
  assert.equal(await (await guarded("/sick/status/404")).text(), "said");
  assert.equal((await guarded("/sick/asked/503/120")).status, 503);
  const rejected = await guarded("/sick/status/200").catch((error) => error);
  assert.ok(rejected instanceof CircuitBreakerError);
  assert.ok(rejected.retryAfterMs > 100_000, `${rejected.retryAfterMs}`);
  assert.deepEqual(counts(breaker), [1, 1, 0, 0]);
});

test("broken connections, aborts, timeouts, and what cannot be sent", async () => {
  const breaker = new CircuitBreaker();
  const guarded = guardFetch(breaker);
  await assert.rejects(guarded("/sick/reset", { method: "POST" }), TypeError);
  assert.deepEqual(counts(breaker), [0, 1, 0, 0]);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 30);
  await assert.rejects(guarded("/sick/hang", { signal: controller.signal }), { name: "AbortError" });
  await assert.rejects(guarded(new Request("/sick/hang", { signal: AbortSignal.timeout(30) })), {
    name: "TimeoutError",
  });
  assert.deepEqual(counts(breaker), [0, 2, 0, 1]);
  await assert.rejects(guarded("/sick/status/200", { headers: { "bad header": "x" } }), TypeError);
  assert.deepEqual(counts(breaker), [0, 2, 1, 1]);
});

test("a registry has a breaker for each origin", async () => {
  const registry = new CircuitBreakerRegistry();
  await guardFetch(registry)("/sick/status/200");
  assert.deepEqual([...registry].map(([name]) => name), [location.origin]);
});
