import { core } from "./core.js";
import type { Outcome } from "./outcome.js";
import { OUTCOMES } from "./outcome.js";

/** What a classifier says of a call: an outcome, with what the server asked for; undefined where it has no opinion. */
export type Verdict = Outcome | { outcome: Outcome; retryAfterMs?: number } | undefined;

/** What a call comes to. Without one, what is thrown is a failure and what is returned a success. */
export interface Classifier {
  /** Of what the guarded function threw, or rejected with. */
  classifyError?: (error: unknown) => Verdict;
  /** Of what it returned, or resolved with. */
  classifyResult?: (result: unknown) => Verdict;
}

/** What an HTTP status says about the server's health: a 404 is a healthy server's answer. */
export function classifyHttpStatus(status: number): Outcome {
  return OUTCOMES[core.http_status(status)] as Outcome;
}

/** What a gRPC status says about the server's health. */
export function classifyGrpcStatus(code: number): Outcome {
  return OUTCOMES[core.grpc_status(code)] as Outcome;
}

/** A call that ended without a status, by what ended it. */
export type TransportError = "connect" | "tls" | "reset" | "timeout" | "cancelled" | "invalid_request";

const TRANSPORT_ERRORS: readonly TransportError[] = [
  "connect",
  "tls",
  "reset",
  "timeout",
  "cancelled",
  "invalid_request",
];

/** What a transport error says about the server's health. */
export function classifyTransportError(error: TransportError): Outcome {
  return OUTCOMES[core.transport_error(TRANSPORT_ERRORS.indexOf(error))] as Outcome;
}
