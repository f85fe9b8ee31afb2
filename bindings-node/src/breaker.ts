/// <reference lib="esnext.disposable" preserve="true" />

import { callAbortable } from "./abortable.js";
import type { Classifier, Verdict } from "./classifier.js";
import { processClock, standardClock } from "./clock.js";
import type { CircuitBreakerSettings } from "./config.js";
import { create, createShared, takeLength } from "./config.js";
import type { Given } from "./handle.js";
import {
  AUTOMATIC,
  FORCE_CLOSED,
  FORCE_OPEN,
  Handle,
  RESET,
  takenHigh,
  takenLow,
  TICK,
  TRIP,
} from "./handle.js";
import { OPEN } from "./error.js";
import type { Explanation } from "./explanation.js";
import type { CircuitBreakerEvents } from "./listeners.js";
import type { CircuitBreakerMetrics } from "./metrics.js";
import { SharedListeners } from "./sharing.js";
import type { CircuitState } from "./outcome.js";
import { FAILURE, OUTCOMES, STATES, SUCCESS } from "./outcome.js";
import { Permit } from "./permit.js";
import type { Clock } from "./time.js";
import { high, low } from "./time.js";
import type { Transition } from "./transition.js";

/** What a breaker has besides its configuration. */
export interface CircuitBreakerOptions extends Classifier {
  /** Said in errors and events. */
  name?: string;
  /** Where the time comes from; by default a monotonic clock that follows fake timers. */
  clock?: Clock;
  /**
   * Whether a rejection's error has a stack, true by default. Without one, which leaves its first line, a rejection costs
   * less than half.
   */
  stackTraces?: boolean;
}

/** What a single call may be given. */
export interface CallOptions {
  /**
   * Ends the call when it aborts: the promise rejects at once with the signal's reason, whatever the function does with
   * the signal, and counts as cancelled; as a failure if the reason is a `TimeoutError`, that of
   * `AbortSignal.timeout`. Nothing is called if it has aborted already.
   */
  signal?: AbortSignal | undefined;
}

type Continue = (value: unknown) => unknown;

/**
 * Guards calls to another service: stops calling it while it is sick, and finds out by itself when it is well again.
 * It has no timers, and keeps no process alive.
 */
export class CircuitBreaker {
  readonly #handle: Handle;
  // What follows a guarded promise, made once per epoch: a permit says no more than its epoch.
  #permit = -1;
  #ok: Continue | undefined = undefined;
  #ko: Continue | undefined = undefined;

  /**
   * A closed breaker.
   * @throws {CircuitBreakerConfigError} (a RangeError) or {CircuitBreakerConfigTypeError} (a TypeError) where a field is
   * not what it may be; they name field, value and range.
   */
  constructor(config?: CircuitBreakerSettings, options?: CircuitBreakerOptions);
  /** @internal */
  constructor(config: undefined, options: undefined, handle: Handle);
  constructor(
    config: CircuitBreakerSettings = {},
    options?: CircuitBreakerOptions,
    handle: Handle = new Handle(create(config), given(options, standardClock)),
  ) {
    this.#handle = handle;
  }

  /**
   * The breaker of this name that all threads of the process share: what a worker's calls come to, the others see. The
   * first to ask for it makes it; when no thread has it any more it is gone, also where a thread was terminated. `config`
   * must be the one that it was made of, or left out: then whatever it has is right, and for a new one the defaults.
   *
   * Classifiers and listeners are each thread's own. Listeners hear of every transition, in their order: of those that other
   * threads made soon after, in a turn of their own. A clock must be one that all threads have, as the standard one is here.
   *
   * Only the native addon shares; see `backend`.
   * @throws {CircuitBreakerConfigError} as the constructor does, and where it was made of another configuration.
   */
  static shared(
    name: string,
    config?: CircuitBreakerSettings,
    options?: Omit<CircuitBreakerOptions, "name">,
  ): CircuitBreaker {
    const its = given({ ...options, name }, processClock);
    const address = createShared(name, config);
    const handle = new Handle(address, its, SharedListeners.of(address, name));
    return new CircuitBreaker(undefined, undefined, handle);
  }

  /** The name, if it was given one. */
  get name(): string | undefined {
    return this.#handle.given.name;
  }

