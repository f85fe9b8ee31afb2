// A worker loads the package first, another one when that is gone, and the main thread last.

import { once } from "node:events";
import { isMainThread, Worker } from "node:worker_threads";

if (isMainThread) {
  for (let time = 0; time < 3; time += 1) {
    const [exit] = await once(new Worker(new URL(import.meta.url)), "exit");
    console.log(exit);
  }
}
const { CircuitBreaker } = await import("@k1s0/circuit-breaker");
const cb = new CircuitBreaker();
const answer = await cb.call(async () => 5);
if (isMainThread) {
  console.log(answer, cb.metrics().successCount);
}
