// What a bundler makes one file of: the tests that need neither the repository's files nor the package's own.

import "../abort.test.mjs";
import "../calls.test.mjs";
import "../config.test.mjs";
import "../events.test.mjs";
import "../explain.test.mjs";
import "../permits.test.mjs";
import "../specification.test.mjs";
import "../integrations/asked.test.mjs";
import "./fetch.page.mjs";

export { run } from "node:test";
