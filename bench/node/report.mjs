// The report in Markdown.

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { join } from "node:path";

import { CASES, HELD, REJECTING } from "./cases.mjs";
import { measure, median } from "./timing.mjs";

const require = createRequire(import.meta.url);
const version = (name) => require(`${name}/package.json`).version;

export async function report(quick) {
  const closed = await measure(
    Object.fromEntries(Object.entries(CASES).map(([name, make]) => [name, make().call])),
    quick ? { rounds: 1, times: 200 } : { rounds: 9, times: 200_000 },
  );
  const rejected = await measure(
    Object.fromEntries(
      Object.entries(REJECTING).map(([name, make]) => {
        const { open, call } = make();
        open?.();
        return [name, call];
      }),
    ),
    quick
      ? { rounds: 1, times: 50, rejecting: true }
      : { rounds: 9, times: 20_000, rejecting: true },
  );
  const held = HELD.map((name) => [name, hold(name, quick ? 100 : 10_000, quick ? 10 : 3000)]);
  return [
    "# Node",
    "",
    "Written by `cargo xtask bench node`. Nanoseconds of CPU time per call, medians; *net* is without the bare",
    "`await` of the same round, and *times ours* is against k1s0's breaker of the same kind. Compare within this page only.",
    "",
    `Node ${process.versions.node}, ${cpus()[0].model}; opossum ${version("opossum")}, cockatiel ${version("cockatiel")}.`,
    "",
    "## Closed, `await` of a function that resolves",
    "",
    "| | gross | net | times ours |",
    "| --- | ---: | ---: | ---: |",
    ...Object.entries(closed).map(
      ([name, { gross, net }]) =>
        `| ${name} | ${gross.toFixed(0)} | ${net.toFixed(0)} | ${ratio(net, closed[rival(name)]?.net)} |`,
    ),
    "",
    "## Open, rejected and caught",
    "",
    "Nearly all of it is the error's stack.",
    "",
    "| | gross | times ours |",
    "| --- | ---: | ---: |",
    ...Object.entries(rejected).map(
      ([name, { gross }]) =>
        `| ${name} | ${gross.toFixed(0)} | ${name === "k1s0" ? "" : ratio(gross, rejected.k1s0.gross)} |`,
    ),
    "",
    "## Held: 10,000 breakers that nobody calls",
    "",
    "| | bytes each | CPU, % of a core |",
    "| --- | ---: | ---: |",
    ...held.map(
      ([name, { bytes, percent }]) => `| ${name} | ${bytes.toFixed(0)} | ${percent.toFixed(2)} |`,
    ),
    "",
    `Loading the package takes ${loading(quick).toFixed(1)} ms.`,
    "",
  ].join("\n");
}

const ratio = (theirs, ours) => (ours > 0 ? `${(theirs / ours).toFixed(1)}` : "");

/** Ours that does the same as theirs; none for ours. */
function rival(name) {
  if (name.includes("CountBreaker")) {
    return "k1s0, last 100 calls";
  }
  if (name.includes("SamplingBreaker")) {
    return "k1s0, last 10 s";
  }
  // opossum counts over 10 s, and does not decide by failures in a row: both are fair, this is the plainer one.
  return /^(cockatiel|opossum)/.test(name) ? "k1s0, failures in a row" : undefined;
}

function hold(name, count, milliseconds) {
  const file = join(import.meta.dirname, "held.mjs");
  const words = ["--expose-gc", file, name, String(count), String(milliseconds)];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" }));
}

/** Milliseconds until the package is there, in a fresh process. */
function loading(quick) {
  const program = `const before = process.cpuUsage();
    await import("@k1s0/circuit-breaker");
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1000);`;
  const words = ["--input-type=module", "--eval", program];
  const once = () =>
    Number(execFileSync(process.execPath, words, { cwd: import.meta.dirname, encoding: "utf8" }));
  return median(Array.from({ length: quick ? 1 : 9 }, once));
}
