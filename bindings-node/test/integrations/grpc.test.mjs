// The interceptor in clients of grpc-js, against a real server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import * as grpc from "@grpc/grpc-js";

import { CircuitBreaker, CircuitBreakerError, CircuitBreakerRegistry } from "@k1s0/circuit-breaker";
import { circuitBreaker } from "@k1s0/circuit-breaker/grpc";

import { counts } from "./server.mjs";

const { status } = grpc;
const text = { serialize: (it) => Buffer.from(it), deserialize: (bytes) => bytes.toString() };
const method = (name, requestStream, responseStream) => ({
  path: `/test.Sick/${name}`,
  requestStream,
  responseStream,
  requestSerialize: text.serialize,
  requestDeserialize: text.deserialize,
  responseSerialize: text.serialize,
  responseDeserialize: text.deserialize,
});
const SERVICE = {
  unary: method("Unary", false, false),
  download: method("Download", false, true),
  upload: method("Upload", true, false),
  both: method("Both", true, true),
};
const Client = grpc.makeGenericClientConstructor(SERVICE, "Sick");

/** A request says how it is to end: `14`, `14 1500` with a pushback, `hang`, anything else is answered. */
function ending(word) {
  const [code, pushback] = word.split(" ");
  if (!/^\d+$/.test(code) || code === "0") {
    return undefined;
  }
  const metadata = new grpc.Metadata();
  if (pushback !== undefined) {
    metadata.set("grpc-retry-pushback-ms", pushback);
  }
  return { code: Number(code), details: "as asked", metadata };
}
let seen = 0;
const IMPLEMENTATION = {
  unary({ request }, callback) {
    seen += 1;
    if (request !== "hang") {
      callback(ending(request) ?? null, request);
    }
  },
  download(call) {
    seen += 1;
    call.write("one");
    if (call.request !== "hang") {
      const error = ending(call.request);
      error === undefined ? call.end() : call.emit("error", error);
    }
  },
  upload(call, callback) {
    seen += 1;
    let all = "";
    call.on("data", (one) => (all += one));
    call.on("end", () => callback(ending(all) ?? null, all));
  },
  both(call) {
    seen += 1;
    call.on("data", (one) => call.write(one));
    call.on("end", () => call.end());
  },
};

let server;
let address;
before(async () => {
  server = new grpc.Server();
  server.addService(SERVICE, IMPLEMENTATION);
  address = await new Promise((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    ),
  );
});
after(() => server.forceShutdown());

const made = (config = {}) => new CircuitBreaker({ failureThreshold: 100, ...config }, { clock: () => 0 });
const clients = [];
after(() => clients.forEach((client) => client.close()));

function client(guard, to = address) {
  const interceptors = [circuitBreaker(guard)];
  const made = new Client(to, grpc.credentials.createInsecure(), { interceptors });
  clients.push(made);
  return made;
}
/** A unary call: what it answered, or its error. */
function unary(client, request, options = {}) {
  return new Promise((resolve) =>
    client.unary(request, options, (error, answer) => resolve(error ?? answer)),
  );
}
/** What a stream has brought, and how it ended. */
async function drained(stream) {
  const all = [];
  let error = null;
  await new Promise((resolve) => {
    stream.on("data", (one) => all.push(one));
    stream.on("error", (it) => (error = it));
    stream.on("status", resolve);
  });
  return { all, error };
}

test("the status decides, by core's table", async () => {
  const breaker = made();
  const guarded = client(breaker);
  assert.equal(await unary(guarded, "hello"), "hello");
  assert.deepEqual(counts(breaker), [1, 0, 0, 0]);
  const failures = [1, 2, 4, 8, 13, 14, 15];
  for (let code = 1; code <= 16; code += 1) {
    const [successes, failed] = counts(breaker);
    const error = await unary(guarded, `${code}`);
    assert.equal(error.code, code);
    const isFailure = failures.includes(code);
    assert.deepEqual(counts(breaker), [successes + !isFailure, failed + isFailure, 0, 0], `${code}`);
  }
});

test("a pushback in the trailers is honoured", async () => {
  for (const [pushback, wait] of [["1500", 1500], ["-1", 1000], ["soon", 1000]]) {
    const breaker = made({ failureThreshold: 1, timeoutMs: 1000 });
    await unary(client(breaker), `14 ${pushback}`);
    assert.equal(breaker.metrics().remainingWaitMs, wait);
  }
});

