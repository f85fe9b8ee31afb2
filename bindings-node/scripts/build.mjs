// Builds the folders that are packed: `node build.mjs TOOLS WASM OUT VERSION [ADDON]`. `cargo xtask` runs it; it needs nothing
// but a folder that TypeScript and the types of what is integrated with are installed in, the wasm module, and the addon for
// this machine, if there is one.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [tools, wasm, out, version, addon] = process.argv.slice(2);
const here = join(import.meta.dirname, "..");
// What the packages are developed with is nothing to who uses them.
const { devDependencies, ...manifest } = JSON.parse(readFileSync(join(here, "package.json")));

rmSync(out, { recursive: true, force: true });
const platforms = addon === undefined ? {} : { [packAddon(addon)]: version };
packMain(join(out, "circuit-breaker"), platforms);

function packMain(folder, optionalDependencies) {
  const dist = join(folder, "dist");
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
  cpSync(join(here, "README.md"), join(folder, "README.md"));
  finish(folder, { ...manifest, optionalDependencies });
}

/** The package of one platform; answers its name. */
function packAddon(addon) {
  const { platform, arch } = process;
  const gnu = process.report.getReport().header.glibcVersionRuntime !== undefined;
  const variant = { linux: gnu ? "-gnu" : "-musl", win32: "-msvc" }[platform] ?? "";
  const tag = `${platform}-${arch}${variant}`;
  const name = `${manifest.name}-${tag}`;
  const folder = join(out, tag);
  mkdirSync(folder, { recursive: true });
  cpSync(addon, join(folder, "addon.node"));
  writeFileSync(
    join(folder, "README.md"),
    `# ${name}\n\nThe native addon of ${manifest.name} for ${tag}. Install that package; it chooses this one.\n`,
  );
  const { license, engines } = manifest;
  finish(folder, {
    name,
    description: `The native addon of ${manifest.name} for ${tag}`,
    license,
    main: "./addon.node",
    files: ["addon.node", "LICENSE-APACHE", "LICENSE-MIT"],
    engines,
    os: [platform],
    cpu: [arch],
    ...(platform === "linux" ? { libc: [gnu ? "glibc" : "musl"] } : {}),
  });
  return name;
}

/** What all have in common: the licences, and the version of the release. */
function finish(folder, { name, ...rest }) {
  for (const license of ["LICENSE-APACHE", "LICENSE-MIT"]) {
    cpSync(join(here, "..", license), join(folder, license));
  }
  const manifest = JSON.stringify({ name, version, ...rest }, null, 2);
  writeFileSync(join(folder, "package.json"), `${manifest}\n`);
}
