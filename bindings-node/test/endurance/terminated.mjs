// `node terminated.mjs COUNT`: so many threads, four at a time, each terminated at some moment.

import assert from "node:assert/strict";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import { shared } from "./busy.mjs";
import { randoms } from "./randoms.mjs";

const { core } = await import(new URL("./core.js", import.meta.resolve("@k1s0/circuit-breaker")));
const here = shared();
const before = core.breakers?.();
const random = randoms(1);

async function one() {
  const worker = new Worker(new URL("./busy.mjs", import.meta.url));
  await once(worker, "message");
  for (let turns = random(20); turns > 0; turns -= 1) {
    await turn();
  }
  await worker.terminate();
}

const count = Number(process.argv[2]);
for (let done = 0; done < count; done += 4) {
  await Promise.all([one(), one(), one(), one()]);
}
assert.equal(core.breakers?.(), before);
here.forEach((cb) => assert.equal(cb.metrics().probesInFlight, 0));
console.log(`${count} terminated`);
