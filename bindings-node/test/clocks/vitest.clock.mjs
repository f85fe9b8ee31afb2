import { expect, test, vi } from "vitest";

import { cases } from "./cases.mjs";

cases({
  test,
  expect,
  fake: () => vi.useFakeTimers(),
  advance: (milliseconds) => vi.advanceTimersByTime(milliseconds),
  real: () => vi.useRealTimers(),
  setTime: (date) => vi.setSystemTime(date),
});
