// A guarded `fetch`.

import type { CircuitBreaker } from "./breaker.js";
import type { Verdict } from "./classifier.js";
import { classifyTransportError } from "./classifier.js";
import type { Guard } from "./guard.js";
import { breakerOf, kind, settleAborted, settleAsked, settleResponse } from "./guard.js";
import type { Permit } from "./permit.js";

export type { Guard } from "./guard.js";

/** What can be guarded: the platform's `fetch`, and what is called like it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** How requests are made and judged. */
export interface GuardFetchOptions {
  /** What makes the requests; by default the global `fetch`, looked up at each call. */
  fetch?: Fetch;
  /**
   * What a response counts as, where its status does not say it: an outcome, with what the server asked for. Where it
   * answers undefined, the status and `Retry-After` decide. It must not read the body.
   */
  classifyResponse?: (response: Response) => Verdict;
}

/**
 * A function like `fetch` whose requests are guarded: by the one breaker, or each by its origin's
 * (`https://payments.example`) of a registry, or by the one that a function finds for the URL.
 *
 * A call is settled by the head of its response: by the status, as the same table says in every language of k1s0 (a 404 is
 * a healthy server's answer, a 503 is not), with the `Retry-After` of a 429 or 503. What happens to the body later counts
 * nowhere. A request whose signal aborts is cancelled, and a failure if the reason is a `TimeoutError`, that of
 * `AbortSignal.timeout`; a request that cannot be made at all (a malformed URL or header) counts nowhere; any other error
 * is a failure. Errors come through unchanged; a rejected request reaches no socket and fails with a
 * `CircuitBreakerError`.
 * @throws {TypeError} where the guard or an option is not what it may be.
 */
export function guardFetch(guard: Guard<URL>, options: GuardFetchOptions = {}): Fetch {
  const find = breakerOf(guard, (url: URL) => url.origin);
  const { fetch: given, classifyResponse } = options;
  for (const [name, value] of Object.entries({ fetch: given, classifyResponse })) {
    if (value !== undefined && typeof value !== "function") {
      throw new TypeError(`${name} is ${kind(value)}; it must be a function`);
    }
  }
  return async function fetch(input, init) {
    const breaker: CircuitBreaker = find(urlOf(input));
    const signal = signalOf(input, init);
    signal?.throwIfAborted();
    const permit = breaker.acquire();
    let response: Response;
    try {
      response = await (given ?? globalThis.fetch)(input, init);
    } catch (error) {
      settleFailed(permit, signal, input, init);
      throw error;
    }
    try {
      const verdict = classifyResponse?.(response);
      if (verdict === undefined) {
        const { headers, status } = response;
        settleResponse(permit, status, headers.get("retry-after"), headers.get("date"));
      } else if (typeof verdict === "string") {
        permit.settle(verdict);
      } else {
        settleAsked(permit, verdict.outcome, verdict.retryAfterMs);
      }
    } catch (error) {
      // The classifier's mistake is the user's to see, and must hold no slot.
      permit.failure();
      throw error;
    }
    return response;
  };
}

function isRequest(input: string | URL | Request): input is Request {
  return typeof input === "object" && "url" in input;
}

/** @throws {TypeError} if it is none, as `fetch` does. */
function urlOf(input: string | URL | Request): URL {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  return new URL(isRequest(input) ? input.url : String(input), base);
}

/** The signal that `fetch` listens to: null takes the request's own away. */
function signalOf(input: string | URL | Request, init?: RequestInit): AbortSignal | undefined {
  const own = isRequest(input) ? input.signal : undefined;
  return (init?.signal === undefined ? own : init.signal) ?? undefined;
}

function settleFailed(
  permit: Permit,
  signal: AbortSignal | undefined,
  input: string | URL | Request,
  init: RequestInit | undefined,
): void {
  if (signal?.aborted) {
    settleAborted(permit, signal.reason);
  } else if (isRequest(input) || isSendable(input, init)) {
    permit.failure();
  } else {
    permit.settle(classifyTransportError("invalid_request"));
  }
}

/**
 * Whether a request can be made of it. Platforms tell a request that is malformed from one that failed in words only, so
 * the platform is asked again. A body that can be read once is left alone.
 */
function isSendable(input: string | URL, init: RequestInit | undefined): boolean {
  const { body, ...rest } = init ?? {};
  const stands = body instanceof ReadableStream ? "" : body;
  try {
    new Request(input, stands === undefined ? rest : { ...rest, body: stands });
    return true;
  } catch {
    return false;
  }
}
