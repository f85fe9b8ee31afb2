// The types of what there is besides: what is right compiles, and what is wrong does not. It is not run.

import type {
  CircuitBreakerMetrics,
  CircuitBreakerSettings,
  Effect,
  Permit,
  RejectReason,
  Transition,
} from "@k1s0/circuit-breaker";
import { CircuitBreaker, CircuitBreakerError, CircuitBreakerRegistry } from "@k1s0/circuit-breaker";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

const byRate: CircuitBreakerSettings = { failureThreshold: "off", failureRate: 0.5 };
const cb = new CircuitBreaker(byRate, {
  name: "types",
  clock: () => 5n,
  classifyError: (error) => (error instanceof RangeError ? "ignored" : undefined),
  classifyResult: () => ({ outcome: "failure", retryAfterMs: 5 }),
});
new CircuitBreaker();
new CircuitBreaker({ timeoutMs: 5 });
// @ts-expect-error a number of milliseconds
new CircuitBreaker({ timeoutMs: "5" });
// @ts-expect-error no such field
new CircuitBreaker({ timeout: 5 });
// @ts-expect-error no such outcome
new CircuitBreaker({}, { classifyError: () => "fine" });

// Wrapped functions keep their types.
const get = cb.wrap(async (id: number, verbose?: boolean) => `${id} ${verbose}`);
same<typeof get, (this: unknown, id: number, verbose?: boolean) => Promise<string>>(true);
// @ts-expect-error an argument is missing
void get();
const length = cb.wrapSync((text: string) => text.length);
same<ReturnType<typeof length>, number>(true);

// Results come back as they are.
const sum = cb.call(() => 5);
same<typeof sum, Promise<number>>(true);
const fetched = cb.call((signal) => fetch("about:blank", { signal }), {
  signal: AbortSignal.timeout(5),
});
same<typeof fetched, Promise<Response>>(true);
fetched.catch(() => {});
const text = cb.callSync(() => "text");
same<typeof text, string>(true);

function permits(): Effect {
  using permit = cb.acquire();
  const other: Permit | null = cb.tryAcquire();
  other?.settle("ignored");
  // @ts-expect-error no such outcome
  other?.settle("fine");
  return permit.failure({ retryAfterMs: 5 });
}
permits();

const remove: () => void = cb.on("halfOpen", (transition) => {
  same<typeof transition, Transition>(true);
});
remove();
// @ts-expect-error no such event
cb.on("half-open", () => {});

const metrics: CircuitBreakerMetrics = cb.metrics();
same<typeof metrics.state, "Closed" | "Open" | "HalfOpen">(true);
// @ts-expect-error totals are the core's
metrics.successCount = 5;
const { reason, retryAfterMs } = new CircuitBreakerError();
same<typeof reason, RejectReason>(true);
same<typeof retryAfterMs, number | undefined>(true);
const registry = new CircuitBreakerRegistry({ timeoutMs: 5 });
same<ReturnType<typeof registry.get>, CircuitBreaker>(true);