test("a rejected call is UNAVAILABLE, says why and when to come back, and reaches no server", async () => {
  const breaker = made({ timeoutMs: 1000 });
  const guarded = client(breaker);
  breaker.trip();
  const before = seen;
  const error = await unary(guarded, "hello");
  assert.equal(error.code, status.UNAVAILABLE);
  assert.equal(error.details, "circuit breaker is open");
  assert.ok(error.cause instanceof CircuitBreakerError);
  assert.equal(error.cause.retryAfterMs, 1000);
  assert.deepEqual(error.metadata.get("grpc-retry-pushback-ms"), ["1000"]);
  for (const start of [() => guarded.download("one"), () => guarded.both()]) {
    const { all, error } = await drained(start());
    assert.deepEqual([all, error.code], [[], status.UNAVAILABLE]);
  }
  const uploaded = await new Promise((resolve) => {
    const stream = guarded.upload((error) => resolve(error));
    stream.write("one");
    stream.end();
  });
  assert.equal(uploaded.code, status.UNAVAILABLE);
  breaker.forceOpen();
  const forced = await unary(guarded, "hello");
  assert.deepEqual(forced.metadata.get("grpc-retry-pushback-ms"), ["-1"]);
  assert.equal(seen, before);
});

test("a rejected call may be cancelled", async () => {
  const breaker = made();
  breaker.trip();
  const guarded = client(breaker);
  const error = await new Promise((resolve) => {
    const call = guarded.unary("hello", resolve);
    call.cancel();
    assert.equal(typeof call.getPeer(), "string");
  });
  assert.equal(error.code, status.UNAVAILABLE);
});

test("a caller who cancels is cancelled", async () => {
  const breaker = made();
  const guarded = client(breaker);
  const error = await new Promise((resolve) => {
    const call = guarded.unary("hang", resolve);
    setTimeout(() => call.cancel(), 30);
  });
  assert.equal(error.code, status.CANCELLED);
  assert.deepEqual(counts(breaker), [0, 0, 0, 1]);
  const stream = guarded.download("hang");
  stream.once("data", () => stream.cancel());
  const { all } = await drained(stream);
  assert.deepEqual(all, ["one"]);
  assert.deepEqual(counts(breaker), [0, 0, 0, 2]);
});

test("a deadline that passes is a failure", async () => {
  const breaker = made();
  const error = await unary(client(breaker), "hang", { deadline: Date.now() + 50 });
  assert.equal(error.code, status.DEADLINE_EXCEEDED);
  assert.deepEqual(counts(breaker), [0, 1, 0, 0]);
});

test("a server that is not there is a failure", async () => {
  const breaker = made();
  const error = await unary(client(breaker, "127.0.0.1:1"), "hello", { deadline: Date.now() + 5000 });
  assert.equal(error.code, status.UNAVAILABLE);
  assert.equal(error.cause, undefined);
  assert.deepEqual(counts(breaker), [0, 1, 0, 0]);
});

test("a stream keeps its permit as long as it is open", async () => {
  const breaker = made({ timeoutMs: 0, failureThreshold: 1 });
  breaker.trip();
  const guarded = client(breaker);
  const stream = guarded.both();
  stream.write("ping");
  await new Promise((resolve) => stream.once("data", resolve));
  assert.equal(breaker.metrics().probesInFlight, 1);
  assert.equal((await unary(guarded, "hello")).cause.reason, "half_open");
  stream.end();
  const { error } = await drained(stream);
  assert.equal(error, null);
  assert.equal(breaker.metrics().probesInFlight, 0);
  assert.deepEqual(counts(breaker), [1, 0, 0, 0]);
});

test("streams that break, and uploads", async () => {
  const breaker = made();
  const guarded = client(breaker);
  const { all, error } = await drained(guarded.download("14"));
  assert.deepEqual([all, error.code], [["one"], status.UNAVAILABLE]);
  assert.deepEqual(counts(breaker), [0, 1, 0, 0]);
  assert.deepEqual((await drained(guarded.download("fine"))).all, ["one"]);
  const answer = await new Promise((resolve, reject) => {
    const stream = guarded.upload((error, it) => (error ? reject(error) : resolve(it)));
    stream.write("one");
    stream.write("two");
    stream.end();
  });
  assert.equal(answer, "onetwo");
  assert.deepEqual(counts(breaker), [2, 1, 0, 0]);
});

test("a registry has a breaker for each service, and a function finds one", async () => {
  const registry = new CircuitBreakerRegistry();
  await unary(client(registry), "hello");
  assert.deepEqual([...registry].map(([name]) => name), ["test.Sick"]);
  assert.deepEqual(counts(registry.get("test.Sick")), [1, 0, 0, 0]);
  const breaker = made();
  const paths = [];
  const find = ({ method_definition: { path } }) => (paths.push(path), breaker);
  await unary(client(find), "hello");
  assert.deepEqual([paths, counts(breaker)], [["/test.Sick/Unary"], [1, 0, 0, 0]]);
});

test("what is no guard is refused", () => {
  assert.throws(() => circuitBreaker("breaker"), /^TypeError: guard is a string; it must be/);
  assert.throws(() => client(() => undefined).unary("hello", () => {}), /TypeError: guard answered/);
});
