// `node main.mjs [--quick] [FILE]`: measures on each backend, prints the report, and writes it to the file if there is
// one. Exits with 1 where a target was missed; not with `--quick`, which measures too little to say.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { report } from "./report.mjs";

const words = process.argv.slice(2);
const quick = words.includes("--quick");
const file = words.find((word) => !word.startsWith("--"));

function measured(backend) {
  const program = join(import.meta.dirname, "measured.mjs");
  const env = { ...process.env, K1S0_CIRCUIT_BREAKER_BACKEND: backend };
  const said = execFileSync(process.execPath, [program, ...(quick ? ["--quick"] : [])], { env });
  return JSON.parse(said);
}

const { text, missed } = report({ native: measured("native"), wasm: measured("wasm") });
console.log(text);
if (file !== undefined) {
  writeFileSync(file, text);
}
if (!quick && missed > 0) {
  console.error(`${missed} targets missed`);
  process.exitCode = 1;
}
