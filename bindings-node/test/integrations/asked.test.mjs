// For how long a server asks not to be called: what core reads out of its words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CircuitBreaker, grpcRetryPushbackMs, retryAfterMs } from "@k1s0/circuit-breaker";

const DATE = "Sun, 06 Nov 1994 08:49:37 GMT";

test("seconds, where the status is 429 or 503", () => {
  for (const [status, asked] of [[429, 120_000], [503, 120_000], [500, undefined], [200, undefined]]) {
    assert.equal(retryAfterMs(status, "120"), asked, `${status}`);
  }
  assert.equal(retryAfterMs(503, " 0 "), 0);
  assert.equal(retryAfterMs(65_536 + 503, "120"), undefined);
});

test("a date, against the response's own", () => {
  for (const until of [
    "Sun, 06 Nov 1994 08:50:37 GMT",
    "Sunday, 06-Nov-94 08:50:37 GMT",
    "Sun Nov  6 08:50:37 1994",
  ]) {
    assert.equal(retryAfterMs(503, until, DATE), 60_000, until);
  }
  // It has passed, or nobody knows when it is.
  assert.equal(retryAfterMs(503, "Sun, 06 Nov 1994 08:48:37 GMT", DATE), undefined);
  assert.equal(retryAfterMs(503, "Sun, 06 Nov 1994 08:50:37 GMT"), undefined);
  assert.equal(retryAfterMs(503, "Sun, 06 Nov 1994 08:50:37 GMT", "yesterday"), undefined);
});

test("what is neither asks for nothing", () => {
  for (const value of [null, undefined, "", "soon", "-1", "1.5", "１２", "\0", "Ä".repeat(10_000)]) {
    assert.equal(retryAfterMs(503, value, DATE), undefined, value);
  }
  assert.throws(() => retryAfterMs(503, 120), /^TypeError: retryAfter is number; it must be a string$/);
  assert.throws(() => retryAfterMs(503, "1", new Date()), /^TypeError: date is object;/);
});

test("more than 64 bits is for ever", () => {
  assert.equal(retryAfterMs(503, "9".repeat(30)), Infinity);
  assert.equal(grpcRetryPushbackMs("18446744073709551615"), Infinity);
});

test("gRPC's pushback", () => {
  assert.equal(grpcRetryPushbackMs("1500"), 1500);
  for (const value of ["-1", "", "soon", null, undefined]) {
    assert.equal(grpcRetryPushbackMs(value), undefined);
  }
  assert.throws(() => grpcRetryPushbackMs(5), TypeError);
});

test("it makes the wait that long, up to the longest", () => {
  const opened = (asked) => {
    const config = { failureThreshold: 1, timeoutMs: 1000, maxTimeoutMs: 60_000 };
    const breaker = new CircuitBreaker(config, { clock: () => 0 });
    breaker.acquire().failure({ retryAfterMs: retryAfterMs(503, asked) });
    return breaker.metrics().remainingWaitMs;
  };
  assert.equal(opened("30"), 30_000);
  assert.equal(opened("3600"), 60_000);
  assert.equal(opened("9".repeat(30)), 60_000);
  assert.equal(opened("0"), 1000);
});
