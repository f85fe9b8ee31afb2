// Why a breaker is as it is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CircuitBreaker } from "@k1s0/circuit-breaker";

import { read } from "./conformance/suite.mjs";

test("what it waits for, in words and in numbers", () => {
  let now = 0;
  const cb = new CircuitBreaker({ failureThreshold: 2 }, { name: "users", clock: () => now });
  cb.recordFailure();
  assert.deepEqual(cb.explain().needs, [
    { kind: "failures", more: 1, text: cb.explain().needs[0].text },
  ]);
  cb.recordFailure();
  now = 12_000.5;
  const explanation = cb.explain();
  assert.equal(explanation.name, "users");
  assert.equal(explanation.state, "Open");
  assert.equal(explanation.wouldReject, "open");
  assert.equal(explanation.remainingWaitMs, 17_999.5);
  assert.deepEqual(
    explanation.needs.map(({ kind, leftMs, more }) => [kind, leftMs, more]),
    [
      ["wait", 17_999.5, undefined],
      ["probes", undefined, 3],
    ],
  );
  const { reason, agoMs, consecutiveFailures } = explanation.lastTransition;
  assert.deepEqual([reason, agoMs, consecutiveFailures], ["failure_threshold", 12_000.5, 2]);
  assert.match(String(explanation), /is Open, epoch 2\na call now is rejected \(open\)\n/);
});

test("rates, and what is forced", () => {
  const cb = new CircuitBreaker({ failureRate: 0.25, windowTimeMs: 1000 }, { clock: () => 0 });
  cb.callSync(() => {});
  const rate = cb.explain().needs.find(({ kind }) => kind === "failure_rate");
  const { calls, count, opensAt, minimumCalls } = rate;
  assert.deepEqual([calls, count, opensAt, minimumCalls], [1, 0, 0.25, 20]);
  assert.deepEqual(cb.explain().rules.window, { bucketMs: 100, buckets: 10 });
  cb.forceOpen();
  assert.deepEqual(
    cb.explain().needs.map(({ kind, underneath }) => [kind, underneath]),
    [["hand", "Closed"]],
  );
});

test("the defaults are those of every language", () => {
  const { defaults } = read("constants.json");
  // The rates are on, so that what belongs to them is said.
  const rules = new CircuitBreaker({ failureRate: 0.5, slowCallDurationMs: 1 }).explain().rules;
  const { failureRate, slowCallDurationMs } = new CircuitBreaker().explain().rules;
  const found = { ...rules, failureRate, slowCallDurationMs };
  for (const [name, expected] of Object.entries(defaults)) {
    if (name === "window_calls") {
      assert.deepEqual(found.window, { calls: expected });
    } else if (name !== "exceptions" && name !== "window_buckets") {
      assert.equal(found[name.replace(/_ms$/, "Ms").replace(/_([a-z])/g, (_, it) => it.toUpperCase())], expected, name);
    }
  }
  const window = new CircuitBreaker({ failureRate: 0.5, windowTimeMs: 1000 }).explain().rules.window;
  assert.equal(window.buckets, defaults.window_buckets);
});
