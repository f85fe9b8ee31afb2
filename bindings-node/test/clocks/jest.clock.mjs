import { expect, jest, test } from "@jest/globals";

import { cases } from "./cases.mjs";

cases({
  test,
  expect,
  fake: () => jest.useFakeTimers(),
  advance: (milliseconds) => jest.advanceTimersByTime(milliseconds),
  real: () => jest.useRealTimers(),
  setTime: (date) => jest.setSystemTime(date),
});
