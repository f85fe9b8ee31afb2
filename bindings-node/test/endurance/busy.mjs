// A thread that makes calls that succeed, fail and never end, and holds permits, until it is terminated.

import { setImmediate as turn } from "node:timers/promises";
import { parentPort } from "node:worker_threads";

import { backend, CircuitBreaker } from "@k1s0/circuit-breaker";

export const config = {
  failureThreshold: 3,
  timeoutMs: 0,
  halfOpenMaxCalls: 65535,
  probeTimeoutMs: Infinity,
};

export const shared = () =>
  backend === "native" ? [CircuitBreaker.shared("busy", config)] : [];

if (parentPort !== null) {
  const own = Array.from({ length: 70 }, () => new CircuitBreaker(config));
  const breakers = [...own, ...shared()];
  const nothing = () => {};
  for (let round = 0; ; round += 1) {
    for (const cb of breakers) {
      cb.call(() => new Promise(nothing)).catch(nothing);
      cb.call(async () => Promise.reject(new Error("down"))).catch(nothing);
      cb.tryAcquire();
      await cb.call(async () => round).catch(nothing);
    }
    if (round === 0) {
      parentPort.postMessage("ready");
    }
    // Without it no event would ever be looked at, and Node may miss that the thread is to end.
    await turn();
  }
}
