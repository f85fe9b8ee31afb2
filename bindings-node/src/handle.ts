// A breaker in the core's memory, and the steps that its operations have in common: ask, if need be ask again with the
// time, tell of the transitions that were made.

import type { CircuitBreakerSettings } from "./config.js";
import { create } from "./config.js";
import { ASK_WITH_TIME, core, NEEDS_NOW, REJECTED, text } from "./core.js";
import type { Explanation } from "./explanation.js";
import { readExplanation } from "./explanation.js";
import { Listeners } from "./listeners.js";
import type { CircuitBreakerMetrics } from "./metrics.js";
import { readMetrics } from "./metrics.js";
import type { RejectReason } from "./outcome.js";
import { ALREADY_SETTLED, REJECT_REASONS } from "./outcome.js";
import type { Clock } from "./time.js";
import { high, low, take } from "./time.js";
import type { Transition } from "./transition.js";
import { readTransitions } from "./transition.js";

/** Controls, by their numbers. @internal */
export const RESET = 0;
/** @internal */
export const TRIP = 1;
/** @internal */
export const FORCE_OPEN = 2;
/** @internal */
export const FORCE_CLOSED = 3;
/** @internal */
export const AUTOMATIC = 4;
/** @internal */
export const TICK = 5;

/** From here on, an effect comes with transitions. */
const MADE = 16;
const { acquire, settle } = core;

/** Frees what nobody disposed of. */
const freed = new FinalizationRegistry<number>((address) => core.free(address));

/** Permits that take a slot, and are not to keep it if they are forgotten. */
const forgotten = new FinalizationRegistry<() => void>((cancel) => cancel());

/** @internal */
export class Handle {
  /** 0 once it is disposed of. */
  address: number;
  #listeners: Listeners | undefined;
  /** When the last admission took the time. A permit that was given without it does not depend on it. */
  beganHigh = 0;
  beganLow = 0;
  /** What is left of the wait, if the last admission was a rejection. */
  #leftMs = NaN;

  constructor(
    settings: CircuitBreakerSettings,
    readonly clock: Clock,
    readonly name: string | undefined,
  ) {
    this.address = create(settings);
    freed.register(this, this.address, this);
  }

  dispose(): void {
    if (this.address !== 0) {
      freed.unregister(this);
      core.free(this.address);
      this.address = 0;
    }
  }

  #alive(): number {
    if (this.address === 0) {
      throw new Error("the circuit breaker has been disposed of");
    }
    return this.address;
  }

  #time(): void {
    take(this.clock());
  }

  /** A permit where nothing has to be decided: it is even. An odd answer is for `admitAsking`. */
  admitUnasked(): number {
    return acquire(this.#alive());
  }

  /** After `admitUnasked`: a permit, or an odd number that says why there is none. */
  admitAsking(answer: number): number {
    if (answer === ASK_WITH_TIME) {
      this.#time();
      answer = core.acquire_at(this.#alive(), high, low);
    } else if (answer < REJECTED) {
      return answer;
    }
    if (answer >= REJECTED && (answer & 1) === 1) {
      this.#leftMs = core.answer_ms();
    }
    this.beganHigh = high;
    this.beganLow = low;
    if (core.made() > 0) {
      const { beganHigh, beganLow } = this;
      const left = this.#leftMs;
      this.#tellMade();
      // A listener may have used the breaker meanwhile.
      this.beganHigh = beganHigh;
      this.beganLow = beganLow;
      this.#leftMs = left;
    }
    return answer;
  }

  /** Both steps. */
  admit(): number {
    const answer = this.admitUnasked();
    return (answer & 1) === 0 ? answer : this.admitAsking(answer);
  }

  /** Whether an admission answered with a permit. */
  static isPermit(answer: number): boolean {
    return (answer & 1) === 0 || answer < ASK_WITH_TIME;
  }

  /** Why an admission was a rejection. Callers make the error themselves: each frame of its stack costs half a microsecond. */
  static reason(answer: number): RejectReason {
    return REJECT_REASONS[(answer - REJECTED) / 2] ?? "open";
  }

  /** What was left of the wait at the last rejection, in milliseconds. */
  get left(): number | undefined {
    return Number.isNaN(this.#leftMs) ? undefined : this.#leftMs;
  }

  /** Settles a permit; answers the effect's number. `began` is when its admission took the time. */
  settle(permit: number, outcome: number, beganHigh: number, beganLow: number): number {
    // The breaker may be gone before its calls are.
    if (this.address === 0) {
      return ALREADY_SETTLED;
    }
    const result = settle(this.address, permit, outcome);
    return result === 0 ? 0 : this.#settleAsking(result, permit, outcome, beganHigh, beganLow);
  }

  #settleAsking(
    result: number,
    permit: number,
    outcome: number,
    beganHigh: number,
    beganLow: number,
  ): number {
    if (result === NEEDS_NOW) {
      this.#time();
      result = core.settle_at(this.address, permit, outcome, beganHigh, beganLow, high, low);
      if (result >= MADE) {
        this.#tellMade();
      }
    }
    return result % MADE;
  }

  /** As `settle`, of a server that asked not to be called for so long. */
  settleAsked(
    permit: number,
    outcome: number,
    beganHigh: number,
    beganLow: number,
    retryHigh: number,
    retryLow: number,
  ): number {
    if (this.address === 0) {
      return ALREADY_SETTLED;
    }
    let result = settle(this.address, permit, outcome);
    if (result === NEEDS_NOW) {
      this.#time();
      result = core.settle_asked_at(
        this.address,
        permit,
        outcome,
        beganHigh,
        beganLow,
        high,
        low,
        retryHigh,
        retryLow,
      );
      if (result >= MADE) {
        this.#tellMade();
      }
    }
    return result % MADE;
  }

  record(outcome: number): void {
    if (core.record(this.#alive(), outcome) === NEEDS_NOW) {
      this.#time();
      core.record_at(this.address, outcome, high, low);
      this.#tellMade();
    }
  }

  control(control: number): void {
    this.#alive();
    this.#time();
    core.control_at(this.#alive(), control, high, low);
    this.#tellMade();
  }

  /** The state's number. */
  state(): number {
    const state = core.state(this.#alive());
    if (state !== NEEDS_NOW) {
      return state;
    }
    this.#time();
    return core.state_at(this.#alive(), high, low);
  }

  metrics(): CircuitBreakerMetrics {
    let count = core.metrics(this.#alive());
    if (count === NEEDS_NOW) {
      this.#time();
      count = core.metrics_at(this.#alive(), high, low);
    }
    return readMetrics(core.answer(), count);
  }

  history(): Transition[] {
    return readTransitions(core.answer(), core.history(this.#alive()), this.name);
  }

  explain(): Explanation {
    if (core.explain(this.#alive()) === NEEDS_NOW) {
      this.#time();
      core.explain_at(this.#alive(), high, low);
    }
    return readExplanation(text(), this.name);
  }

  get listeners(): Listeners {
    return (this.#listeners ??= new Listeners());
  }

  #tellMade(): void {
    const count = core.made();
    if (count > 0 && this.#listeners !== undefined) {
      this.#listeners.tell(readTransitions(core.made_rows(), count, this.name));
    }
  }

  /** Cancels the permit if `owner` is collected before `keep`. */
  remind(owner: object, permit: number, beganHigh: number, beganLow: number): void {
    forgotten.register(owner, () => this.settle(permit, 3, beganHigh, beganLow), owner);
  }

  static keep(owner: object): void {
    forgotten.unregister(owner);
  }
}
