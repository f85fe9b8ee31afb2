// Configurations that are refused, and what a breaker has besides.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  CircuitBreaker,
  CircuitBreakerConfigError,
  CircuitBreakerConfigTypeError,
  CircuitBreakerRegistry,
} from "@k1s0/circuit-breaker";

const refused = (config, Kind, field, range) =>
  assert.throws(
    () => new CircuitBreaker(config),
    (error) => {
      assert.ok(error instanceof Kind);
      assert.equal(error.code, "ERR_CIRCUIT_CONFIG");
      assert.equal(error.field, field);
      assert.ok(Object.is(error.value, config[field]));
      assert.equal(error.range, range);
      assert.ok(error.message.startsWith(`${field} is `), error.message);
      assert.ok(error.message.endsWith(`; it must be ${range}`), error.message);
      return true;
    },
  );

test("counts that are none", () => {
  for (const value of [0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 32]) {
    refused(
      { failureThreshold: value },
      CircuitBreakerConfigError,
      "failureThreshold",
      "1 to 4294967295",
    );
    refused({ windowCalls: value === 2 ** 32 ? 65_537 : value }, RangeError, "windowCalls", "1 to 65536");
  }
  for (const value of ["5", 5n, null, {}, true, () => 5]) {
    refused(
      { failureThreshold: value },
      CircuitBreakerConfigTypeError,
      "failureThreshold",
      "a number",
    );
  }
});

test("times that are none", () => {
  for (const value of [-1, NaN, -Infinity]) {
    refused({ timeoutMs: value }, RangeError, "timeoutMs", "0 or more");
  }
  for (const value of ["5", 5n, null]) {
    refused({ timeoutMs: value }, TypeError, "timeoutMs", "a number of milliseconds");
  }
  refused({ probeTimeoutMs: 0.5 }, RangeError, "probeTimeoutMs", "1ms or more");
  refused({ windowTimeMs: Infinity }, RangeError, "windowTimeMs", "10ms to 24h");
});

test("fractions, flags and seeds that are none", () => {
  for (const value of [0, -0.5, 1.5, NaN, Infinity]) {
    refused({ failureRate: value }, RangeError, "failureRate", "more than 0, at most 1");
  }
  refused({ failureRate: "0.5" }, TypeError, "failureRate", "a number");
  refused({ shadow: 1 }, TypeError, "shadow", "true or false");
  for (const value of [-1, 1.5, 2 ** 60, NaN, -1n, 2n ** 64n]) {
    refused({ jitterSeed: value }, RangeError, "jitterSeed", "a whole number of 64 bits");
  }
  refused({ jitterSeed: "7" }, TypeError, "jitterSeed", "a whole number of 64 bits");
});

test("what there is no field for, and what is no configuration", () => {
  const range = "left out: there is no such field";
  refused({ timeout: 5 }, TypeError, "timeout", range);
  refused({ toString: 5 }, TypeError, "toString", range);
  for (const config of [5, "x", null]) {
    assert.throws(() => new CircuitBreaker(config), CircuitBreakerConfigTypeError);
  }
});

test("a refused configuration leaves nothing behind for the next one", () => {
  assert.throws(() => new CircuitBreaker({ failureThreshold: 1, successThreshold: 0 }));
  const cb = new CircuitBreaker();
  cb.recordFailure();
  assert.equal(cb.state, "closed");
});

test("undefined is left out; never is Infinity", () => {
  const cb = new CircuitBreaker(
    { failureThreshold: undefined, timeoutMs: Infinity },
    { clock: () => 1e15 },
  );
  cb.trip();
  assert.equal(cb.metrics().remainingWaitMs, undefined);
  assert.equal(cb.state, "open");
});

test("the jitter of two breakers differs, unless the seed is the same", () => {
  const wait = (config) => {
    const cb = new CircuitBreaker({ jitter: 1, timeoutMs: 1e9, ...config }, { clock: () => 0 });
    cb.trip();
    return cb.metrics().remainingWaitMs;
  };
  assert.notEqual(wait({}), wait({}));
  assert.equal(wait({ jitterSeed: 7 }), wait({ jitterSeed: 7n }));
});

test("a registry makes each breaker once", () => {
  const registry = new CircuitBreakerRegistry({ failureThreshold: 1 }, { clock: () => 0 });
  const payments = registry.get("payments");
  assert.equal(payments.name, "payments");
  assert.equal(registry.get("payments"), payments);
  payments.recordFailure();
  assert.equal(registry.get("search", { failureThreshold: 3 }).state, "closed");
  assert.deepEqual(
    [...registry].map(([name, { state }]) => [name, state]),
    [
      ["payments", "open"],
      ["search", "closed"],
    ],
  );
  assert.equal(registry.size, 2);
  assert.equal(registry.delete("search"), true);
  assert.equal(registry.has("search"), false);
  assert.throws(() => new CircuitBreakerRegistry({ failureThreshold: 0 }), RangeError);
});
