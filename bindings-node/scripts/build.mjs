// Builds the folder that is packed: `node build.mjs TOOLS WASM OUT`. `cargo xtask` runs it; it needs nothing but a
// folder that TypeScript and the types of what is integrated with are installed in, and the wasm module.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [tools, wasm, out] = process.argv.slice(2);
const here = join(import.meta.dirname, "..");
const dist = join(out, "dist");

rmSync(out, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
// TypeScript looks for packages beside the sources, and nothing is installed where they are kept.
const copy = join(tools, "source");
rmSync(copy, { recursive: true, force: true });
for (const name of ["src", "package.json", "tsconfig.json"]) {
  cpSync(join(here, name), join(copy, name), { recursive: true });
}
const tsc = join(tools, "node_modules/typescript/bin/tsc");
execFileSync(process.execPath, [tsc, "-p", copy, "--outDir", dist], { stdio: "inherit" });
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
