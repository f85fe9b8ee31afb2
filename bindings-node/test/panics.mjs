// Run with an addon that was built to panic where it is told to: `cargo xtask test node` sets K1S0_PANICKING_ADDON.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

// A copy of what is installed, with the other addon in it.
const folder = mkdtempSync(join(tmpdir(), "k1s0-"));
after(() => rmSync(folder, { recursive: true }));
const packages = join(folder, "node_modules", "@k1s0");
cpSync(join(import.meta.dirname, "../node_modules/@k1s0"), packages, { recursive: true });
const [platform] = readdirSync(packages).filter((name) => name !== "circuit-breaker");
const file = join(packages, platform, "addon.node");
cpSync(process.env.K1S0_PANICKING_ADDON, file);

const addon = createRequire(import.meta.url)(file);
const main = pathToFileURL(join(packages, "circuit-breaker/dist/index.js"));
const { backend, CircuitBreaker } = await import(main);
// Each panic is reported on standard error, as it should be; here they are meant.
const defect = { name: "Error", message: "a defect in k1s0-circuit-breaker" };

const entries = Object.keys(addon).filter((name) => typeof addon[name] === "function");

test("there are entries", () => {
  assert.equal(backend, "native");
  assert.ok(entries.length > 30 && entries.includes("force_panic"), entries);
});

for (const entry of entries) {
  test(`a panic in ${entry} is an error`, () => {
    addon.force_panic(entry);
    // It panics before it looks at what it was given.
    assert.throws(() => addon[entry](), defect);
    assert.equal(addon.interface(), 1);
  });
}

test("a breaker goes on after a panic", async () => {
  const cb = new CircuitBreaker({ failureThreshold: 2 });
  addon.force_panic("acquire");
  cb.recordFailure();
  await assert.rejects(
    cb.call(async () => assert.fail("called")),
    defect,
  );
  assert.equal(await cb.call(async () => 5), 5);
  addon.force_panic("record");
  assert.throws(() => cb.recordFailure(), defect);
  addon.force_panic("metrics");
  assert.throws(() => cb.metrics(), defect);
  const { successCount, failureCount, state } = cb.metrics();
  assert.deepEqual([successCount, failureCount, state], [1, 1, "Closed"]);
});
