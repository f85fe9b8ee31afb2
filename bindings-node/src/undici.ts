// An interceptor for undici's dispatchers. Nothing of undici is imported: which version a dispatcher is of, it shows.

import type { Dispatcher } from "undici";

import type { CircuitBreaker } from "./breaker.js";
import type { TransportError } from "./classifier.js";
import { classifyTransportError } from "./classifier.js";
import { CircuitBreakerError } from "./error.js";
import type { Guard } from "./guard.js";
import { breakerOf, settleAborted, settleResponse } from "./guard.js";
import type { Permit } from "./permit.js";

export type { Guard } from "./guard.js";

/**
 * An interceptor that guards every request: by the one breaker, or each by its origin's of a registry, or by the one that
 * a function finds for the options of the dispatch.
 *
 * ```ts
 * const agent = new Agent().compose(circuitBreaker(breaker));
 * ```
 *
 * A call is settled by the head of its response: by the status, with the `Retry-After` of a 429 or 503. What happens to the
 * body later counts nowhere. A request that its caller aborts is cancelled, and a failure if the reason is a
 * `TimeoutError`; one that undici refuses counts nowhere; any other error is a failure. A rejected request fails with a `CircuitBreakerError`. Interceptors that
 * are composed before this one are inside: with `interceptors.retry()` before it, a request counts once, by how it ends.
 * @throws {TypeError} where the guard is not what it may be.
 */
export function circuitBreaker(
  guard: Guard<Dispatcher.DispatchOptions>,
): Dispatcher.DispatcherComposeInterceptor {
  const find = breakerOf(guard, originOf);
  // undici wants two parameters, and counts them.
  return (dispatch) => (options, handler) => {
    const permit = admitted(find(options), handler as Handler);
    if (permit === undefined) {
      return false;
    }
    const given = handler as Handler;
    const watched = isOfNow(given) ? watching(given, permit) : watchingOfOld(given, permit);
    try {
      return dispatch(options, watched as Dispatcher.DispatchHandler);
    } catch (error) {
      // It threw instead of telling the handler: no request left.
      permit.ignore();
      throw error;
    }
  };
}

function originOf({ origin }: Dispatcher.DispatchOptions): string {
  if (origin === undefined) {
    throw new TypeError("the request has no origin, by which a registry names its breakers");
  }
  return new URL(origin).origin;
}

/** A permit, or undefined where the handler has been told of the rejection. */
function admitted(breaker: CircuitBreaker, handler: Handler): Permit | undefined {
  try {
    return breaker.acquire();
  } catch (error) {
    if (!(error instanceof CircuitBreakerError)) {
      throw error;
    }
    if (isOfNow(handler)) {
      handler.onResponseError?.(null, error);
    } else {
      handler.onError?.(error);
    }
    return undefined;
  }
}

/** What both kinds of handler may have: undici 7's, and the one before it. */
interface Handler {
  onRequestStart?(controller: Controller, context: unknown): void;
  onRequestUpgrade?(controller: Controller, status: number, ...rest: unknown[]): void;
  onResponseStart?(
    controller: Controller,
    status: number,
    headers: Headers,
    ...rest: unknown[]
  ): void;
  onResponseData?(...values: unknown[]): void;
  onResponseEnd?(...values: unknown[]): void;
  onResponseError?(controller: Controller | null, error: Error): void;

  onConnect?(abort: Abort, ...rest: unknown[]): void;
  onUpgrade?(status: number, ...rest: unknown[]): void;
  onResponseStarted?(): void;
  onHeaders?(status: number, headers: RawHeaders, ...rest: unknown[]): boolean | undefined;
  onData?(...values: unknown[]): boolean | undefined;
  onComplete?(...values: unknown[]): void;
  onError?(error: Error): void;

  onBodySent?(...values: unknown[]): void;
  onRequestSent?(): void;
}

