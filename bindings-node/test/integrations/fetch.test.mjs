// A guarded `fetch` against a real server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { CircuitBreaker, CircuitBreakerError, CircuitBreakerRegistry } from "@k1s0/circuit-breaker";
import { guardFetch } from "@k1s0/circuit-breaker/fetch";

import { closedPort, counts, serve } from "./server.mjs";

let server;
before(async () => (server = await serve()));
after(() => server.close());

const made = (config = {}) => new CircuitBreaker({ failureThreshold: 100, ...config }, { clock: () => 0 });

/** One request, and what it counted as. */
async function counted(path, init, breaker = made()) {
  const result = await guardFetch(breaker)(new URL(path, server.base), init).catch((error) => error);
  return { result, counts: counts(breaker), breaker };
}

test("the status decides, by core's table", async () => {
  for (const [status, expected] of [
    [200, [1, 0, 0, 0]],
    [404, [1, 0, 0, 0]],
    [425, [0, 0, 1, 0]],
    [429, [0, 1, 0, 0]],
    [500, [0, 1, 0, 0]],
    [501, [1, 0, 0, 0]],
    [503, [0, 1, 0, 0]],
  ]) {
    const { result, counts: found } = await counted(`/status/${status}`);
    assert.equal(result.status, status);
    assert.deepEqual(found, expected, `${status}`);
  }
});

test("the response comes through as it is, and its body is the caller's", async () => {
  const { result } = await counted("/status/200");
  assert.ok(result instanceof Response);
  assert.equal(await result.text(), "said");
});

test("Retry-After is honoured, in seconds and as a date", async () => {
  for (const [path, wait] of [
    ["/asked/503/120", 120_000],
    ["/asked/429/120", 120_000],
    ["/asked/500/120", 1000],
    ["/dated/503", 60_000],
  ]) {
    const breaker = made({ failureThreshold: 1, timeoutMs: 1000 });
    await counted(path, {}, breaker);
    assert.equal(breaker.metrics().remainingWaitMs, wait, path);
  }
});

test("a rejected request reaches no socket", async () => {
  const breaker = made({ failureThreshold: 1, timeoutMs: 1000 });
  breaker.trip();
  const before = server.seen.length;
  const { result } = await counted("/status/200", {}, breaker);
  assert.ok(result instanceof CircuitBreakerError);
  assert.equal(result.retryAfterMs, 1000);
  assert.equal(server.seen.length, before);
});

test("connections that are refused or broken are failures, and the errors the platform's", async () => {
  const breaker = made();
  const url = await closedPort();
  const plain = await fetch(url).catch((error) => error);
  await assert.rejects(guardFetch(breaker)(url), (error) => {
    assert.deepEqual([error.constructor, error.message], [plain.constructor, plain.message]);
    assert.deepEqual(error.cause?.code, plain.cause?.code);
    return true;
  });
  assert.deepEqual(counts(breaker), [0, 1, 0, 0]);
  assert.deepEqual((await counted("/reset")).counts, [0, 1, 0, 0]);
});

test("a caller who gives up is cancelled, with the reason unchanged", async () => {
  const controller = new AbortController();
  const reason = new Error("the user left");
  setTimeout(() => controller.abort(reason), 20);
  const { result, counts: found } = await counted("/hang", { signal: controller.signal });
  assert.equal(result, reason);
  assert.deepEqual(found, [0, 0, 0, 1]);
});

test("a timeout is a failure", async () => {
  const { result, counts: found } = await counted("/hang", { signal: AbortSignal.timeout(20) });
  assert.equal(result.name, "TimeoutError");
  assert.deepEqual(found, [0, 1, 0, 0]);
});

test("a Request's own signal counts, unless init takes it away or has another", async () => {
  const breaker = made();
  const guarded = guardFetch(breaker);
  const own = new AbortController();
  const request = () => new Request(new URL("/hang", server.base), { signal: own.signal });
  const given = guarded(request());
  setTimeout(() => own.abort(), 20);
  await assert.rejects(given, { name: "AbortError" });
  assert.deepEqual(counts(breaker), [0, 0, 0, 1]);
  // It has aborted: nothing is asked for, and nothing is called.
  await assert.rejects(guarded(request()), { name: "AbortError" });
  assert.deepEqual(counts(breaker), [0, 0, 0, 1]);
  const other = AbortSignal.timeout(20);
  const live = new Request(new URL("/hang", server.base), { signal: new AbortController().signal });
  await assert.rejects(guarded(live, { signal: other }), { name: "TimeoutError" });
  assert.deepEqual(counts(breaker), [0, 1, 0, 1]);
});

