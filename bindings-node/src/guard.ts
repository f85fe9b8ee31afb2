// What the integrations have in common: which breaker guards a request, and how a response's head settles a permit.

import { classifyAbort } from "./abortable.js";
import { retryAfterMs } from "./asked.js";
import { CircuitBreaker } from "./breaker.js";
import { classifyHttpStatus } from "./classifier.js";
import type { Outcome } from "./outcome.js";
import type { Permit } from "./permit.js";
import { CircuitBreakerRegistry } from "./registry.js";

/** One breaker for all, a registry with one for each name, or a function that finds the one for a request. */
export type Guard<Request> =
  | CircuitBreaker
  | CircuitBreakerRegistry
  | ((request: Request) => CircuitBreaker);

/** Looks at a guard once, and answers what finds the breaker of a request. @internal */
export function breakerOf<Request>(
  guard: Guard<Request>,
  nameOf: (request: Request) => string,
): (request: Request) => CircuitBreaker {
  if (guard instanceof CircuitBreaker) {
    return () => guard;
  }
  if (guard instanceof CircuitBreakerRegistry) {
    return (request) => guard.get(nameOf(request));
  }
  if (typeof guard !== "function") {
    throw new TypeError(
      `guard is ${kind(guard)}; it must be a CircuitBreaker, a CircuitBreakerRegistry or a function`,
    );
  }
  return (request) => {
    const breaker: unknown = guard(request);
    if (breaker instanceof CircuitBreaker) {
      return breaker;
    }
    throw new TypeError(`guard answered ${kind(breaker)}; it must answer a CircuitBreaker`);
  };
}

/** What a value is, for an error. @internal */
export function kind(value: unknown): string {
  if (value === null || value === undefined) {
    return String(value);
  }
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Settles a permit, with what the server asked for, if it asked. @internal */
export function settleAsked(permit: Permit, outcome: Outcome, asked: number | undefined): void {
  permit.settle(outcome, asked === undefined ? undefined : { retryAfterMs: asked });
}

/** Settles a permit by the head of an HTTP response. @internal */
export function settleResponse(
  permit: Permit,
  status: number,
  retryAfter: string | null | undefined,
  date: string | null | undefined,
): void {
  settleAsked(permit, classifyHttpStatus(status), retryAfterMs(status, retryAfter, date));
}

/** Settles the permit of a call that an abort ended. @internal */
export function settleAborted(permit: Permit, reason: unknown): void {
  permit.settle(classifyAbort(reason));
}
