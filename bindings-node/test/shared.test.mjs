// Breakers that the threads of a process share by name.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import {
  backend,
  CircuitBreaker,
  CircuitBreakerConfigError,
  CircuitBreakerError,
} from "@k1s0/circuit-breaker";

const { core } = await import(new URL("./core.js", import.meta.resolve("@k1s0/circuit-breaker")));
/** A test of what there is on the addon only. */
const shares = (name, body) => backend === "native" && test(name, body);
const main = import.meta.resolve("@k1s0/circuit-breaker");

/** A thread that runs this code with `CircuitBreaker`, `data` and `port`; it ends by itself. */
function worker(code, workerData) {
  const program = `const { parentPort: port, workerData: data } = require("node:worker_threads");
    import(${JSON.stringify(main)}).then(async ({ CircuitBreaker }) => { ${code} });`;
  return new Worker(program, { eval: true, workerData });
}

const message = async (thread) => (await once(thread, "message"))[0];
const ended = async (thread) => (await once(thread, "exit"))[0];
/** Until it is so; what is waited for comes from another thread. */
async function until(is) {
  for (let time = 0; time < 1_000_000 && !is(); time += 1) {
    await turn();
  }
  assert.ok(is());
}

test("on wasm it says why not", () => {
  if (backend === "native") {
    return;
  }
  assert.throws(() => CircuitBreaker.shared("payments"), /only the native addon shares/);
});

shares("a failure in a worker opens what this thread sees", async () => {
  const config = { failureThreshold: 2, timeoutMs: 60_000 };
  const cb = CircuitBreaker.shared("opens", config);
  cb.recordFailure();
  const code = `
    const cb = CircuitBreaker.shared("opens", data);
    await cb.call(async () => { throw new Error("down"); }).catch(() => {});
    port.postMessage([cb.state, cb.metrics().failureCount]);`;
  assert.deepEqual(await message(worker(code, config)), ["open", 2]);
  assert.equal(cb.state, "open");
  await assert.rejects(cb.call(async () => assert.fail("called")), CircuitBreakerError);
  const { failureCount, rejectedCount } = cb.metrics();
  assert.deepEqual([failureCount, rejectedCount], [2, 1]);
  // Its time is the process's, whichever thread looks.
  const { remainingWaitMs } = cb.metrics();
  assert.ok(remainingWaitMs > 50_000 && remainingWaitMs <= 60_000, remainingWaitMs);
  cb[Symbol.dispose]();
});

shares("each thread counts its own successes, and the sum is everybody's", async () => {
  const cb = CircuitBreaker.shared("counts");
  const code = `
    const cb = CircuitBreaker.shared("counts");
    for (let call = 0; call < 10_000; call += 1) await cb.call(async () => call);
    port.postMessage("done");`;
  const threads = Array.from({ length: 3 }, () => worker(code));
  const done = Promise.all(threads.map(ended));
  for (let call = 0; call < 10_000; call += 1) {
    await cb.call(async () => call);
  }
  assert.deepEqual(await done, [0, 0, 0]);
  assert.equal(cb.metrics().successCount, 40_000);
  cb[Symbol.dispose]();
});

shares("a late result of another thread's epoch counts nowhere", async () => {
  const cb = CircuitBreaker.shared("late");
  cb.callSync(() => 1);
  const permit = cb.acquire();
  const reset = `CircuitBreaker.shared("late").reset();`;
  assert.equal(await ended(worker(reset)), 0);
  assert.equal(permit.success(), "stale");
  cb[Symbol.dispose]();
});

shares("the first one's configuration is everybody's", () => {
  const first = CircuitBreaker.shared("config", { failureThreshold: 3 });
  const same = CircuitBreaker.shared("config", { failureThreshold: 3, timeoutMs: 30_000 });
  const any = CircuitBreaker.shared("config");
  assert.throws(
    () => CircuitBreaker.shared("config", { failureThreshold: 4 }),
    (error) => {
      assert.ok(error instanceof CircuitBreakerConfigError);
      assert.equal(error.field, "config");
      assert.match(error.message, /must be what the shared circuit breaker "config" was made of/);
      return true;
    },
  );
  assert.throws(() => CircuitBreaker.shared("config", { failureThreshold: 0 }), RangeError);
  assert.throws(() => CircuitBreaker.shared(""), TypeError);
  assert.throws(() => CircuitBreaker.shared(5), TypeError);
  any.recordFailure();
  assert.equal(first.metrics().failureCount, 1);
  assert.equal(first.name, "config");
  assert.equal(first.explain().name, "config");
  for (const cb of [first, same, any]) {
    cb[Symbol.dispose]();
  }
});

