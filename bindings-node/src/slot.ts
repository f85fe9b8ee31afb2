// The part of a breaker that the core knows: its number there, and where it is read and counted in without asking. While
// the circuit is closed and nothing is to be decided, its admission word is even and is the permit; a call that finds the
// same word when it has succeeded is one more success and nothing else (DESIGN 5).

import { core, locate, NEEDS_NOW } from "./core.js";

/** A word that says: ask. It is odd, and no permit (that of a call that only `shadow` lets through is 1). */
const ASK = (): Int32Array => new Int32Array([3]);
/** Where the place has not been looked for yet; the first success does. */
const UNKNOWN = ASK();
/** Where there is none. */
const NOWHERE = ASK();

const { acquire, settle } = core;

/**
 * Nothing of it leads back to the breaker or to what is the user's, for it is kept until the breaker has been collected.
 * @internal
 */
export class Slot {
  /** 0 once it is freed. */
  address: number;
  #words = UNKNOWN;
  #word = 0;
  #counts = NOWHERE;
  #count = 0;
  /** Which outcomes the core takes the time to settle, a bit for each, as far as that is known. */
  timed = 0;

  constructor(address: number) {
    this.address = address;
  }

  /** Where this thread reads its word, and counts its successes. */
  see(words: Int32Array, word: number, counts: Int32Array, count: number): void {
    this.#words = words;
    this.#word = word;
    this.#counts = counts;
    this.#count = count;
  }

  /** A permit where nothing has to be decided: it is even. */
  acquire(): number {
    const word = this.#words[this.#word] as number;
    return (word & 1) === 0 ? word : acquire(this.alive());
  }

  /** Settles as a success where that is one more and nothing else; false: `settle`. */
  succeed(permit: number): boolean {
    if (this.#words[this.#word] !== permit) {
      return false;
    }
    const counted = this.#counts[this.#count] as number;
    // All its bits are set: the carry is the core's to make.
    if (counted === -1) {
      return false;
    }
    this.#counts[this.#count] = counted + 1;
    return true;
  }

  /** As the core's. */
  settle(permit: number, outcome: number): number {
    if (((this.timed >> outcome) & 1) === 1) {
      return NEEDS_NOW;
    }
    if (this.#words === UNKNOWN) {
      this.#words = NOWHERE;
      locate(this);
    }
    return settle(this.address, permit, outcome);
  }

  /** The breaker's number. */
  alive(): number {
    if (this.address === 0) {
      throw new Error("the circuit breaker has been disposed of");
    }
    return this.address;
  }

  free(): void {
    if (this.address !== 0) {
      core.free(this.address);
      this.address = 0;
      this.see(NOWHERE, 0, NOWHERE, 0);
    }
  }
}
