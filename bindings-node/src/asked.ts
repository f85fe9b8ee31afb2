// For how long a server asks not to be called. What its words mean, core says; they go in as text.

import { core } from "./core.js";

/**
 * For how many milliseconds an HTTP response asks not to be called, or undefined: its `Retry-After`, seconds or an
 * HTTP-date, where its status is 429 or 503 (SPEC 13.4).
 *
 * A date is taken against the response's own `Date`, so that neither side's clock matters; without one it asks for
 * nothing. Hand the answer in with the failure: `permit.failure({ retryAfterMs })`.
 */
export function retryAfterMs(
  status: number,
  retryAfter: string | null | undefined,
  date?: string | null,
): number | undefined {
  const value = given("retryAfter", retryAfter);
  const against = given("date", date);
  if (value === undefined) {
    return undefined;
  }
  return answered(core.retry_after(status, value, against ?? ""));
}

/** The same of a gRPC response: its `grpc-retry-pushback-ms`. A negative one asks for nothing. */
export function grpcRetryPushbackMs(value: string | null | undefined): number | undefined {
  const text = given("value", value);
  if (text === undefined) {
    return undefined;
  }
  return answered(core.grpc_retry_pushback(text));
}

function given(name: string, value: unknown): string | undefined {
  if (value === null || value === undefined) {
    return undefined;
  }
  if (typeof value !== "string") {
    throw new TypeError(`${name} is ${typeof value}; it must be a string`);
  }
  return value;
}

/** The core's answer is no number where it is "for ever". */
function answered(asks: number): number | undefined {
  if (asks === 0) {
    return undefined;
  }
  const asked = core.answer_ms();
  return Number.isNaN(asked) ? Infinity : asked;
}