interface Controller {
  readonly aborted: boolean;
  readonly reason: unknown;
}
type Abort = (reason?: Error) => void;
type Headers = Record<string, string | string[] | undefined>;
type RawHeaders = readonly (Uint8Array | string)[] | null;

function isOfNow(handler: Handler): boolean {
  return typeof handler.onRequestStart === "function";
}

function watching(handler: Handler, permit: Permit): Handler {
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onRequestUpgrade(controller, status, ...rest) {
      settleResponse(permit, status, undefined, undefined);
      handler.onRequestUpgrade?.(controller, status, ...rest);
    },
    onResponseStart(controller, status, headers, ...rest) {
      settleByHead(permit, status, (name) => headers[name]);
      handler.onResponseStart?.(controller, status, headers, ...rest);
    },
    onResponseData: (...values) => handler.onResponseData?.(...values),
    onResponseEnd: (...values) => handler.onResponseEnd?.(...values),
    onResponseError(controller, error) {
      settleByError(permit, error, controller?.aborted ? controller : undefined);
      handler.onResponseError?.(controller, error);
    },
    onBodySent: (...values) => handler.onBodySent?.(...values),
    onRequestSent: () => handler.onRequestSent?.(),
  };
}

function watchingOfOld(handler: Handler, permit: Permit): Handler {
  let aborted: { reason: unknown } | undefined;
  return {
    onConnect(abort, ...rest) {
      const aborting: Abort = (reason) => {
        aborted ??= { reason };
        abort(reason);
      };
      handler.onConnect?.(aborting, ...rest);
    },
    onUpgrade(status, ...rest) {
      settleResponse(permit, status, undefined, undefined);
      handler.onUpgrade?.(status, ...rest);
    },
    onResponseStarted: () => handler.onResponseStarted?.(),
    onHeaders(status, headers, ...rest) {
      settleByHead(permit, status, (name) => found(headers, name));
      return handler.onHeaders?.(status, headers, ...rest);
    },
    onData: (...values) => handler.onData?.(...values),
    onComplete: (...values) => handler.onComplete?.(...values),
    onError(error) {
      settleByError(permit, error, aborted);
      handler.onError?.(error);
    },
    onBodySent: (...values) => handler.onBodySent?.(...values),
    onRequestSent: () => handler.onRequestSent?.(),
  };
}

/** An informational response is not the one that was asked for. */
function settleByHead(
  permit: Permit,
  status: number,
  header: (name: string) => string | string[] | undefined,
): void {
  if (status >= 200) {
    const [retryAfter, date] = ["retry-after", "date"].map((name) => [header(name)].flat()[0]);
    settleResponse(permit, status, retryAfter, date);
  }
}

/** What undici's own errors say that are not the service's doing. */
const OURS: Readonly<Record<string, TransportError>> = {
  UND_ERR_INVALID_ARG: "invalid_request",
  UND_ERR_NOT_SUPPORTED: "invalid_request",
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: "invalid_request",
  UND_ERR_ABORTED: "cancelled",
  UND_ERR_CLOSED: "cancelled",
  UND_ERR_DESTROYED: "cancelled",
};

function settleByError(
  permit: Permit,
  error: Error,
  aborted: { readonly reason: unknown } | undefined,
): void {
  const ours = OURS[(error as { code?: string }).code ?? ""];
  if (aborted !== undefined) {
    settleAborted(permit, aborted.reason);
  } else if (ours === undefined) {
    permit.failure();
  } else {
    permit.settle(classifyTransportError(ours));
  }
}

/** A header in a list of names and values by turns. */
function found(headers: RawHeaders, wanted: string): string | undefined {
  const list = headers ?? [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    if (latin1(list[index]).toLowerCase() === wanted) {
      return latin1(list[index + 1]);
    }
  }
  return undefined;
}

function latin1(bytes: Uint8Array | string | undefined): string {
  return typeof bytes === "object" ? String.fromCharCode(...bytes) : (bytes ?? "");
}
