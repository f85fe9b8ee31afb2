// The core as a native addon, which stands in a package of its own for each platform.

import type { Backend, Core } from "./interface.js";
import { INTERFACE } from "./interface.js";
import type { Slot } from "./slot.js";

/** What goes by registers. */
type Hot =
  | "acquire"
  | "acquire_at"
  | "settle"
  | "settle_at"
  | "settle_asked_at"
  | "record"
  | "record_at";

/** As `bindings-node/native/src/entries.rs` says. */
interface Addon extends Omit<Core, Hot | "made" | "answer_ms">, Record<Hot, () => void> {
  memory: ArrayBuffer;
  text(): string;
  shared(name: string, any: number): number;
  registers(): number;
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
  const core = withRegisters(addon);
  const answer = new BigUint64Array(addon.memory, addon.answer(), 4);
  const seesMemory = wanted !== "native-calls";
  // By their numbers. They are never freed, and so are these.
  const words: Int32Array[] = [];
  const counters: Int32Array[] = [];
  const seen = (
    views: Int32Array[],
    number: number,
    memory: (breaker: number) => ArrayBuffer | undefined,
    breaker: number,
  ): Int32Array | undefined => {
    if (views[number] === undefined) {
      const view = memory(breaker);
      // Electron refuses it.
      if (view === undefined) {
        return undefined;
      }
      views[number] = new Int32Array(view);
    }
    return views[number];
  };
  return {
    name: "native",
    core,
    memory: () => addon.memory,
    text: addon.text,
    locate(slot: Slot): void {
      const timed = addon.places(slot.address);
      if (timed < 0) {
        return;
      }
      slot.timed = timed;
      const [slab, word, run, count] = Array.from(answer, Number) as [number, number, number, number];
      const inWords = seesMemory && seen(words, slab, addon.words, slot.address);
      const inCounters = inWords && seen(counters, run, addon.counters, slot.address);
      if (inWords && inCounters) {
        slot.see(inWords, word, inCounters, count);
      }
    },
    shared: addon.shared,
  };
}

/** The functions that are called for each call of a user's: their arguments and answers go by memory. */
function withRegisters(addon: Addon): Core {
  const at = addon.registers();
  const registers = new Int32Array(addon.memory, at, 16);
  const wait = new Float64Array(addon.memory, at + 64, 1);
  // In variables: a property of an object that native code has filled costs a look-up each time.
  const { acquire, acquire_at, settle, settle_at, settle_asked_at, record, record_at } = addon;
  const answer = (): number => registers[0] as number;
  return {
    ...addon,
    made: () => registers[15] as number,
    answer_ms: () => wait[0] as number,
    acquire(breaker) {
      registers[0] = breaker;
      acquire();
      return answer();
    },
    acquire_at(breaker, high, low) {
      registers[0] = breaker;
      registers[1] = high;
      registers[2] = low;
      acquire_at();
      return answer();
    },
    settle(breaker, permit, outcome) {
      registers[0] = breaker;
      registers[1] = permit;
      registers[2] = outcome;
      settle();
      return answer();
    },
    settle_at(breaker, permit, outcome, beganHigh, beganLow, high, low) {
      registers[0] = breaker;
      registers[1] = permit;
      registers[2] = outcome;
      registers[3] = beganHigh;
      registers[4] = beganLow;
      registers[5] = high;
      registers[6] = low;
      settle_at();
      return answer();
    },
    settle_asked_at(breaker, permit, outcome, beganHigh, beganLow, high, low, retryHigh, retryLow) {
      registers[0] = breaker;
      registers[1] = permit;
      registers[2] = outcome;
      registers[3] = beganHigh;
      registers[4] = beganLow;
      registers[5] = high;
      registers[6] = low;
      registers[7] = retryHigh;
      registers[8] = retryLow;
      settle_asked_at();
      return answer();
    },
    record(breaker, outcome) {
      registers[0] = breaker;
      registers[1] = outcome;
      record();
      return answer();
    },
    record_at(breaker, outcome, high, low) {
      registers[0] = breaker;
      registers[1] = outcome;
      registers[2] = high;
      registers[3] = low;
      record_at();
      return answer();
    },
  };
}
