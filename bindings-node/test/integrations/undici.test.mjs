// The interceptor in dispatchers of undici's majors, against a real server.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import * as undici7 from "undici";
import * as undici6 from "undici-6";

import { CircuitBreaker, CircuitBreakerError, CircuitBreakerRegistry } from "@k1s0/circuit-breaker";
import { circuitBreaker } from "@k1s0/circuit-breaker/undici";

import { closedPort, counts, serve } from "./server.mjs";

let server;
before(async () => (server = await serve()));
after(() => server.close());

const made = (config = {}) => new CircuitBreaker({ failureThreshold: 100, ...config }, { clock: () => 0 });

const majors = { 6: undici6, 7: undici7 };
// It needs Node 22.19, and loads nowhere else.
if (process.versions.bun === undefined && parseInt(process.versions.node) >= 22) {
  majors[8] = await import("undici-8");
}

for (const [version, undici] of Object.entries(majors)) {
  describe(`undici ${version}`, () => {
    const agents = [];
    after(() => Promise.all(agents.map((agent) => agent.destroy())));

    function guarded(guard, options) {
      const agent = new undici.Agent(options);
      agents.push(agent);
      return agent.compose(circuitBreaker(guard));
    }
    const request = (path, breaker, options = {}) =>
      undici.request(new URL(path, server.base), { dispatcher: guarded(breaker), ...options });

    test("the status decides, by core's table, and the body comes through", async () => {
      const breaker = made();
      for (const status of [200, 404, 425, 429, 500, 503]) {
        const response = await request(`/status/${status}`, breaker);
        assert.equal(response.statusCode, status);
        assert.equal(await response.body.text(), "said");
      }
      assert.deepEqual(counts(breaker), [2, 3, 1, 0]);
    });

    test("Retry-After is honoured, in seconds and as a date", async () => {
      for (const [path, wait] of [["/asked/503/120", 120_000], ["/dated/429", 60_000]]) {
        const breaker = made({ failureThreshold: 1, timeoutMs: 1000 });
        await (await request(path, breaker)).body.dump();
        assert.equal(breaker.metrics().remainingWaitMs, wait, path);
      }
    });

    test("a rejected request reaches no socket", async () => {
      const breaker = made({ timeoutMs: 1000 });
      breaker.trip();
      const before = server.seen.length;
      const error = await request("/status/200", breaker).catch((it) => it);
      assert.ok(error instanceof CircuitBreakerError, String(error));
      assert.equal(error.retryAfterMs, 1000);
      assert.equal(server.seen.length, before);
    });

    test("connections that are refused or broken, and undici's timeouts, are failures", async () => {
      const breaker = made();
      const url = await closedPort();
      await assert.rejects(undici.request(url, { dispatcher: guarded(breaker) }), /ECONNREFUSED/);
      await assert.rejects(request("/reset", breaker));
      assert.deepEqual(counts(breaker), [0, 2, 0, 0]);
      await assert.rejects(request("/hang", breaker, { headersTimeout: 1 }), /Headers Timeout/);
      assert.deepEqual(counts(breaker), [0, 3, 0, 0]);
    });

    test("a caller who gives up is cancelled, a timeout is a failure", async () => {
      const breaker = made();
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 30);
      await assert.rejects(request("/hang", breaker, { signal: controller.signal }));
      assert.deepEqual(counts(breaker), [0, 0, 0, 1]);
      await assert.rejects(request("/hang", breaker, { signal: AbortSignal.timeout(30) }));
      assert.deepEqual(counts(breaker), [0, 1, 0, 1]);
    });

    test("what happens to the body later counts nowhere", async () => {
      const breaker = made();
      const response = await request("/broken", breaker);
      await assert.rejects(response.body.text());
      assert.deepEqual(counts(breaker), [1, 0, 0, 0]);
    });

    test("an informational response is not the one that counts", async () => {
      const breaker = made();
      await (await request("/hints/503", breaker)).body.dump();
      assert.deepEqual(counts(breaker), [0, 1, 0, 0]);
    });

    test("a request that undici refuses counts nowhere", async () => {
      const breaker = made();
      await assert.rejects(request("/status/200", breaker, { headers: { "bad header": "x" } }));
      await assert.rejects(request("/status/200", breaker, { method: "NO GOOD" }));
      const [, failures, , ] = counts(breaker);
      assert.equal(failures, 0);
      assert.equal(breaker.metrics().successCount, 0);
    });

    test("an upgrade is an answer", async () => {
      const breaker = made();
      const dispatcher = guarded(breaker);
      const { socket } = await undici.upgrade(server.base, { protocol: "echo", dispatcher });
      socket.destroy();
      assert.deepEqual(counts(breaker), [1, 0, 0, 0]);
    });

    test("a closed dispatcher says nothing of the service", async () => {
      const breaker = made();
      const agent = new undici.Client(server.base);
      await agent.close();
      const dispatcher = agent.compose(circuitBreaker(breaker));
      await assert.rejects(undici.request(`${server.base}/status/200`, { dispatcher }));
      assert.deepEqual(counts(breaker), [0, 0, 0, 1]);
    });

    test("undici's fetch over it", async () => {
      const breaker = made();
      const dispatcher = guarded(breaker);
      const response = await undici.fetch(`${server.base}/status/200`, { dispatcher });
      assert.equal(await response.text(), "said");
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 30);
      const init = { dispatcher, signal: controller.signal };
      await assert.rejects(undici.fetch(`${server.base}/hang`, init), { name: "AbortError" });
      breaker.trip();
      await assert.rejects(undici.fetch(server.base, { dispatcher }), (error) => {
        assert.ok(error.cause instanceof CircuitBreakerError, String(error.cause));
        return true;
      });
      assert.deepEqual(counts(breaker), [1, 0, 0, 1]);
    });

    test("retries that are composed before it are inside: a request counts once", async () => {
      const breaker = made();
      const agent = new undici.Agent();
      agents.push(agent);
      const retry = undici.interceptors.retry({ maxRetries: 2, minTimeout: 1, timeoutFactor: 1 });
      const dispatcher = agent.compose(retry, circuitBreaker(breaker));
      const before = server.seen.length;
      const response = await undici
        .request(`${server.base}/status/503`, { dispatcher })
        .catch((error) => error);
      assert.ok(server.seen.length - before > 1);
      assert.deepEqual(counts(breaker), [0, 1, 0, 0], String(response));
    });

    test("a guard that answers no breaker is an error of the request", async () => {
      const dispatcher = guarded(() => "breaker");
      await assert.rejects(
        undici.request(`${server.base}/status/200`, { dispatcher }),
        /^TypeError: guard answered a string; it must answer a CircuitBreaker$/,
      );
    });

    test("a registry has a breaker for each origin", async () => {
      const registry = new CircuitBreakerRegistry();
      const dispatcher = guarded(registry);
      await (await undici.request(`${server.base}/status/200`, { dispatcher })).body.dump();
      assert.deepEqual(counts(registry.get(server.base)), [1, 0, 0, 0]);
      assert.equal(registry.size, 1);
    });
  });
}

test("what is no guard is refused at once", () => {
  assert.throws(() => circuitBreaker({}), /^TypeError: guard is an object; it must be/);
});
