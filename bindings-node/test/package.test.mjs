// What is shipped: what the tarball holds, and that it works in an empty folder.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const tarball = process.env.K1S0_TARBALL;
const options = { skip: tarball === undefined && "there is no tarball here" };
const installed = join(import.meta.dirname, "../node_modules/@k1s0/circuit-breaker");

test("the tarball holds code, types, licences and a README, and nothing else", options, () => {
  const listing = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" });
  const files = listing.trim().split("\n").sort();
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

test("it installs without scripts and without other packages", options, () => {
  const folder = mkdtempSync(join(tmpdir(), "k1s0-"));
  try {
    const flags = ["--no-package-lock", "--no-audit", "--no-fund", "--silent", "--offline"];
    execFileSync("npm", ["install", ...flags, tarball], { cwd: folder });
    writeFileSync(
      join(folder, "try.mjs"),
      `import { CircuitBreaker } from "@k1s0/circuit-breaker";
       const cb = new CircuitBreaker({ failureThreshold: 1, successThreshold: 1 });
       cb.recordFailure();
       console.log(cb.state, await cb.call(async () => 5).catch((error) => error.message));`,
    );
    const said = execFileSync(process.execPath, ["try.mjs"], { cwd: folder, encoding: "utf8" });
    assert.equal(said, "open circuit breaker is open\n");
    const packages = execFileSync("ls", ["node_modules"], { cwd: folder, encoding: "utf8" });
    assert.equal(packages, "@k1s0\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("its version is the one of the release, and it depends on nothing", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const cargo = readFileSync(join(process.env.K1S0_ROOT, "Cargo.toml"), "utf8");
  assert.equal(manifest.version, /^version = "(.*)"$/m.exec(cargo)[1]);
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.devDependencies, undefined);
  assert.equal(manifest.scripts, undefined);
});

test("it runs where no addon may be loaded, and keeps no process alive", () => {
  const flag = process.versions.node.startsWith("20.") ? "--experimental-permission" : "--permission";
  const program = `import { CircuitBreaker } from "@k1s0/circuit-breaker";
    const cb = new CircuitBreaker();
    cb.trip();
    console.log(cb.state);`;
  const said = execFileSync(
    process.execPath,
    [flag, "--allow-fs-read=*", "--no-warnings", "--input-type=module", "--eval", program],
    { cwd: join(import.meta.dirname, ".."), encoding: "utf8", timeout: 20_000 },
  );
  assert.equal(said, "open\n");
});
