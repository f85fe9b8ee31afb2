// The specification's TypeScript API, as a user's program sees it; compiled with `tsc --strict`, and then run.

import type { CircuitBreakerConfig, CircuitState } from "@k1s0/circuit-breaker";
import { CircuitBreaker, CircuitBreakerError } from "@k1s0/circuit-breaker";

const config: CircuitBreakerConfig = {
  failureThreshold: 1,
  successThreshold: 3,
  timeoutMs: 30_000,
};
// Three fields are the whole of what it must have, and they are numbers.
const numbers: [number, number, number] = [
  config.failureThreshold,
  config.successThreshold,
  config.timeoutMs,
];

const cb = new CircuitBreaker(config);
const state: CircuitState = cb.state;
const every: Record<CircuitState, number> = { closed: 0, open: 1, "half-open": 2 };
const isOpen: boolean = cb.isOpen();
const nothing: [void, void] = [cb.recordSuccess(), cb.recordFailure()];

async function ask(): Promise<string> {
  try {
    const answer: number = await cb.call(async () => 5);
    return `${answer}`;
  } catch (error) {
    if (error instanceof CircuitBreakerError) {
      return error.message;
    }
    throw error;
  }
}

const error: Error = new CircuitBreakerError();
console.log(await ask(), state, isOpen, every[cb.state], numbers, nothing.length, error.name);
