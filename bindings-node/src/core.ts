// The core as a wasm module: one instance, whose memory holds every breaker of this thread. Everything that is decided, is
// decided there; `bindings-wasm/README.md` says what it exports.

import { base64 } from "./wasm.js";

/** What the module exports. Addresses, permits and answers are numbers. */
interface Core {
  memory: WebAssembly.Memory;
  interface(): number;
  answer(): number;
  answer_ms(): number;
  made_rows(): number;
  made(): number;
  text(): number;
  text_length(): number;
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
  text_in(length: number): number;
  retry_after(status: number, dateAt: number): number;
  grpc_retry_pushback(): number;
}

/** The interface that this package was written for. */
const INTERFACE = 1;

function load(): Core {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = text.charCodeAt(index);
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const core = instance.exports as unknown as Core;
  if (core.interface() !== INTERFACE) {
    throw new Error(
      `the wasm module has interface ${core.interface()}, and this package is for ${INTERFACE}`,
    );
  }
  return core;
}

/** @internal */
export const core: Core = load();

/** What is no permit, but asks for the time. @internal */
export const ASK_WITH_TIME = 3;
/** The first number of the rejections; they are odd. @internal */
export const REJECTED = 5;
/** What the rest asks for the time with. @internal */
export const NEEDS_NOW = -1;

/**
 * 64-bit numbers that the module has answered with. A new view each time: one that is kept is detached when the memory
 * grows.
 * @internal
 */
export function numbers(address: number, count: number): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array(core.memory.buffer as ArrayBuffer, address, count);
}

/** The last text. @internal */
export function text(): string {
  const bytes = new Uint8Array(core.memory.buffer, core.text(), core.text_length());
  return new TextDecoder().decode(bytes);
}
