// The core as a wasm module: one instance, whose memory holds every breaker of this thread.

import type { Backend, Core } from "./interface.js";
import { INTERFACE } from "./interface.js";
import { base64 } from "./wasm.js";

interface Module extends Omit<Core, "text"> {
  memory: WebAssembly.Memory;
  text(): number;
  text_length(): number;
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
  if (core.interface() !== INTERFACE) {
    throw new Error(
      `the wasm module has interface ${core.interface()}, and this package is for ${INTERFACE}`,
    );
  }
  return {
    name: "wasm",
    core,
    memory: () => core.memory.buffer as ArrayBuffer,
    text() {
      const text = new Uint8Array(core.memory.buffer, core.text(), core.text_length());
      return new TextDecoder().decode(text);
    },
    // A view is detached whenever the memory grows, and a call costs as little.
    locate() {},
  };
}
