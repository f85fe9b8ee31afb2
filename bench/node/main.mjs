// `node main.mjs [--quick] [FILE]`: measures, prints the report, and writes it to the file if there is one.

import { writeFileSync } from "node:fs";

import { report } from "./report.mjs";

const words = process.argv.slice(2);
const quick = words.includes("--quick");
const file = words.find((word) => !word.startsWith("--"));
const text = await report(quick);
console.log(text);
if (file !== undefined) {
  writeFileSync(file, text);
}
// opossum's timers would keep the process alive.
process.exit();
