// The types, judged by the compiler over programs of a user.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const folder = join(import.meta.dirname, "..");
const run = (...words) => execFileSync(process.execPath, words, { cwd: folder, encoding: "utf8" });

const TSC = "node_modules/typescript/bin/tsc";

test("programs of users compile under --strict, and the specification's runs", () => {
  try {
    run(TSC, "-p", "test/types");
  } catch (error) {
    assert.fail(error.stdout);
  }
  assert.equal(
    run("types-out/specification.js"),
    "circuit breaker is open closed false 1 [ 1, 3, 30000 ] 2 CircuitBreakerError\n",
  );
});

for (const [what, config] of Object.entries({
  "with a bundler's resolution": "tsconfig.bundler.json",
  "with Node's types and without the DOM's": "tsconfig.node.json",
  "with undici 6": "tsconfig.undici-6.json",
})) {
  test(`programs of users compile ${what}`, () => {
    try {
      run(TSC, "-p", `test/types/${config}`);
    } catch (error) {
      assert.fail(error.stdout);
    }
  });
}
