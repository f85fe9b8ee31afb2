import { classifyTransportError } from "./classifier.js";
import { OPEN } from "./error.js";
import { Handle, takenHigh, takenLow } from "./handle.js";
import type { Outcome } from "./outcome.js";
import { OUTCOMES } from "./outcome.js";

/** What the breaker does with a call that ended by itself. */
interface Ends {
  succeeded<T>(result: T, permit: number, beganHigh: number, beganLow: number): T;
  rejected(
    error: unknown,
    permit: number,
    beganHigh: number,
    beganLow: number,
  ): Promise<never>;
}

/**
 * A guarded call that ends when the signal aborts, or by itself, whichever comes first; it leaves no listener on the signal.
 * @internal
 */
export function callAbortable<T>(
  handle: Handle,
  fn: (signal: AbortSignal) => PromiseLike<T> | T,
  signal: AbortSignal,
  { succeeded, rejected }: Ends,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    signal.throwIfAborted();
    const permit = handle.admit();
    if (!Handle.isPermit(permit)) {
      throw handle.rejection(permit, handle.stackTraces ? new Error(OPEN) : null);
    }
    const beganHigh = takenHigh;
    const beganLow = takenLow;
    let ended = false;
    /** Whether this is the first end of the call. */
    const ends = (): boolean => {
      const first = !ended;
      ended = true;
      signal.removeEventListener("abort", aborted);
      return first;
    };
    const aborted = (): void => {
      if (ends()) {
        handle.settle(permit, OUTCOMES.indexOf(classifyAbort(signal.reason)), beganHigh, beganLow);
        reject(signal.reason);
      }
    };
    const threw = (error: unknown): void => {
      if (ends()) {
        rejected(error, permit, beganHigh, beganLow).catch(reject);
      }
    };
    signal.addEventListener("abort", aborted);
    let result: PromiseLike<T> | T;
    try {
      result = fn(signal);
    } catch (error) {
      threw(error);
      return;
    }
    Promise.resolve(result)
      .then((value) => {
        if (ends()) {
          resolve(succeeded(value, permit, beganHigh, beganLow));
        }
      }, threw)
      .catch(reject);
  });
}

/**
 * What an abort for this reason says about the service: a `TimeoutError`, that of `AbortSignal.timeout`, or an error
 * with the code ETIMEDOUT, such as axios', is a deadline that passed, and any other the caller giving up. Told by the
 * name: another realm's errors are no `Error` here.
 * @internal
 */
export function classifyAbort(reason: unknown): Outcome {
  const { name, code } = (reason ?? {}) as { name?: unknown; code?: unknown };
  const timedOut = name === "TimeoutError" || code === "ETIMEDOUT";
  return classifyTransportError(timedOut ? "timeout" : "cancelled");
}
