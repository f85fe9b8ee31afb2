import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { cases } from "./cases.mjs";

/** The little of `expect` that the cases use. */
const expect = (found) => ({
  toBe: (wanted) => assert.equal(found, wanted),
  resolves: { toBe: async (wanted) => assert.equal(await found, wanted) },
  rejects: { toThrow: (message) => assert.rejects(found, { message }) },
});

cases({
  test,
  expect,
  fake: () => mock.timers.enable(),
  advance: (milliseconds) => mock.timers.tick(milliseconds),
  real: () => mock.timers.reset(),
  setTime: (date) => mock.timers.setTime(date.getTime()),
});
