import type { CircuitBreakerOptions } from "./breaker.js";
import { CircuitBreaker } from "./breaker.js";
import type { CircuitBreakerSettings } from "./config.js";

/** Breakers by name, one for each service: made when they are first asked for. */
export class CircuitBreakerRegistry {
  readonly #config: CircuitBreakerSettings;
  readonly #options: Omit<CircuitBreakerOptions, "name">;
  readonly #breakers = new Map<string, CircuitBreaker>();

  /** Each breaker is made of this configuration, which is checked now. */
  constructor(
    config: CircuitBreakerSettings = {},
    options: Omit<CircuitBreakerOptions, "name"> = {},
  ) {
    this.#config = { ...config };
    this.#options = { ...options };
    new CircuitBreaker(this.#config, this.#options)[Symbol.dispose]();
  }

  /** The breaker of this name. A configuration counts where the breaker is made by this call. */
  get(name: string, config: CircuitBreakerSettings = this.#config): CircuitBreaker {
    let breaker = this.#breakers.get(name);
    if (breaker === undefined) {
      breaker = new CircuitBreaker(config, { ...this.#options, name });
      this.#breakers.set(name, breaker);
    }
    return breaker;
  }

  /** Whether there is one of this name. */
  has(name: string): boolean {
    return this.#breakers.has(name);
  }

  /** Forgets a breaker; who has it can use it on. Answers whether there was one. */
  delete(name: string): boolean {
    return this.#breakers.delete(name);
  }

  /** How many there are. */
  get size(): number {
    return this.#breakers.size;
  }

  /** Names and breakers, in the order in which they were made. */
  [Symbol.iterator](): IterableIterator<[string, CircuitBreaker]> {
    return this.#breakers.entries();
  }
}
