// What both cores have, and what of them differs.

import type { Slot } from "./slot.js";

/** The functions that both have. Breakers, permits and answers are numbers. @internal */
export interface Core {
  interface(): number;
  answer(): number;
  answer_ms(): number;
  made_rows(): number;
  made(): number;
  config_begin(): void;
  config_number(field: number, value: number): number;
  config_bits(field: number, high: number, low: number): number;
  config_off(field: number): number;
  create(seedHigh: number, seedLow: number): number;
  free(breaker: number): void;
  acquire(breaker: number): number;
  acquire_at(breaker: number, high: number, low: number): number;
  settle(breaker: number, permit: number, outcome: number): number;
  settle_at(
    breaker: number,
    permit: number,
    outcome: number,
    beganHigh: number,
    beganLow: number,
    high: number,
    low: number,
  ): number;
  settle_asked_at(
    breaker: number,
    permit: number,
    outcome: number,
    beganHigh: number,
    beganLow: number,
    high: number,
    low: number,
    retryHigh: number,
    retryLow: number,
  ): number;
  record(breaker: number, outcome: number): number;
  record_at(breaker: number, outcome: number, high: number, low: number): number;
  control_at(breaker: number, control: number, high: number, low: number): number;
  state(breaker: number): number;
  state_at(breaker: number, high: number, low: number): number;
  metrics(breaker: number): number;
  metrics_at(breaker: number, high: number, low: number): number;
  history(breaker: number): number;
  explain(breaker: number): number;
  explain_at(breaker: number, high: number, low: number): number;
  http_status(status: number): number;
  grpc_status(code: number): number;
  transport_error(error: number): number;
  /** 1 if the response asks not to be called for a while: `answer_ms` is how long. An empty `date` is none. */
  retry_after(status: number, retryAfter: string, date: string): number;
  grpc_retry_pushback(value: string): number;
}

/** What is not the same in both. @internal */
export interface Backend {
  readonly name: "native" | "wasm";
  readonly core: Core;
  /** Where the core's answers stand. It may be another one after each call. */
  memory(): ArrayBuffer;
  /** The core's last text. */
  text(): string;
  /** Finds where this thread may read and count in place; the slot that it is not told of asks the core each time. */
  locate(slot: Slot): void;
  /**
   * A breaker that the threads of the process share, as `create`; -1 where there is one of another configuration. None
   * where nothing is shared.
   */
  readonly shared?: (name: string, any: number) => number;
}

/** The interface that this package was written for. @internal */
export const INTERFACE = 1;
