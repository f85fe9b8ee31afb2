// The garbage collector, now, in whichever way the runtime has it.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

function found() {
  if (globalThis.Bun !== undefined) {
    return () => globalThis.Bun.gc(true);
  }
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

export const gc = found();
