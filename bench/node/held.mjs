// `node --expose-gc held.mjs NAME COUNT MS`: what so many breakers take, in bytes each, and what they cost while nothing
// happens, in percent of a core.

import { setTimeout as sleep } from "node:timers/promises";

import { CASES } from "./cases.mjs";

const [name, count, milliseconds] = process.argv.slice(2);
const { make } = CASES[name];

const used = async () => {
  for (let time = 0; time < 3; time += 1) {
    globalThis.gc();
    await sleep(5);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { counted: heapUsed + external, rss };
};

make();
const held = new Array(Number(count)).fill(null);
const before = await used();
for (let index = 0; index < held.length; index += 1) {
  held[index] = make();
}
const after = await used();
const each = (what) => (after[what] - before[what]) / held.length;
await sleep(50);
const began = process.cpuUsage();
await sleep(Number(milliseconds));
const { user, system } = process.cpuUsage(began);
const percent = (user + system) / 10 / Number(milliseconds);
console.log(
  JSON.stringify({ bytes: each("counted"), rss: each("rss"), percent, held: held.length }),
);
process.exit();
