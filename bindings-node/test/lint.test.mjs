// What the linters of packages say of the tarball.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { test } from "node:test";

const folder = join(import.meta.dirname, "..");
const [tarball] = process.env.K1S0_TARBALLS?.split(delimiter) ?? [];
const options = { skip: tarball === undefined && "there is no tarball here" };

function passes(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
}

test("publint", options, () => passes("node_modules/publint/src/cli.js", "run", "--strict", tarball));

test("attw", options, () =>
  passes("node_modules/@arethetypeswrong/cli/dist/index.js", "--profile", "esm-only", tarball));
