// `node measured.mjs [--quick]`: everything, on the backend that this process has, as JSON.

import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { backend } from "@k1s0/circuit-breaker";

import { CASES, HELD, REJECTING } from "./cases.mjs";
import { measure, median } from "./timing.mjs";

const quick = process.argv.includes("--quick");
const calls = (cases, prepare) =>
  Object.fromEntries(
    Object.entries(cases).map(([name, { make, open, call }]) => {
      const breaker = make();
      prepare(breaker, open);
      return [name, call(breaker)];
    }),
  );

const closed = await measure(
  calls(CASES, () => {}),
  quick ? { rounds: 1, times: 200 } : { rounds: 9, times: 200_000 },
);
const rejected = await measure(
  calls(REJECTING, (breaker, open) => open(breaker)),
  quick ? { rounds: 1, times: 50, rejecting: true } : { rounds: 15, times: 20_000, rejecting: true },
);
const held = Object.fromEntries(
  HELD.map((name) => [name, hold(name, quick ? 100 : 10_000, quick ? 10 : 3000)]),
);
console.log(JSON.stringify({ backend, closed, rejected, held, loading: loading() }));
// opossum's timers would keep the process alive.
process.exit();

function hold(name, count, milliseconds) {
  const file = join(import.meta.dirname, "held.mjs");
  const words = ["--expose-gc", file, name, String(count), String(milliseconds)];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" }));
}

/** Milliseconds of CPU until a package is there, in a fresh process, by its name. */
function loading() {
  const once = (name) => {
    const program = `const before = process.cpuUsage();
      await import("${name}");
      const { user, system } = process.cpuUsage(before);
      console.log((user + system) / 1000);`;
    const words = ["--input-type=module", "--eval", program];
    return Number(execFileSync(process.execPath, words, { cwd: import.meta.dirname, encoding: "utf8" }));
  };
  const names = ["@k1s0/circuit-breaker", "cockatiel", "opossum"];
  const times = Array.from({ length: quick ? 1 : 9 }, () => names.map(once));
  return Object.fromEntries(names.map((name, index) => [name, median(times.map((it) => it[index]))]));
}