test("a slot of a probe is given back by an abort", async () => {
  const breaker = made({ timeoutMs: 0, failureThreshold: 1 });
  breaker.trip();
  const { counts: found } = await counted("/hang", { signal: AbortSignal.abort() }, breaker);
  assert.deepEqual(found, [0, 0, 0, 0]);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  await counted("/hang", { signal: controller.signal }, breaker);
  assert.equal(breaker.metrics().probesInFlight, 0);
  assert.equal(breaker.state, "half-open");
});

test("what happens to the body later counts nowhere", async () => {
  const { result, counts: found, breaker } = await counted("/broken");
  assert.deepEqual(found, [1, 0, 0, 0]);
  await assert.rejects(result.text(), TypeError);
  assert.deepEqual(counts(breaker), [1, 0, 0, 0]);
});

test("a request that cannot be made counts nowhere", async () => {
  const malformed = [
    { headers: { "bad header": "x" } },
    { method: "GET", body: "one" },
    { method: "NO GOOD" },
  ].filter((init) => !isRequest(init));
  // Bun makes requests of some of them.
  assert.ok(malformed.length === 3 || process.versions.bun !== undefined);
  for (const init of malformed) {
    const { result, counts: found } = await counted("/status/200", init);
    assert.ok(result instanceof TypeError, JSON.stringify(init));
    assert.deepEqual(found, [0, 0, 1, 0]);
  }
  const breaker = made();
  await assert.rejects(guardFetch(breaker)("no URL"), TypeError);
  assert.deepEqual(counts(breaker), [0, 0, 0, 0]);
});

function isRequest(init) {
  try {
    return new Request(server.base, init) !== undefined;
  } catch {
    return false;
  }
}

test("a body that is a stream goes through once", async () => {
  const stream = () => new Blob(["body"]).stream();
  const sent = await counted("/status/200", { method: "POST", body: stream(), duplex: "half" });
  assert.deepEqual(sent.counts, [1, 0, 0, 0]);
  const broken = await counted("/reset", { method: "POST", body: stream(), duplex: "half" });
  assert.deepEqual(broken.counts, [0, 1, 0, 0]);
});

test("a registry has a breaker for each origin", async () => {
  const registry = new CircuitBreakerRegistry({ failureThreshold: 1 });
  const guarded = guardFetch(registry);
  const other = await closedPort();
  await guarded(`${server.base}/status/200`);
  await assert.rejects(guarded(`${other}/status/200`), TypeError);
  assert.deepEqual([...registry].map(([name, { state }]) => [name, state]), [
    [server.base, "closed"],
    [other, "open"],
  ]);
  await guarded(new Request(`${server.base}/status/200`));
  await assert.rejects(guarded(`${other}/status/200`), CircuitBreakerError);
});

test("a function finds the breaker", async () => {
  const breaker = made();
  const guarded = guardFetch((url) => (url.pathname === "/status/200" ? breaker : undefined));
  await guarded(`${server.base}/status/200`);
  assert.deepEqual(counts(breaker), [1, 0, 0, 0]);
  await assert.rejects(
    guarded(`${server.base}/status/404`),
    /^TypeError: guard answered undefined; it must answer a CircuitBreaker$/,
  );
});

test("a classifier of one's own comes before the table", async () => {
  const breaker = made({ timeoutMs: 1000 });
  const classifyResponse = ({ status }) =>
    ({ 401: "failure", 500: "ignored", 418: { outcome: "failure", retryAfterMs: 5000 } })[status];
  const guarded = guardFetch(breaker, { classifyResponse });
  for (const status of [401, 500, 418, 200]) {
    await guarded(`${server.base}/status/${status}`);
  }
  assert.deepEqual(counts(breaker), [1, 2, 1, 0]);
  for (const wrong of [() => "fine", () => ({ outcome: "failure", retryAfterMs: -1 }), assert.fail]) {
    const probed = made({ timeoutMs: 0, failureThreshold: 1 });
    probed.trip();
    const failing = guardFetch(probed, { classifyResponse: wrong });
    await assert.rejects(failing(`${server.base}/status/200`));
    assert.deepEqual([counts(probed), probed.metrics().probesInFlight], [[0, 1, 0, 0], 0]);
  }
});

test("another fetch is called with the same arguments", async () => {
  const called = [];
  const mock = async (...values) => {
    called.push(values);
    return new Response("mock", { status: 200 });
  };
  const init = { method: "PUT" };
  const response = await guardFetch(made(), { fetch: mock })("https://example.test/", init);
  assert.equal(await response.text(), "mock");
  assert.equal(called[0][1], init);
});

test("what is no guard and no option is refused at once", () => {
  for (const guard of [undefined, null, {}, "breaker", 5]) {
    assert.throws(() => guardFetch(guard), /^TypeError: guard is .*; it must be a CircuitBreaker, a/);
  }
  assert.throws(() => guardFetch(made(), { fetch: 5 }), /^TypeError: fetch is a number; it must be a/);
  assert.throws(() => guardFetch(made(), { classifyResponse: {} }), /^TypeError: classifyResponse is/);
});
