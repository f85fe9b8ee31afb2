// For how long a server asks not to be called. What its words mean, core says; they go into the module as text.

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
  const dateAt = writeText(value, against);
  return answered(core.retry_after(status, dateAt));
}

/** The same of a gRPC response: its `grpc-retry-pushback-ms`. A negative one asks for nothing. */
export function grpcRetryPushbackMs(value: string | null | undefined): number | undefined {
  const text = given("value", value);
  if (text === undefined) {
    return undefined;
  }
  writeText(text);
  return answered(core.grpc_retry_pushback());
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

/** Writes the one after the other; answers how many bytes the first has. */
function writeText(first: string, second = ""): number {
  const encoder = new TextEncoder();
  const bytes = encoder.encode(first + second);
  const address = core.text_in(bytes.length);
  new Uint8Array(core.memory.buffer, address, bytes.length).set(bytes);
  return second === "" ? bytes.length : encoder.encode(first).length;
}

/** The module's answer is no number where it is "for ever". */
function answered(asks: number): number | undefined {
  if (asks === 0) {
    return undefined;
  }
  const asked = core.answer_ms();
  return Number.isNaN(asked) ? Infinity : asked;
}
