import { core } from "./core.js";
import type { CircuitState } from "./outcome.js";
import type { Transition } from "./transition.js";
import { readTransitions } from "./transition.js";

/** What can be listened to: a change to one of the states, or every transition. */
export interface CircuitBreakerEvents {
  /** The circuit has opened. */
  open: Transition;
  /** The wait is over, and probes go through. */
  halfOpen: Transition;
  /** The circuit has closed. */
  close: Transition;
  /** Every transition, those too where only a new epoch began. */
  transition: Transition;
}

type Listener = (transition: Transition) => void;

const BY_STATE: Record<CircuitState, keyof CircuitBreakerEvents> = {
  closed: "close",
  open: "open",
  "half-open": "halfOpen",
};

/** Listeners of one breaker, told in order, one transition after the other. @internal */
export class Listeners {
  readonly #listeners = new Map<keyof CircuitBreakerEvents, Set<Listener>>();
  readonly #waiting: Transition[] = [];
  #telling = false;

  add(event: keyof CircuitBreakerEvents, listener: Listener): () => void {
    if (typeof listener !== "function") {
      throw new TypeError("a listener must be a function");
    }
    let listeners = this.#listeners.get(event);
    if (listeners === undefined) {
      this.#listeners.set(event, (listeners = new Set()));
    }
    listeners.add(listener);
    return () => this.remove(event, listener);
  }

  remove(event: keyof CircuitBreakerEvents, listener: Listener): void {
    this.#listeners.get(event)?.delete(listener);
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return [...this.#listeners.values()].every(({ size }) => size === 0);
  }

  /** The core has just written down so many transitions that this thread made. */
  made(count: number, name: string | undefined): void {
    this.tell(readTransitions(core.made_rows(), count, name));
  }

  /** A handle that they were of has been disposed of. */
  leave(): void {}

  /** Tells of these. A listener that uses the breaker makes more, which are told after them. */
  tell(transitions: readonly Transition[]): void {
    this.#waiting.push(...transitions);
    if (this.#telling) {
      return;
    }
    this.#telling = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (next.from !== next.to) {
        this.#tellOne(BY_STATE[next.to], next);
      }
      this.#tellOne("transition", next);
    }
    this.#telling = false;
  }

  #tellOne(event: keyof CircuitBreakerEvents, transition: Transition): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(transition);
      } catch (error) {
        // It must cost neither the caller its result nor other listeners the event.
        console.error("a circuit breaker's listener threw", error);
      }
    }
  }
}
