// What must hold however often it happens. `cargo xtask soak node` sets K1S0_CB_SCALE to 50: 1,000 workers, 100,000
// aborts, 1,000,000 breakers.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { backend, CircuitBreaker } from "@k1s0/circuit-breaker";

import { randoms } from "./randoms.mjs";

const SCALE = Number(process.env.K1S0_CB_SCALE ?? 1);
const { core } = await import(new URL("./core.js", import.meta.resolve("@k1s0/circuit-breaker")));

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

/** A program of its own, which must end by itself, with 0 and without a word of complaint. */
function runs(...words) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, words, {
    encoding: "utf8",
    cwd: import.meta.dirname,
  });
  assert.deepEqual([status, signal, stderr], [0, null, ""]);
  return stdout;
}

test(`${20 * SCALE} workers, terminated in the middle of calls`, () => {
  assert.equal(runs("terminated.mjs", `${20 * SCALE}`), `${20 * SCALE} terminated\n`);
});

test("loaded in a worker first, again after that one is gone, and then in the main thread", () => {
  assert.equal(runs("first.mjs"), "0\n0\n0\n5 1\n");
});

test(`${2_000 * SCALE} aborts at random moments lose no slot`, async () => {
  const random = randoms(2);
  const cb = new CircuitBreaker(
    { timeoutMs: 0, halfOpenMaxCalls: 8, successThreshold: 1000, probeTimeoutMs: Infinity },
    { clock: () => 0 },
  );
  let ended = 0;
  const one = async () => {
    const controller = new AbortController();
    const finish = [];
    const call = cb.call(() => new Promise((...ends) => finish.push(...ends)), {
      signal: controller.signal,
    });
    call.catch(() => {});
    const acts = [
      () => controller.abort(),
      () => finish[0]?.(1),
      () => random(4) === 0 && finish[1]?.(new Error("down")),
    ];
    // In whichever order, at the same moment or later.
    for (const act of [acts[random(3)], acts[0], acts[random(3)]]) {
      act();
      for (let turns = random(3); turns > 0; turns -= 1) {
        await null;
      }
    }
    ended += 1;
    await call.catch(() => {});
  };
  while (ended < 2_000 * SCALE) {
    await Promise.all(Array.from({ length: 20 }, one));
    if (cb.state === "closed") {
      cb.trip();
    }
  }
  cb.trip();
  const { probesInFlight } = cb.metrics();
  assert.equal(probesInFlight, 0);
  // Every slot can be taken.
  const permits = Array.from({ length: 8 }, () => cb.acquire());
  assert.equal(cb.tryAcquire(), null);
  permits.forEach((permit) => permit.cancel());
  assert.equal(cb.metrics().probesInFlight, 0);
});

test(`${20_000 * SCALE} breakers, made and collected, leave nothing`, async () => {
  const config = { failureRate: 0.5, windowCalls: 100 };
  const collected = async () => {
    for (let time = 0; time < 4; time += 1) {
      gc();
      await turn();
    }
  };
  const round = async () => {
    for (let count = 0; count < 10_000; count += 1) {
      const cb = new CircuitBreaker(config);
      cb.callSync(() => count);
      cb.trip();
    }
    await collected();
  };
  const size = () => {
    const { heapUsed, external, rss } = process.memoryUsage();
    return { breakers: core.breakers?.() ?? 0, used: heapUsed + external, rss };
  };
  await round();
  await round();
  const before = size();
  for (let made = 0; made < 20_000 * SCALE; made += 10_000) {
    await round();
  }
  const after = size();
  console.log(
    `${20_000 * SCALE} breakers on ${backend}: ${JSON.stringify(before)} before, ${JSON.stringify(after)} after`,
  );
  assert.ok(after.breakers - before.breakers <= 0, `${after.breakers} breakers`);
  assert.ok(after.used - before.used < 1_000_000, `${after.used - before.used} bytes more`);
  assert.ok(after.rss - before.rss < 32_000_000, `${after.rss - before.rss} bytes more resident`);
});
