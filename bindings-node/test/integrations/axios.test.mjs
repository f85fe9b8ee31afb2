// axios has an adapter over fetch, and takes a guarded one.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import axios from "axios";

import { CircuitBreaker, CircuitBreakerError } from "@k1s0/circuit-breaker";
import { guardFetch } from "@k1s0/circuit-breaker/fetch";

import { counts, serve } from "./server.mjs";

let server;
before(async () => (server = await serve()));
after(() => server.close());

test("its requests are guarded", async () => {
  const breaker = new CircuitBreaker({ failureThreshold: 2 });
  const fetch = guardFetch(breaker);
  const client = axios.create({ baseURL: server.base, adapter: "fetch", env: { fetch } });
  assert.equal((await client.get("/status/200")).data, "said");
  for (let time = 0; time < 2; time += 1) {
    await assert.rejects(client.get("/status/503"), (error) => error.response.status === 503);
  }
  assert.deepEqual(counts(breaker), [1, 2, 0, 0]);
  const before = server.seen.length;
  await assert.rejects(client.get("/status/200"), (error) => {
    const found = [error, error.cause].find((it) => it instanceof CircuitBreakerError);
    assert.ok(found, String(error));
    return true;
  });
  assert.equal(server.seen.length, before);
});

test("its timeout is a failure, and its abort is cancelled", async () => {
  const breaker = new CircuitBreaker();
  const fetch = guardFetch(breaker);
  const client = axios.create({ baseURL: server.base, adapter: "fetch", env: { fetch } });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(client.get("/hang", { signal: controller.signal }));
  assert.deepEqual(counts(breaker), [0, 0, 0, 1]);
  await assert.rejects(client.get("/hang", { timeout: 20 }));
  assert.deepEqual(counts(breaker), [0, 1, 0, 1]);
});
