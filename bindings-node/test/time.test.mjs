// Where the time comes from: production's clock, fake timers, a clock of one's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { CircuitBreaker } from "@k1s0/circuit-breaker";
import FakeTimers from "@sinonjs/fake-timers";

const config = { failureThreshold: 1, timeoutMs: 60 };

/** Opened a moment ago, in real time. */
function opened(timeoutMs = 60) {
  const cb = new CircuitBreaker({ ...config, timeoutMs });
  cb.recordFailure();
  assert.equal(cb.state, "open");
  return cb;
}

// Vitest and Jest fake time with this library, and leave the date where it is.
for (const [name, toFake] of Object.entries({
  everything: undefined,
  "the date only": ["Date"],
  "all but performance": ["Date", "setTimeout", "clearTimeout", "setInterval", "hrtime"],
})) {
  test(`opened before ${name} was faked, half-open after advancing`, () => {
    for (let round = 0; round < 20; round += 1) {
      // Real time goes on until the clock is faked; a minute of it will not.
      const cb = opened(60_000);
      const clock = FakeTimers.install({ now: Date.now(), ...(toFake && { toFake }) });
      try {
        clock.tick(1);
        assert.equal(cb.state, "open");
        clock.tick(59_999);
        assert.equal(cb.state, "half-open");
      } finally {
        clock.uninstall();
      }
    }
  });

  test(`opened while ${name} was faked, half-open exactly after the wait`, () => {
    const clock = FakeTimers.install({ now: Date.now(), ...(toFake && { toFake }) });
    try {
      const cb = opened();
      clock.tick(59);
      assert.equal(cb.state, "open");
      clock.tick(1);
      assert.equal(cb.state, "half-open");
    } finally {
      clock.uninstall();
    }
  });
}

test("node:test's mock timers, opened before", (context) => {
  const cb = opened();
  context.mock.timers.enable({ apis: ["Date", "setTimeout"] });
  context.mock.timers.tick(59);
  assert.equal(cb.state, "open");
  context.mock.timers.tick(1);
  assert.equal(cb.state, "half-open");
});

test("node:test's mock timers, opened meanwhile, at any date", (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: new Date("1999-12-31T23:59:59Z") });
  const cb = opened();
  context.mock.timers.tick(59);
  assert.equal(cb.state, "open");
  context.mock.timers.tick(1);
  assert.equal(cb.state, "half-open");
});

test("after the fakes are gone, real time goes on", async () => {
  const clock = FakeTimers.install({ now: Date.now() });
  const cb = opened();
  clock.tick(10);
  clock.uninstall();
  await sleep(70);
  assert.equal(cb.state, "half-open");
});

test("a clock of one's own, in milliseconds or in nanoseconds", () => {
  for (const unit of [1, 1_000_000n]) {
    let now = 1;
    const clock = () => (typeof unit === "bigint" ? BigInt(now) * unit : now);
    const cb = new CircuitBreaker(config, { clock });
    cb.recordFailure();
    now = 60;
    assert.equal(cb.state, "open");
    now = 61;
    assert.equal(cb.state, "half-open");
  }
});

test("readings that are none count as 0, and end nothing", () => {
  let now = 5;
  const cb = new CircuitBreaker(config, { clock: () => now });
  cb.recordFailure();
  for (const reading of [NaN, -1, -1n, undefined]) {
    now = reading;
    assert.equal(cb.state, "open");
  }
  now = Infinity;
  assert.equal(cb.state, "half-open");
});

test("a clock that throws costs its caller the call, and nothing else", async () => {
  let broken = false;
  const clock = () => (broken ? assert.fail("no time") : 0);
  const cb = new CircuitBreaker(config, { clock });
  cb.recordFailure();
  broken = true;
  await assert.rejects(cb.call(assert.fail), /no time/);
  broken = false;
  assert.equal(cb.state, "open");
});

test("a closed breaker reads no clock", async () => {
  const cb = new CircuitBreaker({}, { clock: assert.fail });
  await cb.call(async () => 1);
  await cb.call(() => Promise.reject(new Error())).catch(() => {});
  assert.equal(cb.state, "closed");
});
