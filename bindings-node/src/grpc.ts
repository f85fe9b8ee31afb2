// An interceptor for the clients of `@grpc/grpc-js`.

import type { Interceptor, InterceptorOptions, Listener, StatusObject } from "@grpc/grpc-js";
import { InterceptingCall, Metadata, status } from "@grpc/grpc-js";

import { grpcRetryPushbackMs } from "./asked.js";
import { classifyGrpcStatus, classifyTransportError } from "./classifier.js";
import { CircuitBreakerError } from "./error.js";
import type { Guard } from "./guard.js";
import { breakerOf, settleAsked } from "./guard.js";
import type { Permit } from "./permit.js";

export type { Guard } from "./guard.js";

/** What an intercepted call is made of; grpc-js has a name for it and does not export it. */
type Inner = ConstructorParameters<typeof InterceptingCall>[0];

const PUSHBACK = "grpc-retry-pushback-ms";

/**
 * An interceptor that guards every call, of all four kinds: by the one breaker, or each by its service's
 * (`shop.Payments`) of a registry, or by the one that a function finds for the call's options.
 *
 * ```ts
 * const client = new Payments(address, credentials, { interceptors: [circuitBreaker(breaker)] });
 * ```
 *
 * A call is settled when it ends: by its status, as the same table says in every language of k1s0 (NOT_FOUND is a healthy
 * server's answer, UNAVAILABLE and DEADLINE_EXCEEDED are not), with the `grpc-retry-pushback-ms` of its trailers. A stream
 * keeps its permit as long as it is open. A call that the caller cancels is cancelled. A rejected call ends with the status
 * UNAVAILABLE; the `cause` of its error is a `CircuitBreakerError`, and its trailers say when to come back.
 * @throws {TypeError} where the guard is not what it may be.
 */
export function circuitBreaker(guard: Guard<InterceptorOptions>): Interceptor {
  const find = breakerOf(guard, serviceOf);
  return (options, nextCall) => {
    let permit: Permit;
    try {
      permit = find(options).acquire();
    } catch (error) {
      if (error instanceof CircuitBreakerError) {
        return new InterceptingCall(new Rejected(error));
      }
      throw error;
    }
    try {
      return watched(nextCall(options), permit);
    } catch (error) {
      permit.ignore();
      throw error;
    }
  };
}

/** `/shop.Payments/Pay` is one of `shop.Payments`. */
function serviceOf({ method_definition: { path } }: InterceptorOptions): string {
  return path.slice(1, path.lastIndexOf("/"));
}

function watched(call: Inner, permit: Permit): InterceptingCall {
  let isCancelled = false;
  const listener: Listener = {
    onReceiveStatus(ended, next) {
      if (isCancelled && ended.code === status.CANCELLED) {
        permit.settle(classifyTransportError("cancelled"));
      } else {
        const [pushback] = ended.metadata.get(PUSHBACK);
        const asked = typeof pushback === "string" ? grpcRetryPushbackMs(pushback) : undefined;
        settleAsked(permit, classifyGrpcStatus(ended.code), asked);
      }
      next(ended);
    },
  };
  return new InterceptingCall(call, {
    start: (metadata, _, next) => next(metadata, listener),
    cancel(next) {
      isCancelled = true;
      next();
    },
  });
}

/** A call that is not made: it ends as soon as it is started. */
class Rejected implements Inner {
  readonly #error: CircuitBreakerError;

  constructor(error: CircuitBreakerError) {
    this.#error = error;
  }

  start(_: Metadata, listener?: Parameters<Inner["start"]>[1]): void {
    const metadata = new Metadata();
    const { retryAfterMs, message } = this.#error;
    // A wait that nobody can say is "do not retry".
    metadata.set(PUSHBACK, String(retryAfterMs === undefined ? -1 : Math.ceil(retryAfterMs)));
    // What a status has, its error has, too.
    const ended: StatusObject & { cause: CircuitBreakerError } = {
      code: status.UNAVAILABLE,
      details: message,
      metadata,
      cause: this.#error,
    };
    // The client does not expect the end before `start` has come back.
    queueMicrotask(() => listener?.onReceiveStatus?.(ended));
  }

  sendMessageWithContext(context: Parameters<Inner["sendMessageWithContext"]>[0]): void {
    context.callback?.();
  }
  sendMessage(): void {}
  startRead(): void {}
  halfClose(): void {}
  cancelWithStatus(): void {}
  getPeer(): string {
    return "unknown";
  }
  getAuthContext(): null {
    return null;
  }
}
