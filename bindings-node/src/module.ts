// The core as a wasm module: one instance, whose memory holds every breaker of this thread.

import type { Backend, Core } from "./interface.js";
import { INTERFACE } from "./interface.js";
import { base64 } from "./wasm.js";

interface Module extends Omit<Core, "retry_after" | "grpc_retry_pushback"> {
  memory: WebAssembly.Memory;
  text(): number;
  text_length(): number;
  text_in(length: number): number;
  retry_after(status: number, dateAt: number): number;
  grpc_retry_pushback(): number;
}

/** @internal */
export function loadWasm(): Backend {
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = characters.charCodeAt(index);
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const core = instance.exports as unknown as Module;
  /** Writes texts one behind the other; answers how many bytes the first has. */
  const write = (first: string, second = ""): number => {
    const encoder = new TextEncoder();
    const bytes = encoder.encode(first + second);
    const address = core.text_in(bytes.length);
    new Uint8Array(core.memory.buffer, address, bytes.length).set(bytes);
    return second === "" ? bytes.length : encoder.encode(first).length;
  };
  if (core.interface() !== INTERFACE) {
    throw new Error(
      `the wasm module has interface ${core.interface()}, and this package is for ${INTERFACE}`,
    );
  }
  return {
    name: "wasm",
    core: {
      ...core,
      retry_after: (status, retryAfter, date) => core.retry_after(status, write(retryAfter, date)),
      grpc_retry_pushback(value) {
        write(value);
        return core.grpc_retry_pushback();
      },
    },
    memory: () => core.memory.buffer as ArrayBuffer,
    text() {
      const text = new Uint8Array(core.memory.buffer, core.text(), core.text_length());
      return new TextDecoder().decode(text);
    },
    // A view is detached whenever the memory grows, and a call costs as little.
    locate() {},
  };
}
