// A breaker of the core, and the steps that its operations have in common: ask, if need be ask again with the
// time, tell of the transitions that were made.

import type { Classifier } from "./classifier.js";
import { ASK_WITH_TIME, core, NEEDS_NOW, REJECTED, text } from "./core.js";
import type { CircuitBreakerError } from "./error.js";
import { rejection, withoutStack } from "./error.js";
import type { Explanation } from "./explanation.js";
import { readExplanation } from "./explanation.js";
import { Listeners } from "./listeners.js";
import type { CircuitBreakerMetrics } from "./metrics.js";
import { readMetrics } from "./metrics.js";
import { ALREADY_SETTLED, CANCELLED, REJECT_REASONS, SUCCESS } from "./outcome.js";
import type { SharedListeners } from "./sharing.js";
import { Slot } from "./slot.js";
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

/** Frees what nobody disposed of. (Without a token to unregister by: it would cost each breaker more than its slot.) */
const freed = new FinalizationRegistry<Slot>((slot) => slot.free());

/** Permits that take a slot, and are not to keep it if they are forgotten. */
const forgotten = new FinalizationRegistry<() => void>((cancel) => cancel());

// What the last admission answered besides, for its caller to take at once. Not the handle's: ten thousand of those are
// kept, and need it only for that moment.

/** When it took the time. A permit that was given without it does not depend on it. @internal */
export let takenHigh = 0;
/** @internal */
export let takenLow = 0;
/** What is left of the wait, in milliseconds, if it was a rejection; NaN where nobody can say. */
let leftMs = NaN;

/** What a breaker was given besides its configuration. @internal */
export interface Given {
  readonly name: string | undefined;
  readonly clock: Clock;
  readonly classifyError: Classifier["classifyError"];
  readonly classifyResult: Classifier["classifyResult"];
  readonly stackTraces: boolean;
}

/** @internal */
export class Handle {
  readonly #slot: Slot;
  #listeners: Listeners | undefined;

  constructor(
    address: number,
    readonly given: Given,
    shared?: SharedListeners,
  ) {
    this.#slot = new Slot(address);
    this.#listeners = shared;
    freed.register(this, this.#slot);
  }

  dispose(): void {
    if (this.#slot.address !== 0) {
      this.#listeners?.leave();
      this.#listeners = undefined;
      this.#slot.free();
    }
  }

  #alive(): number {
    return this.#slot.alive();
  }

  #time(): void {
    take(this.given.clock());
  }

  /** A permit where nothing has to be decided: it is even. An odd answer is for `admitAsking`. */
  admitUnasked(): number {
    return this.#slot.acquire();
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
      leftMs = core.answer_ms();
    }
    takenHigh = high;
    takenLow = low;
    if (core.made() > 0) {
      const taken = [takenHigh, takenLow, leftMs] as const;
      this.#tellMade();
      // A listener may have used a breaker meanwhile.
      [takenHigh, takenLow, leftMs] = taken;
    }
    return answer;
  }

  /** Both steps. */
  admit(): number {
    const answer = this.admitUnasked();
    if ((answer & 1) === 0) {
      takenHigh = takenLow = 0;
      return answer;
    }
    return this.admitAsking(answer);
  }

  /** Whether an admission answered with a permit. */
  static isPermit(answer: number): boolean {
    return (answer & 1) === 0 || answer < ASK_WITH_TIME;
  }

  /** Whether the errors of rejections have stacks. */
  get stackTraces(): boolean {
    return this.given.stackTraces;
  }

  /**
   * What an admission that was a rejection is thrown as. It is made of the caller's own error, with the caller's stack, or
   * of none: a frame more in a stack costs a third of a microsecond.
   */
  rejection(answer: number, error: Error | null): CircuitBreakerError {
    const reason = REJECT_REASONS[(answer - REJECTED) / 2] ?? "open";
    const left = Number.isNaN(leftMs) ? undefined : leftMs;
    return rejection(error ?? withoutStack(), reason, left, this.given.name);
  }

  /** Settles a permit; answers the effect's number. `began` is when its admission took the time. */
  settle(permit: number, outcome: number, beganHigh: number, beganLow: number): number {
    const slot = this.#slot;
    if (outcome === SUCCESS && slot.succeed(permit)) {
      return 0;
    }
    // The breaker may be gone before its calls are.
    if (slot.address === 0) {
      return ALREADY_SETTLED;
    }
    const result = slot.settle(permit, outcome);
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
      result = core.settle_at(this.#alive(), permit, outcome, beganHigh, beganLow, high, low);
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
    if (this.#slot.address === 0) {
      return ALREADY_SETTLED;
    }
    let result = this.#slot.settle(permit, outcome);
    if (result === NEEDS_NOW) {
      this.#time();
      result = core.settle_asked_at(
        this.#alive(),
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
      core.record_at(this.#alive(), outcome, high, low);
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
    return readTransitions(core.answer(), core.history(this.#alive()), this.given.name);
  }

  explain(): Explanation {
    if (core.explain(this.#alive()) === NEEDS_NOW) {
      this.#time();
      core.explain_at(this.#alive(), high, low);
    }
    return readExplanation(text(), this.given.name);
  }

  get listeners(): Listeners {
    return (this.#listeners ??= new Listeners());
  }

  #tellMade(): void {
    const count = core.made();
    if (count > 0 && this.#listeners !== undefined) {
      this.#listeners.made(count, this.given.name);
    }
  }

  /** Cancels the permit if `owner` is collected before `keep`. */
  remind(owner: object, permit: number, beganHigh: number, beganLow: number): void {
    forgotten.register(owner, () => this.settle(permit, CANCELLED, beganHigh, beganLow), owner);
  }

  static keep(owner: object): void {
    forgotten.unregister(owner);
  }
}
