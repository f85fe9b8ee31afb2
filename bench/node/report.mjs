// The report in Markdown, and how many targets were missed.

import { createRequire } from "node:module";
import { cpus } from "node:os";

const require = createRequire(import.meta.url);
const version = (name) => require(`${name}/package.json`).version;

const ROW = "k1s0, failures in a row";
const CONSECUTIVE = "cockatiel ConsecutiveBreaker";
const net = (name) => ({ closed }) => closed[name].net / closed[ROW].net;
const gross = (theirs, ours) => ({ rejected }) => rejected[theirs].gross / rejected[ours].gross;
const held = ({ held }) => held[ROW].bytes / held[CONSECUTIVE].bytes;
const STACKLESS = "k1s0, stackTraces: false";

/** What is to be reached: what, how to compute it, and on each backend the limit. */
const TARGETS = [
  ["closed, net: cockatiel's consecutive breaker by ours", net(CONSECUTIVE), { native: 3, wasm: 2 }],
  ["closed, net: opossum without its timer by ours", net("opossum, timeout: false"), { native: 8, wasm: 6 }],
  ["closed, net: opossum as it comes by ours", net("opossum, as it comes"), { native: 15, wasm: 12 }],
  ["rejected: cockatiel by ours", gross("cockatiel", "k1s0"), { native: 1.15, wasm: 1.15 }],
  ["rejected: opossum by ours", gross("opossum", "k1s0"), { native: 1.15, wasm: 1.15 }],
  ["rejected: cockatiel by ours without a stack", gross("cockatiel", STACKLESS), { native: 2.2, wasm: 2.2 }],
  ["memory: ours by cockatiel's consecutive breaker", held, { native: 0.4, wasm: 0.4 }, "at most"],
];

export function report(runs) {
  let missed = 0;
  const target = ([what, compute, limits, word = "at least"]) =>
    Object.entries(limits).map(([backend, limit]) => {
      const measured = compute(runs[backend]);
      const reached = word === "at least" ? measured >= limit : measured <= limit;
      missed += reached ? 0 : 1;
      const verdict = reached ? "reached" : "**missed**";
      return `| ${what} | ${backend} | ${word} ${limit} | ${measured.toFixed(2)} | ${verdict} |`;
    });
  const text = [
    "# Node",
    "",
    "Written by `cargo xtask bench node`. Nanoseconds of CPU time per call, medians; *net* is without the bare",
    "`await` of the same round, and *times ours* is against k1s0's breaker of the same kind. One process for each of k1s0's",
    "backends, the peers measured in both. Compare within one table only.",
    "",
    `Node ${process.versions.node}, ${cpus()[0].model}; opossum ${version("opossum")}, cockatiel ${version("cockatiel")}.`,
    "",
    "## Targets",
    "",
    "| | backend | limit | measured | |",
    "| --- | --- | --- | ---: | --- |",
    ...TARGETS.flatMap(target),
    "",
    ...Object.values(runs).flatMap(tables),
  ].join("\n");
  return { text, missed };
}

const ratio = (theirs, ours) => (ours > 0 ? `${(theirs / ours).toFixed(1)}` : "");

function tables({ backend, closed, rejected, held, loading }) {
  return [
    `## ${backend}: closed, \`await\` of a function that resolves`,
    "",
    "| | gross | net | times ours |",
    "| --- | ---: | ---: | ---: |",
    ...Object.entries(closed).map(
      ([name, { gross, net }]) =>
        `| ${name} | ${gross.toFixed(0)} | ${net.toFixed(0)} | ${ratio(net, closed[rival(name)]?.net)} |`,
    ),
    "",
    `## ${backend}: open, rejected and caught`,
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
    `## ${backend}: held, 10,000 breakers that nobody calls`,
    "",
    "What the engine counts (heap and external memory), and by how much the process grew.",
    "",
    "| | bytes each | resident, bytes each | CPU, % of a core |",
    "| --- | ---: | ---: | ---: |",
    ...Object.entries(held).map(
      ([name, { bytes, rss, percent }]) =>
        `| ${name} | ${bytes.toFixed(0)} | ${rss.toFixed(0)} | ${percent.toFixed(2)} |`,
    ),
    "",
    `## ${backend}: loading`,
    "",
    "| | ms of CPU |",
    "| --- | ---: |",
    ...Object.entries(loading).map(([name, ms]) => `| ${name} | ${ms.toFixed(1)} |`),
    "",
  ];
}

/** Ours that does the same as theirs; none for ours. */
function rival(name) {
  if (name.includes("CountBreaker")) {
    return "k1s0, last 100 calls";
  }
  if (name.includes("SamplingBreaker")) {
    return "k1s0, last 10 s";
  }
  // opossum counts over 10 s, and does not decide by failures in a row: both are fair, this is the plainer one.
  return /^(cockatiel|opossum)/.test(name) ? ROW : undefined;
}
