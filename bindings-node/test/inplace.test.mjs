// What JavaScript reads and counts in the addon's memory by itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import { backend, CircuitBreaker } from "@k1s0/circuit-breaker";

const { core } = await import(new URL("./core.js", import.meta.resolve("@k1s0/circuit-breaker")));
const seen = process.env.K1S0_CIRCUIT_BREAKER_BACKEND !== "native-calls" && backend === "native";
const inPlace = (name, body) => seen && test(name, body);

/** A breaker, and its number in the core: places are given out again, the last one first. */
function numbered(config) {
  const number = core.create();
  core.free(number);
  return [new CircuitBreaker(config), number];
}

function views(number) {
  core.places(number);
  const [, word, , count] = new BigUint64Array(core.memory, core.answer(), 4);
  return {
    word: () => new Int32Array(core.words(number))[Number(word)],
    counts: new Int32Array(core.counters(number)),
    count: Number(count),
  };
}

inPlace("a healthy call leaves the addon alone", async () => {
  const [cb, number] = numbered();
  await cb.call(async () => 1);
  const { counts, count } = views(number);
  const before = counts[count];
  // What the registers hold is what the last call into the addon left there.
  const registers = new Int32Array(core.memory, core.registers(), 1);
  registers[0] = 12345;
  for (let call = 0; call < 1000; call += 1) {
    await cb.call(async () => call);
    cb.callSync(() => call);
    cb.acquire().success();
  }
  assert.equal(registers[0], 12345);
  assert.equal(counts[count] - before, 3000);
  assert.equal(cb.metrics().successCount, 3001);
});

inPlace("the word says when to ask", async () => {
  const [cb, number] = numbered({ failureThreshold: 2 });
  const { word } = views(number);
  assert.equal(word() & 1, 0);
  cb.recordFailure();
  assert.equal(word() & 1, 1);
  await cb.call(async () => 1);
  assert.equal(word() & 1, 0);
  cb.trip();
  assert.equal(word() & 1, 1);
});

inPlace("a count beyond 32 bits is carried", async () => {
  const [cb, number] = numbered();
  cb.callSync(() => 1);
  const { counts, count } = views(number);
  counts[count] = -1;
  for (let call = 0; call < 3; call += 1) {
    await cb.call(async () => call);
  }
  assert.equal(cb.metrics().successCount, 2 ** 32 + 2);
});

inPlace("with a window, too", async () => {
  const cb = new CircuitBreaker({ failureThreshold: "off", failureRate: 0.5, minimumCalls: 10 });
  for (let call = 0; call < 50; call += 1) {
    await cb.call(async () => call);
  }
  const fails = async () => assert.fail("down");
  for (let call = 0; call < 49; call += 1) {
    await assert.rejects(cb.call(fails));
  }
  const { windowCalls, windowFailures, state } = cb.metrics();
  assert.deepEqual([windowCalls, windowFailures, state], [99, 49, "Closed"]);
  await assert.rejects(cb.call(fails));
  assert.equal(cb.state, "open");
});
