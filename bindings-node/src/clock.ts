// The standard clock: monotonic, and following fake timers.
//
// Test libraries fake time by replacing the global `Date` (or its `now`). While that is so, elapsed time is that of the
// replaced one. What a breaker saw before must go on: it is open since a real moment, and the test expects it half-open
// after advancing by its wait. So the fake's first reading is put where it belongs on the real clock:
//
// * Vitest and Jest start their fake date at the real one. Then the difference between the real date and the real
//   monotonic clock does it, a millisecond ahead rather than behind, for dates have no fractions.
// * `node:test` starts at 0, so its date is the time that it has been advanced by.
// * A date that is set to anything else says nothing of when it was set: time goes on from the reading before.

const isReal = (value: unknown): boolean =>
  Function.prototype.toString.call(value).includes("[native code]");

/** None if this module was first loaded while timers were faked. */
const realDateNow: (() => number) | undefined =
  isReal(Date) && isReal(Date.now) ? Date.now.bind(Date) : undefined;
// Fakes may replace `performance.now`, too. (That of Node is no native code, and cannot be told from a fake.)
const monotonic: () => number = realDateNow
  ? performance.now.bind(performance)
  : () => performance.now();

const DAY = 86_400_000;

let seenDate: unknown = realDateNow && Date;
let seenDateNow: unknown = realDateNow && Date.now;
let faked = false;
/** What is added to a fake date. */
let offset = 0;
/** The same of the last fake that began at the real date. */
let lastOffset = 0;
let last = 0;

/** Monotonic milliseconds. @internal */
export function standardClock(): number {
  if (Date !== seenDate || Date.now !== seenDateNow) {
    look();
  }
  last = faked ? Date.now() + offset : monotonic();
  return last;
}

/** The global `Date` is another one than the last time. */
function look(): void {
  seenDate = Date;
  seenDateNow = Date.now;
  faked = !(isReal(Date) && isReal(Date.now));
  if (faked) {
    const date = Date.now();
    const [real, now] = bothClocks();
    // An earlier fake may have been advanced past what is real now.
    const before = Math.min(last, now);
    if (Math.abs(date - real) < 400 * DAY) {
      // Up to a millisecond more or less, by the fraction that the real date does not show; a fake after another must not
      // be behind it.
      const difference = now - Math.floor(real) + 1;
      lastOffset =
        Math.abs(difference - lastOffset) < 1 ? Math.max(difference, lastOffset) : difference;
      offset = lastOffset;
    } else if (date >= 0 && date < 400 * DAY) {
      offset = before;
    } else {
      offset = before - date;
    }
  }
}

/** The real date and the monotonic clock at one moment; a pause between the two readings shows, and is not taken. */
function bothClocks(): [real: number, now: number] {
  for (let tries = 10; ; tries -= 1) {
    const now = monotonic();
    const real = realDateNow?.() ?? performance.timeOrigin + now;
    if (tries === 0 || monotonic() - now < 0.1) {
      return [real, now];
    }
  }
}

/** The process's own counter of nanoseconds, where there is one. Fakes may replace it, too. */
const hrtime = (globalThis as { process?: { hrtime?: { bigint?: () => bigint } } }).process?.hrtime
  ?.bigint;
/** How far the process's counter is ahead of this thread's clock. */
let processAhead: number | undefined;

/**
 * As the standard clock, on the scale that all threads of the process have; theirs begin when they do.
 * @internal
 */
export function processClock(): number {
  processAhead ??= hrtime === undefined ? 0 : Number(hrtime()) / 1e6 - monotonic();
  return standardClock() + processAhead;
}
