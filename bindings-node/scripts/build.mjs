// Builds the folder that is packed: `node build.mjs TYPESCRIPT WASM OUT`. `cargo xtask` runs it; it needs nothing but a
// folder with TypeScript and the wasm module.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [typescript, wasm, out] = process.argv.slice(2);
const here = join(import.meta.dirname, "..");
const dist = join(out, "dist");

rmSync(out, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const tsc = join(typescript, "bin", "tsc");
execFileSync(process.execPath, [tsc, "-p", here, "--outDir", dist], { stdio: "inherit" });
const base64 = readFileSync(wasm).toString("base64");
writeFileSync(join(dist, "wasm.js"), `export const base64 = "${base64}";\n`);
cpSync(join(here, "src", "wasm.d.ts"), join(dist, "wasm.d.ts"));

cpSync(join(here, "README.md"), join(out, "README.md"));
for (const license of ["LICENSE-APACHE", "LICENSE-MIT"]) {
  cpSync(join(here, "..", license), join(out, license));
}
// What the package is developed with is nothing to who uses it.
const { devDependencies, ...manifest } = JSON.parse(readFileSync(join(here, "package.json")));
writeFileSync(join(out, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
