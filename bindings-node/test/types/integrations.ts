// The types of the sub-path exports, over the real packages; it is not run.

import type { Interceptor } from "@grpc/grpc-js";
import { credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { metrics } from "@opentelemetry/api";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { Agent, interceptors, setGlobalDispatcher } from "undici";

import { CircuitBreaker, CircuitBreakerRegistry, grpcRetryPushbackMs, retryAfterMs } from "@k1s0/circuit-breaker";
import type { Fetch, Guard } from "@k1s0/circuit-breaker/fetch";
import { guardFetch } from "@k1s0/circuit-breaker/fetch";
import { circuitBreaker as grpcBreaker } from "@k1s0/circuit-breaker/grpc";
import { CircuitBreakerInstruments } from "@k1s0/circuit-breaker/otel";
import { circuitBreaker as undiciBreaker } from "@k1s0/circuit-breaker/undici";

const breaker = new CircuitBreaker();
const registry = new CircuitBreakerRegistry();

const asked: number | undefined = retryAfterMs(503, new Headers().get("retry-after"), null);
const pushback: number | undefined = grpcRetryPushbackMs("5");
console.log(asked, pushback);

// A guarded fetch is a fetch, and guards what is called like it.
const guarded: Fetch = guardFetch(breaker);
const platform: typeof fetch = guardFetch(registry, { fetch });
const again = guardFetch((url: URL) => registry.get(url.host), {
  fetch: guarded,
  classifyResponse: (response) => (response.status === 401 ? "failure" : undefined),
});
const response: Promise<Response> = again("/", { method: "PUT" });
void platform(new URL("about:blank"));
void response;
// @ts-expect-error no such outcome
guardFetch(breaker, { classifyResponse: () => "fine" });
// @ts-expect-error no guard
guardFetch({});
const guard: Guard<URL> = breaker;
guardFetch(guard);

setGlobalDispatcher(new Agent().compose(interceptors.retry(), undiciBreaker(registry)));
new Agent().compose(undiciBreaker((options) => registry.get(options.path)));
// @ts-expect-error no guard
undiciBreaker("breaker");

const interceptor: Interceptor = grpcBreaker(registry);
const Client = makeGenericClientConstructor({}, "Sick");
new Client("127.0.0.1:1", credentials.createInsecure(), { interceptors: [interceptor] }).close();
grpcBreaker((options) => registry.get(options.method_definition.path));

const instruments = new CircuitBreakerInstruments(new MeterProvider());
new CircuitBreakerInstruments(metrics.getMeterProvider()).observe(breaker, registry);
new CircuitBreakerInstruments().shutdown();
// @ts-expect-error it is no breaker
instruments.observe("payments");
