// The core as a native addon, which stands in a package of its own for each platform.

import type { Backend, Core } from "./interface.js";
import { INTERFACE } from "./interface.js";
import type { Slot } from "./slot.js";

interface Addon extends Core {
  memory: ArrayBuffer;
  text(): string;
  shared(name: string, any: number): number;
  places(breaker: number): number;
  words(breaker: number): ArrayBuffer | undefined;
  counters(breaker: number): ArrayBuffer | undefined;
}

/** As much of Node's `process` as is asked here; the others have less of it. */
interface Process {
  platform: string;
  arch: string;
  env: Record<string, string | undefined>;
  getBuiltinModule?(id: string): { createRequire(from: string): (id: string) => unknown };
}

// Deno has it too, and asks its user before it shows the environment or loads an addon.
const process = "Deno" in globalThis ? undefined : (globalThis as { process?: Process }).process;

/**
 * Which core the user wants: "native", "wasm", or "native-calls": the addon without views of its memory, as where
 * those are refused. Anything else is whatever there is.
 * @internal
 */
export const wanted: string | undefined = process?.env?.["K1S0_CIRCUIT_BREAKER_BACKEND"];

/** Why there is no addon. @internal */
export let refusal: unknown = undefined;

/**
 * The addon; undefined where there is none for this platform, or it may not be loaded.
 * @internal
 */
export function loadNative(): Backend | undefined {
  try {
    return backendOf(find());
  } catch (error) {
    if (wanted?.startsWith("native")) {
      throw new Error("the circuit breaker's native addon cannot be loaded", { cause: error });
    }
    refusal = error;
    return undefined;
  }
}

function find(): Addon {
  // No import: a bundler for browsers would look for it.
  const module = process?.getBuiltinModule?.("node:module");
  if (process === undefined || module === undefined) {
    throw new Error("this is not Node, or one older than 20.16");
  }
  const require = module.createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch}`;
  // Both may be installed on Linux, and only one fits: the other cannot be loaded.
  const variants = { linux: ["-gnu", "-musl"], win32: ["-msvc"] }[process.platform] ?? [""];
  const failures: unknown[] = [];
  for (const variant of variants) {
    try {
      const addon = require(`@k1s0/circuit-breaker-${platform}${variant}`) as Addon;
      if (addon.interface() !== INTERFACE) {
        throw new Error(
          `the addon has interface ${addon.interface()}, and this package is for ${INTERFACE}`,
        );
      }
      return addon;
    } catch (error) {
      failures.push(error);
    }
  }
  throw failures.length === 1 ? failures[0] : new AggregateError(failures, String(failures[0]));
}

function backendOf(addon: Addon): Backend {
  const core: Addon = { ...addon };
  const answer = new BigUint64Array(core.memory, core.answer(), 4);
  const seesMemory = wanted !== "native-calls";
  // By their numbers. They are never freed, and so are these.
  const words: Uint32Array[] = [];
  const counters: Uint32Array[] = [];
  const seen = (
    views: Uint32Array[],
    number: number,
    memory: (breaker: number) => ArrayBuffer | undefined,
    breaker: number,
  ): Uint32Array | undefined => {
    if (views[number] === undefined) {
      const view = memory(breaker);
      // Electron refuses it.
      if (view === undefined) {
        return undefined;
      }
      views[number] = new Uint32Array(view);
    }
    return views[number];
  };
  return {
    name: "native",
    core,
    memory: () => core.memory,
    text: core.text,
    locate(slot: Slot): void {
      if (!seesMemory || core.places(slot.address) === 0) {
        return;
      }
      const [slab, word, run, count] = Array.from(answer, Number) as [number, number, number, number];
      const inWords = seen(words, slab, core.words, slot.address);
      const inCounters = seen(counters, run, core.counters, slot.address);
      if (inWords !== undefined && inCounters !== undefined) {
        slot.see(inWords, word, inCounters, count);
      }
    },
    shared: core.shared,
  };
}
