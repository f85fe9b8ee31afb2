// What is shipped: what the tarball holds, and that it works in an empty folder.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";

const [tarball, platform] = process.env.K1S0_TARBALLS?.split(delimiter) ?? [];
const options = { skip: tarball === undefined && "there is no tarball here" };
const installed = join(import.meta.dirname, "../node_modules/@k1s0/circuit-breaker");
const versionOf = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
/** As a user has it, whatever this run of the tests is forced to. */
const env = { ...process.env };
delete env.K1S0_CIRCUIT_BREAKER_BACKEND;
const contents = (tarball) =>
  execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n").sort();

test("the tarball holds code, types, licences and a README, and nothing else", options, () => {
  const files = contents(tarball);
  const others = files.filter((file) => !/^package\/dist\/[a-z]+\.(js|d\.ts)$/.test(file));
  assert.deepEqual(others, [
    "package/LICENSE-APACHE",
    "package/LICENSE-MIT",
    "package/README.md",
    "package/package.json",
  ]);
  for (const file of ["index.js", "index.d.ts", "wasm.js"]) {
    assert.ok(files.includes(`package/dist/${file}`), file);
  }
});

test("the platform's tarball holds the addon", options, () => {
  assert.deepEqual(contents(platform), [
    "package/LICENSE-APACHE",
    "package/LICENSE-MIT",
    "package/README.md",
    "package/addon.node",
    "package/package.json",
  ]);
});

/** Runs a program beside what npm makes of these tarballs in an empty folder, without a registry. */
function installedAlone(tarballs, program) {
  const folder = mkdtempSync(join(tmpdir(), "k1s0-"));
  try {
    const flags = ["--no-package-lock", "--no-audit", "--no-fund", "--silent", "--offline"];
    execFileSync("npm", ["install", ...flags, ...tarballs], { cwd: folder });
    writeFileSync(join(folder, "try.mjs"), program);
    const said = execFileSync(process.execPath, ["try.mjs"], { cwd: folder, encoding: "utf8", env });
    const packages = readdirSync(join(folder, "node_modules")).filter((name) => name[0] !== ".");
    assert.deepEqual(packages, ["@k1s0"]);
    return said;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const program = `import { backend, CircuitBreaker } from "@k1s0/circuit-breaker";
  const cb = new CircuitBreaker({ failureThreshold: 1, successThreshold: 1, timeoutMs: 60_000 });
  cb.recordFailure();
  console.log(backend, cb.state, await cb.call(async () => 5).catch((error) => error.message));`;

test("it installs without scripts and without other packages", options, () => {
  assert.equal(
    installedAlone([tarball, platform], program),
    "native open circuit breaker is open\n",
  );
});

test("without the package of the platform it is the wasm module", options, () => {
  assert.equal(installedAlone([tarball], program), "wasm open circuit breaker is open\n");
});

test("an addon of another interface is not used, and one that is asked for says why", options, () => {
  const folder = mkdtempSync(join(tmpdir(), "k1s0-"));
  try {
    const packages = join(folder, "node_modules");
    cpSync(join(installed, ".."), join(packages, "@k1s0"), { recursive: true });
    const [name] = readdirSync(join(packages, "@k1s0")).filter((it) => it !== "circuit-breaker");
    const other = join(packages, "@k1s0", name);
    rmSync(join(other, "addon.node"));
    writeFileSync(join(other, "addon.js"), "exports.interface = () => 99;");
    const manifest = JSON.parse(readFileSync(join(other, "package.json"), "utf8"));
    writeFileSync(join(other, "package.json"), JSON.stringify({ ...manifest, main: "./addon.js" }));
    writeFileSync(join(folder, "try.mjs"), program);
    const run = (env) => spawnSync(process.execPath, ["try.mjs"], { cwd: folder, encoding: "utf8", env });
    assert.match(run(env).stdout, /^wasm /);
    const asked = run({ ...env, K1S0_CIRCUIT_BREAKER_BACKEND: "native" });
    assert.equal(asked.status, 1);
    assert.match(asked.stderr, /cannot be loaded[^]*the addon has interface 99/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("their version is the one of the release, and they depend on nothing else", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const cargo = readFileSync(join(process.env.K1S0_ROOT, "Cargo.toml"), "utf8");
  const [, version] = /^version = "(.*)"$/m.exec(cargo);
  assert.equal(manifest.version, version);
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.devDependencies, undefined);
  assert.equal(manifest.scripts, undefined);
  const platforms = Object.entries(manifest.optionalDependencies);
  assert.equal(platforms.length, 1);
  for (const [name, wanted] of platforms) {
    assert.equal(wanted, version);
    assert.equal(versionOf(join(installed, "..", name.replace("@k1s0/", ""))), version);
  }
});

test("it runs where no addon may be loaded, and keeps no process alive", () => {
  const flag = process.versions.node.startsWith("20.") ? "--experimental-permission" : "--permission";
  const program = `import { backend, CircuitBreaker } from "@k1s0/circuit-breaker";
    const cb = new CircuitBreaker();
    cb.trip();
    console.log(backend, cb.state);`;
  const said = execFileSync(
    process.execPath,
    [flag, "--allow-fs-read=*", "--no-warnings", "--input-type=module", "--eval", program],
    { cwd: join(import.meta.dirname, ".."), encoding: "utf8", timeout: 20_000, env },
  );
  assert.equal(said, "wasm open\n");
});
