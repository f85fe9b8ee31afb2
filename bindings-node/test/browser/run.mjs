// Runs the suite in headless Chromium: `node browser/run.mjs CHROMIUM`, in the folder that the tests are in. Once as the
// package is installed, over an import map, and once as one file that esbuild made. Prints the sums that `cargo xtask test`
// counts.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { build } from "esbuild";

import { sick } from "../integrations/server.mjs";

const chromium = process.argv[2];
const here = import.meta.dirname;
const installed = join(here, "../../node_modules/@k1s0/circuit-breaker");
const FOLDERS = {
  package: installed,
  test: join(here, ".."),
  conformance: join(process.env.K1S0_ROOT, "conformance"),
};
const PATIENCE = 120_000;

/** Node's modules, as a page has them. */
const SHIMS = {
  "node:test": join(here, "shims/test.mjs"),
  "node:fs": join(here, "shims/fs.mjs"),
  "node:path": join(here, "shims/path.mjs"),
  "node:assert/strict": join(here, "shims/assert.mjs"),
  "node:events": join(here, "shims/events.mjs"),
};
/** The suite as it is in Node, but for what is about Node itself. */
const TESTS = [
  "abort.test.mjs",
  "calls.test.mjs",
  "config.test.mjs",
  "conformance/scenarios.test.mjs",
  "constants.test.mjs",
  "events.test.mjs",
  "explain.test.mjs",
  "permits.test.mjs",
  "specification.test.mjs",
  "integrations/asked.test.mjs",
  "browser/fetch.page.mjs",
];

const bundled = async (entryPoint, alias = {}) => {
  const { outputFiles, warnings } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
    alias,
    // assert's polyfill asks for these.
    define: { "process.env.NODE_DEBUG": "undefined", global: "globalThis" },
    inject: [join(here, "shims/process.mjs")],
  });
  if (warnings.length > 0) {
    throw new Error(JSON.stringify(warnings));
  }
  return outputFiles[0].text;
};

const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
const imports = { "node:assert/strict": "/made/assert.js" };
for (const name of ["events", "fs", "path", "test"]) {
  imports[`node:${name}`] = `/test/browser/shims/${name}.mjs`;
}
for (const path of [".", "./fetch"]) {
  const { browser, default: file } = exports[path];
  imports[`@k1s0/circuit-breaker${path.slice(1)}`] = `/package/${browser ?? file}`.replace("/./", "/");
}
const MADE = {
  "/made/assert.js": await bundled(join(here, "shims/assert.mjs")),
  "/made/bundle.js": await bundled(join(here, "entry.mjs"), SHIMS),
};

const page = (load) => `<!doctype html><meta charset="utf-8"><title>suite</title>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script>globalThis.process = { env: { K1S0_ROOT: "" } };
globalThis.load = async () => { ${load} };</script>
<script type="module" src="/test/browser/page.mjs"></script>`;
const PAGES = {
  "/installed": page(
    `for (const test of ${JSON.stringify(TESTS)}) await import("/test/" + test);
     return import("node:test");`,
  ),
  "/bundled": page('return import("/made/bundle.js");'),
};
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json" };

let reported;
const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://page");
  const [, folder, ...rest] = pathname.split("/");
  if (pathname === "/report") {
    const body = await request.toArray();
    response.end();
    reported(JSON.parse(Buffer.concat(body)));
  } else if (folder === "sick") {
    sick(response, rest);
  } else if (PAGES[pathname] !== undefined) {
    response.setHeader("Content-Type", "text/html");
    response.end(PAGES[pathname]);
  } else if (FOLDERS[folder] !== undefined || MADE[pathname] !== undefined) {
    try {
      const file = MADE[pathname] ?? readFileSync(join(FOLDERS[folder], ...rest));
      response.setHeader("Content-Type", TYPES[extname(pathname)] ?? "text/plain");
      response.end(file);
    } catch (error) {
      response.writeHead(404).end(String(error));
    }
  } else {
    response.writeHead(404).end();
  }
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

async function visit(path) {
  const profile = mkdtempSync(join(tmpdir(), "k1s0-chromium-"));
  const url = `http://127.0.0.1:${server.address().port}${path}`;
  const report = new Promise((resolve) => (reported = resolve));
  const browser = spawn(chromium, [...FLAGS, `--user-data-dir=${profile}`, url], {
    stdio: ["ignore", "ignore", "pipe"],
    // Its processes are a group, which ends together.
    detached: true,
  });
  const end = () => process.kill(-browser.pid, "SIGKILL");
  process.once("exit", end);
  const complaints = [];
  browser.stderr.on("data", (bytes) => complaints.push(bytes));
  let timer;
  try {
    return await Promise.race([
      report,
      once(browser, "exit").then(([code]) => {
        throw new Error(`Chromium ended with ${code}\n${Buffer.concat(complaints)}`);
      }),
      new Promise((_, reject) => {
        const late = () => reject(new Error(`no report\n${Buffer.concat(complaints)}`));
        timer = setTimeout(late, PATIENCE);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    process.off("exit", end);
    if (browser.exitCode === null) {
      end();
    }
    await removed(profile);
  }
}

/** Processes that have been killed may write for a moment yet. */
async function removed(folder) {
  for (let tries = 50; ; tries -= 1) {
    try {
      await rm(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (tries === 0) {
        throw error;
      }
      await sleep(100);
    }
  }
}

for (const path of Object.keys(PAGES)) {
  const { words, passed, failed } = await visit(path);
  console.log(`Chromium, ${path.slice(1)}`);
  for (const line of words) {
    // Aside: the scenarios are counted where they run in Node.
    console.log(line.replace(/^/gm, "  "));
  }
  console.log(`# pass ${passed}\n# fail ${failed}`);
  process.exitCode ||= failed > 0 ? 1 : 0;
}
server.closeAllConnections();
server.close();
