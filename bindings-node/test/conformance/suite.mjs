// The suite's files, and a scenario's words in this language's.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where the repository is: the tests run beside the installed package, elsewhere. */
export const ROOT = process.env.K1S0_ROOT ?? join(import.meta.dirname, "../../..");
/** What this runner was written for. */
export const SUITE = 2;
export const NEVER = 2n ** 64n - 1n;

// Not exported by the package: a length of time that a number of milliseconds does not hold.
const time = new URL("./time.js", import.meta.resolve("@k1s0/circuit-breaker"));
const { Nanoseconds } = await import(time);

const DURATIONS = ["timeout", "probe_timeout", "slow_call_duration", "max_timeout", "window_time"];

export function read(name) {
  return JSON.parse(readFileSync(join(ROOT, "conformance", name), "utf8"));
}

/** Every scenario of the manifest; fewer than it promises is an error. */
export function scenarios() {
  const manifest = read("manifest.json");
  if (manifest.suite !== SUITE) {
    throw new Error(`this runner is for suite ${SUITE}, not ${manifest.suite}`);
  }
  const found = manifest.files.flatMap((file) => read(file.path).scenarios);
  if (found.length === 0 || found.length !== manifest.scenarios) {
    throw new Error(`${found.length} scenarios, and the manifest promises ${manifest.scenarios}`);
  }
  return found;
}

/** A time of a step or a config, in whichever unit it is given. */
export function nanoseconds(of, name = "") {
  const prefix = name === "" ? "" : `${name}_`;
  if (`${prefix}ns` in of) {
    return BigInt(of[`${prefix}ns`]);
  }
  const milliseconds = of[`${prefix}ms`];
  return milliseconds === undefined ? undefined : BigInt(Math.round(milliseconds * 1e6));
}

/** As the package takes it: a number where that is exact. */
export function length(nanoseconds) {
  if (nanoseconds > NEVER) {
    return Infinity;
  }
  const milliseconds = Number(nanoseconds) / 1e6;
  const exact = BigInt(Math.round(milliseconds * 1e6)) === nanoseconds;
  return exact ? milliseconds : new Nanoseconds(nanoseconds);
}

/** A field's name, as the package writes it. */
export function camel(name) {
  const words = name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  return DURATIONS.includes(name) ? `${words}Ms` : words;
}

/** What the constructor is given. */
export function settings(config = {}) {
  const given = {};
  for (const name of DURATIONS) {
    const ns = nanoseconds(config, name);
    if (ns !== undefined) {
      given[camel(name)] = length(ns);
    }
  }
  for (const [name, value] of Object.entries(config)) {
    if (!/_(ms|ns)$/.test(name)) {
      given[camel(name)] = name === "jitter_seed" ? BigInt(value) : value;
    }
  }
  return given;
}

/** Nanoseconds, and what a number of milliseconds can say of them. */
export function same(expected, found) {
  if (expected === undefined || found === undefined) {
    return expected === undefined && found === undefined;
  }
  const wanted = Number(expected) / 1e6;
  return Math.abs(wanted - found) <= Math.max(1e-12 * Math.abs(wanted), 1e-9);
}
