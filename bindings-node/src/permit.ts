/// <reference lib="esnext.disposable" preserve="true" />

import { takeLength } from "./config.js";
import { Handle, takenHigh, takenLow } from "./handle.js";
import type { Effect, Outcome } from "./outcome.js";
import {
  ALREADY_SETTLED,
  CANCELLED,
  EFFECTS,
  FAILURE,
  IGNORED,
  OUTCOMES,
  SUCCESS,
} from "./outcome.js";
import { high, low } from "./time.js";

/** How a call ended, and what the server said of it. */
export interface EndingOptions {
  /** How long the server asks not to be called; it counts if this failure opens the circuit. */
  retryAfterMs?: number;
}

/**
 * Leave to make one call, to be settled once. Disposed of without that, it counts as cancelled; a probe that is
 * collected without that, too.
 *
 * ```ts
 * using permit = breaker.acquire();
 * const response = await fetch(url);
 * permit.success();
 * ```
 */
export class Permit {
  readonly #handle: Handle;
  readonly #permit: number;
  readonly #beganHigh: number;
  readonly #beganLow: number;
  #settled = false;

  /** @internal */
  constructor(handle: Handle, permit: number, wasAsked: boolean) {
    this.#handle = handle;
    this.#permit = permit;
    this.#beganHigh = wasAsked ? takenHigh : 0;
    this.#beganLow = wasAsked ? takenLow : 0;
    // Only these can hold a slot.
    if (wasAsked) {
      handle.remind(this, permit, this.#beganHigh, this.#beganLow);
    }
  }

  /** Asks for admission; a number is the answer of one that was a rejection. @internal */
  static acquire(handle: Handle): Permit | number {
    const unasked = handle.admitUnasked();
    if ((unasked & 1) === 0) {
      return new Permit(handle, unasked, false);
    }
    const answer = handle.admitAsking(unasked);
    return Handle.isPermit(answer) ? new Permit(handle, answer, true) : answer;
  }

  /** The service is able to do its work. */
  success(): Effect {
    return this.#settle(SUCCESS);
  }

  /** It is not. */
  failure(options?: EndingOptions): Effect {
    return this.#settle(FAILURE, options);
  }

  /** The result says nothing about the service: a business error. */
  ignore(): Effect {
    return this.#settle(IGNORED);
  }

  /** The caller gave up. */
  cancel(): Effect {
    return this.#settle(CANCELLED);
  }

  /** Any of these, by name. */
  settle(outcome: Outcome, options?: EndingOptions): Effect {
    const number = OUTCOMES.indexOf(outcome);
    if (number < 0) {
      throw new TypeError(`${String(outcome)} is no outcome; there are: ${OUTCOMES.join(", ")}`);
    }
    return this.#settle(number, options);
  }

  /** Whether it has been settled. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Cancels it, unless it is settled. */
  [Symbol.dispose](): void {
    this.#settle(CANCELLED);
  }

  #settle(outcome: number, options?: EndingOptions): Effect {
    if (this.#settled) {
      return EFFECTS[ALREADY_SETTLED] as Effect;
    }
    const asked = options?.retryAfterMs;
    let effect: number;
    if (asked === undefined) {
      this.#settled = true;
      effect = this.#handle.settle(this.#permit, outcome, this.#beganHigh, this.#beganLow);
    } else {
      takeLength("retryAfterMs", asked);
      this.#settled = true;
      effect = this.#handle.settleAsked(
        this.#permit,
        outcome,
        this.#beganHigh,
        this.#beganLow,
        high,
        low,
      );
    }
    Handle.keep(this);
    return EFFECTS[effect] as Effect;
  }
}
