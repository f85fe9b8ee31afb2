// The core: everything that is decided, is decided there. There are two of it, the native addon and the wasm module, with
// the same functions of numbers (`bindings-wasm/README.md`); which one there is, is found out here, once.

import type { Backend } from "./interface.js";
import { loadWasm } from "./module.js";
import { loadNative, wanted } from "./native.js";

const chosen: Backend = (wanted === "wasm" ? undefined : loadNative()) ?? loadWasm();

/**
 * Which core this process has: the native addon, or where none can be loaded the wasm module. Both behave the same; only the
 * addon shares breakers between threads.
 */
export const backend: "native" | "wasm" = chosen.name;

/** @internal */
export const { core, memory, text, locate, shared } = chosen;

/** What is no permit, but asks for the time. @internal */
export const ASK_WITH_TIME = 3;
/** The first number of the rejections; they are odd. @internal */
export const REJECTED = 5;
/** What the rest asks for the time with. @internal */
export const NEEDS_NOW = -1;

/** 64-bit numbers that the core has answered with. @internal */
export function numbers(address: number, count: number): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array(memory(), address, count);
}
