// The core's memory is given back: at once where a breaker is disposed of, and by the collector where not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { CircuitBreaker } from "@k1s0/circuit-breaker";

import { gc } from "./gc.mjs";

const { backend, core, memory } = await import(
  new URL("./core.js", import.meta.resolve("@k1s0/circuit-breaker"))
);
/** The module's memory, which only grows; of the addon the breakers in it, at what one takes at least. */
const size = () => (backend === "wasm" ? memory().byteLength : core.breakers() * 128);

/** As much as a breaker takes that has everything. */
const config = { failureRate: 0.5, windowCalls: 1000, slowCallDurationMs: 5, backoffMultiplier: 2 };

test("100,000 breakers, disposed of, take the memory of one", () => {
  const before = size();
  for (let count = 0; count < 100_000; count += 1) {
    const cb = new CircuitBreaker(config);
    cb.trip();
    cb[Symbol.dispose]();
  }
  assert.ok(size() - before <= 65_536, `${size() - before} bytes more`);
});

test("breakers that are collected give their memory back", async () => {
  const round = async () => {
    for (let count = 0; count < 2_000; count += 1) {
      new CircuitBreaker(config).trip();
    }
    for (let time = 0; time < 3; time += 1) {
      gc();
      await turn();
    }
  };
  await round();
  const before = size();
  for (let count = 0; count < 20; count += 1) {
    await round();
  }
  assert.ok(size() - before <= 2 * 65_536, `${size() - before} bytes more`);
});

test("a probe's permit that is collected gives its slot back", async () => {
  const cb = new CircuitBreaker({ timeoutMs: 0 }, { clock: () => 0 });
  cb.trip();
  (() => cb.acquire())();
  assert.equal(cb.metrics().probesInFlight, 1);
  for (let time = 0; cb.metrics().probesInFlight > 0 && time < 100; time += 1) {
    gc();
    await turn();
  }
  const { probesInFlight, cancelledCount } = cb.metrics();
  assert.deepEqual([probesInFlight, cancelledCount], [0, 1]);
});

test("a breaker whose call is pending is not collected, and one that is disposed of harms nothing", async () => {
  let finish;
  const call = new CircuitBreaker().call(() => new Promise((resolve) => (finish = resolve)));
  gc();
  await turn();
  finish(5);
  assert.equal(await call, 5);

  const cb = new CircuitBreaker();
  const permit = cb.acquire();
  const pending = cb.call(() => new Promise((resolve) => (finish = resolve)));
  cb[Symbol.dispose]();
  cb[Symbol.dispose]();
  finish(6);
  assert.equal(await pending, 6);
  assert.equal(permit.success(), "already_settled");
  assert.throws(() => cb.state, /disposed/);
  await assert.rejects(
    cb.call(async () => 7),
    /disposed/,
  );
});
