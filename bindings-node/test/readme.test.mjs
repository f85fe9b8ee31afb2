// Each example of the README is run, and prints what its comments say.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { backend } from "@k1s0/circuit-breaker";

const folder = join(import.meta.dirname, "..");
const readme = readFileSync(join(process.env.K1S0_ROOT, "bindings-node/README.md"), "utf8");
const examples = [...readme.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code);

/** What the examples speak of and do not define. */
const STAND_IN = `
  import { createServer } from "node:http";
  const server = createServer((_, response) => response.end("{}"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const base = \`http://127.0.0.1:\${server.address().port}\`;
  const fetchUser = async () => ({ name: "Ada" });
  const ask = async (question, { signal }) => \`\${question}, \${signal.aborted}\`;
  const publish = async () => {};
`;
/** What an example prints where its comments do not say it. */
const SAID = { 0: ["Ada"], 1: ["slow question, false"] };

test("there are examples", () => assert.equal(examples.length, 11));

examples.forEach((code, index) => {
  const title = readme.slice(0, readme.indexOf(code)).match(/^##.*$/gm).at(-1);
  if (title === "### undici" && process.versions.bun !== undefined) {
    return; // What it imports as undici is Bun's own.
  }
  test(`example ${index + 1}: ${title}`, () => {
    const file = join(folder, `example-${index}.mjs`);
    const imports = code.match(/^import.*$/gm).join("\n");
    writeFileSync(file, `${imports}\n${STAND_IN}\n${code.replace(/^import.*$/gm, "")}`);
    const run = () => execFileSync(process.execPath, [file], { encoding: "utf8", timeout: 20_000 });
    if (backend === "wasm" && code.includes(".shared(")) {
      assert.throws(run, /only the native addon shares/);
      rmSync(file);
      return;
    }
    const said = run();
    const promised = [...code.matchAll(/console\.log\(.*?\); \/\/ (.*)$/gm)].map(([, line]) => line);
    const later = [...code.matchAll(/trip\(\); \/\/ (.*)$/gm)].map(([, line]) => line);
    assert.deepEqual(said.trim().split("\n"), expected(index, promised, later));
    rmSync(file);
  });
});

function expected(index, promised, later) {
  const lines = [...(SAID[index] ?? []), ...later, ...promised.filter((it) => it !== "nothing was called")];
  return lines.length === 0 ? [""] : lines;
}