  /** The state now: half-open as soon as the wait is over, though no call has come yet. */
  get state(): CircuitState {
    return STATES[this.#handle.state()] as CircuitState;
  }

  /** Whether the state is open. */
  isOpen(): boolean {
    return this.state === "open";
  }

  /**
   * Calls `fn` if the circuit lets it, and answers what it does, unchanged. Whatever goes wrong comes as a rejection.
   * @throws {CircuitBreakerError} if it does not: then `fn` was not called.
   */
  call<T>(fn: () => PromiseLike<T> | T): Promise<T>;
  call<T>(
    fn: (signal: AbortSignal) => PromiseLike<T> | T,
    options: CallOptions & { signal: AbortSignal },
  ): Promise<T>;
  call<T>(fn: () => PromiseLike<T> | T, options: CallOptions): Promise<T>;
  call<T>(
    fn: (signal: AbortSignal) => PromiseLike<T> | T,
    options?: CallOptions,
  ): Promise<T> {
    if (options?.signal !== undefined) {
      return callAbortable(this.#handle, fn, options.signal, {
        succeeded: (...ended) => this.#succeeded(...ended),
        rejected: (...ended) => this.#rejected(...ended),
      });
    }
    const handle = this.#handle;
    let permit: number;
    let result: PromiseLike<T> | T;
    try {
      permit = handle.admitUnasked();
      if ((permit & 1) === 1) {
        permit = handle.admitAsking(permit);
        if (Handle.isPermit(permit)) {
          return this.#callAsked(permit, fn as () => PromiseLike<T> | T);
        }
        return later(handle.rejection(permit, handle.stackTraces ? new Error(OPEN) : null));
      }
    } catch (error) {
      return Promise.reject(error);
    }
    try {
      result = (fn as () => PromiseLike<T> | T)();
    } catch (error) {
      return this.#rejected(error, permit, 0, 0);
    }
    if (permit !== this.#permit) {
      this.#enter(permit);
    }
    const promise = result instanceof Promise ? result : Promise.resolve(result);
    return promise.then(this.#ok, this.#ko) as Promise<T>;
  }

  /**
   * As `call`, of a function that returns its result at once.
   * @throws {CircuitBreakerError} if the circuit does not let it.
   */
  callSync<T>(fn: () => T): T {
    const handle = this.#handle;
    const permit = handle.admit();
    if (!Handle.isPermit(permit)) {
      throw handle.rejection(permit, handle.stackTraces ? new Error(OPEN) : null);
    }
    const beganHigh = takenHigh;
    const beganLow = takenLow;
    let result: T;
    try {
      result = fn();
    } catch (error) {
      this.#failed(error, permit, beganHigh, beganLow);
      throw error;
    }
    return this.#succeeded(result, permit, beganHigh, beganLow);
  }

  /** A function like this one whose calls are guarded. Its `this` and its arguments are passed on. */
  wrap<This, Arguments extends unknown[], T>(
    fn: (this: This, ...args: Arguments) => PromiseLike<T>,
  ): (this: This, ...args: Arguments) => Promise<T> {
    const breaker = this;
    const wrapped = function (this: This, ...args: Arguments): Promise<T> {
      return breaker.call(() => fn.apply(this, args));
    };
    return namedAs(wrapped, fn);
  }

  /** As `wrap`, of a function that returns its result at once. */
  wrapSync<This, Arguments extends unknown[], T>(
    fn: (this: This, ...args: Arguments) => T,
  ): (this: This, ...args: Arguments) => T {
    const breaker = this;
    const wrapped = function (this: This, ...args: Arguments): T {
      return breaker.callSync(() => fn.apply(this, args));
    };
    return namedAs(wrapped, fn);
  }

  /**
   * Begins a call that ends elsewhere.
   * @throws {CircuitBreakerError} if the circuit does not let it.
   */
  acquire(): Permit {
    const handle = this.#handle;
    const permit = Permit.acquire(handle);
    if (typeof permit === "number") {
      throw handle.rejection(permit, handle.stackTraces ? new Error(OPEN) : null);
    }
    return permit;
  }

  /** As `acquire`, and null if the circuit does not let it. */
  tryAcquire(): Permit | null {
    const permit = Permit.acquire(this.#handle);
    return typeof permit === "number" ? null : permit;
  }

  /** Records a success that no permit was taken for. */
  recordSuccess(): void {
    this.#handle.record(SUCCESS);
  }

  /** Records a failure that no permit was taken for. */
  recordFailure(): void {
    this.#handle.record(FAILURE);
  }

  /** Closes the circuit, with nothing counted, and ends a forced mode. */
  reset(): void {
    this.#handle.control(RESET);
  }

  /** Opens the circuit as a failure would; does nothing in a forced mode. */
  trip(): void {
    this.#handle.control(TRIP);
  }

  /** Rejects every call until `automatic()` or `reset()`. */
  forceOpen(): void {
    this.#handle.control(FORCE_OPEN);
  }

  /** Lets every call through and decides nothing until `automatic()` or `reset()`. */
  forceClosed(): void {
    this.#handle.control(FORCE_CLOSED);
  }

  /** Ends a forced mode; what was underneath comes back. */
  automatic(): void {
    this.#handle.control(AUTOMATIC);
  }

  /**
   * Looks for calls that hang, where `countHungCalls` is on. Admissions look by themselves; this is for when none come.
   */
  tick(): void {
    this.#handle.control(TICK);
  }

  /** State and totals. */
  metrics(): CircuitBreakerMetrics {
    return this.#handle.metrics();
  }

  /** What it is doing, why, and what would change that. `String()` of it are some lines for a person. */
  explain(): Explanation {
    return this.#handle.explain();
  }

  /** The last transitions, at most 32, the oldest first. */
  recentTransitions(): Transition[] {
    return this.#handle.history();
  }

  /**
   * Calls `listener` after each such change, before the operation that made it comes back. Answers a function that
   * removes it. What a listener throws is written to the console.
   */
  on<Event extends keyof CircuitBreakerEvents>(
    event: Event,
    listener: (event: CircuitBreakerEvents[Event]) => void,
  ): () => void {
    return this.#handle.listeners.add(event, listener);
  }

  /** Removes a listener. */
  off<Event extends keyof CircuitBreakerEvents>(
    event: Event,
    listener: (event: CircuitBreakerEvents[Event]) => void,
  ): void {
    this.#handle.listeners.remove(event, listener);
  }

  /** Frees the breaker's memory now; it is freed by itself when the breaker is collected. It must not be used after that. */
  [Symbol.dispose](): void {
    this.#handle.dispose();
  }

  /** A call that had to be asked for: its permit may depend on when it began. */
  #callAsked<T>(permit: number, fn: () => PromiseLike<T> | T): Promise<T> {
    const beganHigh = takenHigh;
    const beganLow = takenLow;
    let result: PromiseLike<T> | T;
    try {
      result = fn();
    } catch (error) {
      return this.#rejected(error, permit, beganHigh, beganLow);
    }
    return Promise.resolve(result).then(
      (value) => this.#succeeded(value, permit, beganHigh, beganLow),
      (error) => {
        this.#failed(error, permit, beganHigh, beganLow);
        throw error;
      },
    );
  }

  #enter(permit: number): void {
    this.#permit = permit;
    const handle = this.#handle;
    this.#ok =
      this.#handle.given.classifyResult === undefined
        ? (value) => {
            handle.settle(permit, SUCCESS, 0, 0);
            return value;
          }
        : (value) => this.#succeeded(value, permit, 0, 0);
    this.#ko = (error) => {
      this.#failed(error, permit, 0, 0);
      throw error;
    };
  }

  #succeeded<T>(result: T, permit: number, beganHigh: number, beganLow: number): T {
    if (this.#handle.given.classifyResult === undefined) {
      this.#handle.settle(permit, SUCCESS, beganHigh, beganLow);
    } else {
      this.#judged(() => this.#handle.given.classifyResult?.(result), SUCCESS, permit, beganHigh, beganLow);
    }
    return result;
  }

  #failed(error: unknown, permit: number, beganHigh: number, beganLow: number): void {
    if (this.#handle.given.classifyError === undefined) {
      this.#handle.settle(permit, FAILURE, beganHigh, beganLow);
    } else {
      this.#judged(() => this.#handle.given.classifyError?.(error), FAILURE, permit, beganHigh, beganLow);
    }
  }

  #rejected(
    error: unknown,
    permit: number,
    beganHigh: number,
    beganLow: number,
  ): Promise<never> {
    try {
      this.#failed(error, permit, beganHigh, beganLow);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
    return Promise.reject(error);
  }

  /** Settles as a classifier says. If it throws, that is the user's to see, and the call a failure. */
  #judged(
    classify: () => Verdict,
    otherwise: number,
    permit: number,
    beganHigh: number,
    beganLow: number,
  ): void {
    const handle = this.#handle;
    let outcome = FAILURE;
    let retryAfterMs: number | undefined;
    try {
      const verdict = classify();
      const word = typeof verdict === "object" ? verdict.outcome : verdict;
      outcome = word === undefined ? otherwise : outcomeOf(word);
      retryAfterMs = typeof verdict === "object" ? verdict.retryAfterMs : undefined;
      if (retryAfterMs !== undefined) {
        takeLength("retryAfterMs", retryAfterMs);
      }
    } catch (error) {
      handle.settle(permit, FAILURE, beganHigh, beganLow);
      throw error;
    }
    if (retryAfterMs === undefined) {
      handle.settle(permit, outcome, beganHigh, beganLow);
    } else {
      handle.settleAsked(permit, outcome, beganHigh, beganLow, high, low);
    }
  }
}