shares("with the last holder it is gone", async () => {
  const before = core.breakers();
  const one = CircuitBreaker.shared("gone", { failureThreshold: 1 });
  const two = CircuitBreaker.shared("gone");
  one.recordFailure();
  one[Symbol.dispose]();
  assert.equal(two.state, "open");
  two[Symbol.dispose]();
  assert.equal(core.breakers(), before);
  const code = `CircuitBreaker.shared("gone", { failureThreshold: 7 }); new CircuitBreaker();`;
  assert.equal(await ended(worker(code)), 0);
  assert.equal(core.breakers(), before);
  const next = CircuitBreaker.shared("gone", { failureThreshold: 2 });
  assert.equal(next.state, "closed");
  next[Symbol.dispose]();
});

shares("a worker that is terminated gives its breakers and its probes' slots back", async () => {
  const before = core.breakers();
  const config = { failureThreshold: 1, timeoutMs: 0, probeTimeoutMs: Infinity };
  const cb = CircuitBreaker.shared("terminated", config);
  cb.trip();
  const code = `
    const own = new CircuitBreaker();
    const cb = CircuitBreaker.shared("terminated", data);
    own.call(() => new Promise(() => {}));
    cb.call(() => new Promise(() => {}));
    port.postMessage([cb.state, cb.metrics().probesInFlight]);
    setInterval(() => {}, 1000);`;
  const thread = worker(code, config);
  assert.deepEqual(await message(thread), ["half-open", 1]);
  assert.equal(cb.tryAcquire(), null);
  await thread.terminate();
  const { probesInFlight, cancelledCount } = cb.metrics();
  assert.deepEqual([probesInFlight, cancelledCount], [0, 1]);
  assert.equal(cb.callSync(() => 5), 5);
  cb[Symbol.dispose]();
  assert.equal(core.breakers(), before);
});

shares("all threads' listeners hear of all transitions, in order and once", async () => {
  const cb = CircuitBreaker.shared("told");
  const again = CircuitBreaker.shared("told");
  const heard = [];
  const opened = [];
  cb.on("transition", ({ epoch, reason }) => heard.push([epoch, reason]));
  again.on("open", ({ breaker, to }) => opened.push([breaker, to]));
  cb.trip();
  assert.deepEqual(heard, [[2, "trip"]]);
  const end = ended(worker(`const cb = CircuitBreaker.shared("told"); cb.reset(); cb.trip();`));
  await until(() => heard.length === 3);
  assert.deepEqual(heard, [
    [2, "trip"],
    [3, "reset"],
    [4, "trip"],
  ]);
  assert.deepEqual(opened, [
    ["told", "open"],
    ["told", "open"],
  ]);
  assert.equal(await end, 0);
  cb.forceOpen();
  assert.equal(heard.at(-1)[1], "forced");
  cb[Symbol.dispose]();
  again[Symbol.dispose]();
});

shares("a thread hears of what the others do while it waits", async () => {
  const cb = CircuitBreaker.shared("waits");
  const code = `
    const cb = CircuitBreaker.shared("waits");
    const keep = setInterval(() => {}, 1000);
    const heard = [];
    cb.on("transition", ({ epoch }) => {
      heard.push(epoch);
      if (epoch === 4) {
        port.postMessage(heard);
        clearInterval(keep);
      }
    });
    port.postMessage("ready");`;
  const thread = worker(code);
  const end = ended(thread);
  await message(thread);
  const heard = message(thread);
  cb.trip();
  cb.reset();
  cb.trip();
  assert.deepEqual(await heard, [2, 3, 4]);
  assert.equal(await end, 0);
  cb[Symbol.dispose]();
});

shares("it keeps no thread alive", async () => {
  const code = `CircuitBreaker.shared("alive").on("open", () => {});`;
  assert.equal(await ended(worker(code)), 0);
});

shares("a breaker without listeners is collected, one with some is told until they are gone", async () => {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const collected = async () => {
    for (let time = 0; time < 5; time += 1) {
      gc();
      await turn();
    }
  };
  const before = core.breakers();
  const heard = [];
  let remove = (() => {
    CircuitBreaker.shared("plain");
    const cb = CircuitBreaker.shared("listened");
    return cb.on("open", () => heard.push(cb.state));
  })();
  assert.equal(core.breakers(), before + 2);
  await collected();
  assert.equal(core.breakers(), before + 1);
  assert.equal(await ended(worker(`CircuitBreaker.shared("listened").trip();`)), 0);
  await until(() => heard.length === 1);
  assert.deepEqual(heard, ["open"]);
  remove();
  remove();
  // It knows the listener, and that the breaker.
  remove = undefined;
  await collected();
  assert.equal(core.breakers(), before);
});
