// The instruments in the real SDK.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { metrics as api } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";

import { CircuitBreaker, CircuitBreakerRegistry } from "@k1s0/circuit-breaker";
import { CircuitBreakerInstruments } from "@k1s0/circuit-breaker/otel";

import { gc } from "../gc.mjs";

/** The SDK, and what it collects: by instrument, by the attributes as JSON. */
function sdk(temporality = AggregationTemporality.CUMULATIVE) {
  const exporter = new InMemoryMetricExporter(temporality);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 });
  const provider = new MeterProvider({ readers: [reader] });
  const collect = async () => {
    exporter.reset();
    await provider.forceFlush();
    const [resource] = exporter.getMetrics();
    const scope = resource?.scopeMetrics.at(-1);
    const found = {};
    for (const { descriptor, dataPoints } of scope?.metrics ?? []) {
      found[descriptor.name] = Object.fromEntries(
        dataPoints.map(({ attributes, value }) => [JSON.stringify(attributes), value]),
      );
    }
    return { found, scope };
  };
  return { provider, collect };
}

const opened = (name) => {
  const breaker = new CircuitBreaker({ failureThreshold: 2 }, { name, clock: () => 0 });
  breaker.recordSuccess();
  breaker.recordFailure();
  breaker.recordFailure();
  breaker.tryAcquire();
  return breaker;
};
const key = (attributes) => JSON.stringify(attributes);

test("every instrument of docs/metrics.md, with its kind, unit and description", async () => {
  const { provider, collect } = sdk();
  const instruments = new CircuitBreakerInstruments(provider);
  const breaker = opened("payments");
  instruments.observe(breaker);
  const { scope } = await collect();
  const table = readFileSync(join(process.env.K1S0_ROOT, "docs/metrics.md"), "utf8");
  const rows = [...table.matchAll(/^\| `(circuit_breaker\.\S+)` \| (\S+) \| `(.*?)` \| .*? \| (.*) \|$/gm)];
  assert.equal(rows.length, 7);
  const wanted = rows.map(([, name, kind, unit, description]) => ({
    name,
    type: kind === "counter" ? "OBSERVABLE_COUNTER" : "OBSERVABLE_GAUGE",
    unit,
    description,
  }));
  const found = scope.metrics.map(({ descriptor: { name, type, unit, description } }) => ({
    name,
    type,
    unit,
    description,
  }));
  assert.deepEqual(found, wanted);
  assert.equal(scope.scope.name, "k1s0_circuit_breaker");
  const { version } = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.resolve("@k1s0/circuit-breaker"))),
  );
  assert.equal(scope.scope.version, version);
});

test("what they tell", async () => {
  const { provider, collect } = sdk();
  const instruments = new CircuitBreakerInstruments(provider);
  const breaker = opened("payments");
  instruments.observe(breaker, breaker);
  const { found } = await collect();
  const name = "payments";
  assert.deepEqual(found, {
    "circuit_breaker.calls": {
      [key({ name, outcome: "success" })]: 1,
      [key({ name, outcome: "failure" })]: 2,
      [key({ name, outcome: "ignored" })]: 0,
      [key({ name, outcome: "cancelled" })]: 0,
    },
    "circuit_breaker.rejections": {
      [key({ name, reason: "open" })]: 1,
      [key({ name, reason: "half_open" })]: 0,
      [key({ name, reason: "forced_open" })]: 0,
    },
    "circuit_breaker.would_reject": {
      [key({ name, reason: "open" })]: 0,
      [key({ name, reason: "half_open" })]: 0,
      [key({ name, reason: "forced_open" })]: 0,
    },
    "circuit_breaker.slow_calls": { [key({ name })]: 0 },
    "circuit_breaker.transitions": { [key({ name, from: "closed", to: "open" })]: 1 },
    "circuit_breaker.state": {
      [key({ name, state: "closed" })]: 0,
      [key({ name, state: "open" })]: 1,
      [key({ name, state: "half_open" })]: 0,
    },
    "circuit_breaker.success_rate": { [key({ name })]: 1 / 3 },
  });
});