const NOW = Promise.resolve();

/**
 * A promise that rejects as soon as its caller has had the time to await it. One that is born rejected has Node note that
 * nobody handles it, and take that back: twice the cost of all the rest but the stack.
 */
function later(error: unknown): Promise<never> {
  return new Promise((_, reject) => {
    void NOW.then(() => reject(error));
  });
}

/** Of every breaker that was given nothing. */
const NOTHING: Given = chosen({}, standardClock);

function given(options: CircuitBreakerOptions | undefined, standard: Clock): Given {
  return options === undefined ? NOTHING : chosen(options, standard);
}

function chosen(options: CircuitBreakerOptions, standard: Clock): Given {
  return {
    name: options.name,
    clock: options.clock ?? standard,
    classifyError: options.classifyError,
    classifyResult: options.classifyResult,
    stackTraces: options.stackTraces ?? true,
  };
}

function outcomeOf(word: string): number {
  const number = (OUTCOMES as readonly string[]).indexOf(word);
  if (number < 0) {
    throw new TypeError(`${word} is no outcome; there are: ${OUTCOMES.join(", ")}`);
  }
  return number;
}

function namedAs<F extends Function>(wrapped: F, fn: Function): F {
  Object.defineProperty(wrapped, "name", { value: fn.name, configurable: true });
  Object.defineProperty(wrapped, "length", { value: fn.length, configurable: true });
  return wrapped;
}
