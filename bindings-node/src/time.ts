// Time: where it comes from, and how it gets to the core, which takes nanoseconds in two halves of 32 bits.

/**
 * Where a breaker takes the time from: a monotonic reading in milliseconds, or in nanoseconds if it is a bigint
 * (`process.hrtime.bigint` is such a clock). Only differences between readings mean anything; a reading below 0 counts
 * as 0. It is read only where the time decides: never while a breaker that counts failures in a row is closed.
 */
export type Clock = () => number | bigint;

const TWO_32 = 2 ** 32;
const TWO_64 = 2 ** 64;

/** The halves of the last time that was taken. Two variables, for an answer of two would be an object per call. */
/** @internal */
export let high = 0;
/** @internal */
export let low = 0;

/** Takes a reading of a clock apart. @internal */
export function take(reading: number | bigint): void {
  if (typeof reading === "bigint") {
    takeNanoseconds(reading < 0n ? 0n : reading);
    return;
  }
  const nanoseconds = Math.round(reading * 1e6);
  // Not a number, too.
  if (!(nanoseconds > 0)) {
    high = low = 0;
  } else if (nanoseconds >= TWO_64) {
    high = low = -1;
  } else {
    high = (nanoseconds / TWO_32) | 0;
    low = nanoseconds | 0;
  }
}

/** As `take`; 2^64 and more are "never". @internal */
export function takeNanoseconds(nanoseconds: bigint): void {
  if (nanoseconds >= 0xffff_ffff_ffff_ffffn) {
    high = low = -1;
  } else {
    high = Number(nanoseconds >> 32n) | 0;
    low = Number(nanoseconds & 0xffff_ffffn) | 0;
  }
}

/** Nanoseconds of the core as milliseconds. @internal */
export function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}

/**
 * A length of time that a number of milliseconds does not hold exactly. The conformance suite goes to the ends of 64
 * bits with it.
 * @internal
 */
export class Nanoseconds {
  constructor(readonly value: bigint) {}
}