test("every state is told at every collection", async () => {
  const { provider, collect } = sdk();
  const instruments = new CircuitBreakerInstruments(provider);
  const breaker = opened(undefined);
  instruments.observe(breaker);
  await collect();
  breaker.reset();
  const { found } = await collect();
  assert.deepEqual(found["circuit_breaker.state"], {
    [key({ name: "unnamed", state: "closed" })]: 1,
    [key({ name: "unnamed", state: "open" })]: 0,
    [key({ name: "unnamed", state: "half_open" })]: 0,
  });
});

test("breakers of one name are given together", async () => {
  const { provider, collect } = sdk();
  const instruments = new CircuitBreakerInstruments(provider);
  const [one, two] = [opened("same"), opened("same")];
  two.reset();
  instruments.observe(one, two);
  const { found } = await collect();
  assert.equal(found["circuit_breaker.calls"][key({ name: "same", outcome: "failure" })], 4);
  assert.deepEqual(Object.values(found["circuit_breaker.state"]), [1, 1, 0]);
});

test("a registry shows what it has at the time", async () => {
  const { provider, collect } = sdk(AggregationTemporality.DELTA);
  const instruments = new CircuitBreakerInstruments(provider);
  const registry = new CircuitBreakerRegistry();
  instruments.observe(registry);
  assert.deepEqual((await collect()).found, {});
  registry.get("later").trip();
  const { found } = await collect();
  assert.equal(found["circuit_breaker.state"][key({ name: "later", state: "open" })], 1);
});

const turn = () => new Promise((resolve) => setTimeout(resolve, 10));

for (const [how, temporality] of Object.entries(AggregationTemporality).filter(([it]) => isNaN(it))) {
  test(`a breaker that is gone is shown no more, ${how}`, async () => {
    const { provider, collect } = sdk(temporality);
    const instruments = new CircuitBreakerInstruments(provider);
    const disposed = opened("disposed");
    instruments.observe(opened("collected"), disposed);
    await collect();
    disposed[Symbol.dispose]();
    for (let time = 0; time < 5; time += 1) {
      await turn();
      gc();
    }
    const last = (await collect()).found["circuit_breaker.state"];
    for (const name of ["collected", "disposed"]) {
      for (const state of ["closed", "open", "half_open"]) {
        assert.equal(last[key({ name, state })], 0, `${name} ${state}`);
      }
    }
    // An SDK that accumulates goes on with these zeros, the other has nothing more to say.
    const { found } = await collect();
    const values = Object.values(found["circuit_breaker.state"] ?? {});
    const isCumulative = temporality === AggregationTemporality.CUMULATIVE;
    assert.deepEqual(values, isCumulative ? [0, 0, 0, 0, 0, 0] : []);
  });
}

test("a breaker whose clock throws does not hide the others", async () => {
  const { provider, collect } = sdk();
  const instruments = new CircuitBreakerInstruments(provider);
  let broken = false;
  const clock = () => (broken ? assert.fail("no time") : 0);
  const sick = new CircuitBreaker({ failureThreshold: 1 }, { name: "sick", clock });
  sick.recordFailure();
  broken = true;
  instruments.observe(sick, opened("well"));
  const { found } = await collect();
  assert.equal(found["circuit_breaker.state"][key({ name: "well", state: "open" })], 1);
});

test("after shutdown nothing is shown", async () => {
  const { provider, collect } = sdk(AggregationTemporality.DELTA);
  const instruments = new CircuitBreakerInstruments(provider);
  const breaker = opened("payments");
  instruments.observe(breaker);
  instruments.shutdown();
  assert.deepEqual((await collect()).found, {});
});

test("the global provider is the default", async () => {
  const { provider, collect } = sdk();
  api.setGlobalMeterProvider(provider);
  try {
    const instruments = new CircuitBreakerInstruments();
    const breaker = opened("global");
    instruments.observe(breaker);
    const { found } = await collect();
    assert.equal(found["circuit_breaker.state"][key({ name: "global", state: "open" })], 1);
  } finally {
    api.disable();
  }
});

test("what is no provider and no breaker is refused", () => {
  assert.throws(() => new CircuitBreakerInstruments({}), /^TypeError: provider is an object; it must be/);
  const instruments = new CircuitBreakerInstruments();
  for (const observed of [undefined, {}, "name"]) {
    assert.throws(() => instruments.observe(observed), /^TypeError: observed is .*; it must be a Circuit/);
  }
});
