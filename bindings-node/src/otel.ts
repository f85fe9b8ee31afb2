// OpenTelemetry instruments over live breakers. Nothing happens on the call path: when the SDK collects, the breakers'
// counters are read. Names, units and descriptions are the same in every language of k1s0 (docs/metrics.md).

import type { Attributes, BatchObservableResult, Observable } from "@opentelemetry/api";
import type { MeterProvider } from "@opentelemetry/api";
import { diag, metrics as api } from "@opentelemetry/api";

import { CircuitBreaker } from "./breaker.js";
import { kind } from "./guard.js";
import type { CircuitBreakerMetrics } from "./metrics.js";
import { CircuitBreakerRegistry } from "./registry.js";
import type { InstrumentName } from "./vocabulary.js";
import { INSTRUMENTS, SCOPE, UNNAMED, VALUES, VERSION } from "./vocabulary.js";

/** What is shown: a breaker, or those that a registry has at the time. */
export type Observed = CircuitBreaker | CircuitBreakerRegistry;

/** The metrics of the breakers that have one name. */
type Namesakes = readonly CircuitBreakerMetrics[];
type Reading = [value: number, attributes: Attributes];

/**
 * The instruments of one meter, and the breakers that they show.
 *
 * Make one for each meter provider, after the SDK is set up, and keep it. It does not keep breakers alive, and shows
 * what is gone, or has been disposed of, no more; its state is then 0 of each.
 */
export class CircuitBreakerInstruments {
  readonly #observed = new Set<WeakRef<Observed>>();
  readonly #known = new WeakSet<Observed>();
  /** Names whose state has been shown. */
  #shown = new Set<string>();
  readonly #instruments = new Map<InstrumentName, Observable>();
  readonly #stop: () => void;

  /** `provider`: by default the global one as it is now. */
  constructor(provider: MeterProvider = api.getMeterProvider()) {
    if (typeof (provider as Partial<MeterProvider> | null)?.getMeter !== "function") {
      throw new TypeError(`provider is ${kind(provider)}; it must be a MeterProvider`);
    }
    const meter = provider.getMeter(SCOPE, VERSION);
    for (const { name, kind, unit, description } of INSTRUMENTS) {
      const options = { unit, description };
      const instrument =
        kind === "counter"
          ? meter.createObservableCounter(name, options)
          : meter.createObservableGauge(name, options);
      this.#instruments.set(name, instrument);
    }
    const instruments = [...this.#instruments.values()];
    const callback = (result: BatchObservableResult): void => this.#collect(result);
    meter.addBatchObservableCallback(callback, instruments);
    this.#stop = () => meter.removeBatchObservableCallback(callback, instruments);
  }

  /** Shows these from now on, for as long as they live. */
  observe(...observed: Observed[]): void {
    for (const one of observed) {
      if (!(one instanceof CircuitBreaker || one instanceof CircuitBreakerRegistry)) {
        throw new TypeError(
          `observed is ${kind(one)}; it must be a CircuitBreaker or a CircuitBreakerRegistry`,
        );
      }
    }
    for (const one of observed) {
      if (!this.#known.has(one)) {
        this.#known.add(one);
        this.#observed.add(new WeakRef(one));
      }
    }
  }

  /** Shows nothing any more. */
  shutdown(): void {
    this.#stop();
    this.#observed.clear();
  }

  #collect(result: BatchObservableResult): void {
    const byName = this.#byName();
    for (const [name, found] of byName) {
      for (const [instrument, read] of Object.entries(READERS)) {
        for (const [value, attributes] of read(found)) {
          this.#tell(result, instrument as InstrumentName, value, { name, ...attributes });
        }
      }
    }
    // An SDK that accumulates goes on showing the last value of a series that nobody observes.
    for (const name of this.#shown) {
      if (!byName.has(name)) {
        for (const [value, attributes] of READERS["circuit_breaker.state"]([])) {
          this.#tell(result, "circuit_breaker.state", value, { name, ...attributes });
        }
      }
    }
    this.#shown = new Set(byName.keys());
  }

  #tell(
    result: BatchObservableResult,
    instrument: InstrumentName,
    value: number,
    attributes: Attributes,
  ): void {
    const observable = this.#instruments.get(instrument);
    if (observable !== undefined) {
      result.observe(observable, value, attributes);
    }
  }

  /** Two breakers with one name would write the same series twice; they are given together instead. */
  #byName(): Map<string, CircuitBreakerMetrics[]> {
    const byName = new Map<string, CircuitBreakerMetrics[]>();
    for (const breaker of this.#live()) {
      const name = breaker.name ?? UNNAMED;
      let metrics: CircuitBreakerMetrics;
      try {
        metrics = breaker.metrics();
      } catch (error) {
        // It has been disposed of, or its clock threw; the others are shown all the same.
        diag.debug(`${SCOPE}: ${name} cannot be read`, error);
        continue;
      }
      const namesakes = byName.get(name);
      if (namesakes === undefined) {
        byName.set(name, [metrics]);
      } else {
        namesakes.push(metrics);
      }
    }
    return byName;
  }

  #live(): Set<CircuitBreaker> {
    const live = new Set<CircuitBreaker>();
    for (const reference of this.#observed) {
      const observed = reference.deref();
      if (observed === undefined) {
        this.#observed.delete(reference);
      } else if (observed instanceof CircuitBreaker) {
        live.add(observed);
      } else {
        for (const [, breaker] of observed) {
          live.add(breaker);
        }
      }
    }
    return live;
  }
}

const sum = (found: Namesakes, read: (one: CircuitBreakerMetrics) => number): number =>
  found.reduce((total, one) => total + read(one), 0);

/** Once for each instrument of the vocabulary, or this does not compile. */
const READERS: Record<InstrumentName, (found: Namesakes) => Reading[]> = {
  "circuit_breaker.calls": (found) =>
    VALUES.outcome.map((outcome) => [sum(found, (one) => one[`${outcome}Count`]), { outcome }]),
  "circuit_breaker.rejections": (found) =>
    VALUES.reason.map((reason) => [sum(found, (one) => one.rejectedByReason[reason]), { reason }]),
  "circuit_breaker.would_reject": (found) =>
    VALUES.reason.map((reason) => [
      sum(found, (one) => one.wouldRejectByReason[reason]),
      { reason },
    ]),
  "circuit_breaker.slow_calls": (found) => [[sum(found, (one) => one.slowCount), {}]],
  // Most pairs never happen; a series begins with its first transition.
  "circuit_breaker.transitions": (found) =>
    VALUES.from.flatMap((from) =>
      VALUES.to
        .map((to): Reading => {
          const between = (one: CircuitBreakerMetrics) =>
            one.transitionsBetween[STATES[from]][STATES[to]];
          return [sum(found, between), { from, to }];
        })
        .filter(([count]) => count > 0),
    ),
  // Every state at every collection: a label that just moved would leave its old series behind.
  "circuit_breaker.state": (found) =>
    VALUES.state.map((state) => [
      found.some((one) => one.state === STATES[state]) ? 1 : 0,
      { state },
    ]),
  "circuit_breaker.success_rate": (found) => {
    const successes = sum(found, (one) => one.successCount);
    const ended = successes + sum(found, (one) => one.failureCount);
    return ended === 0 ? [] : [[successes / ended, {}]];
  },
};

/** The vocabulary's states as metrics name them. */
const STATES = { closed: "Closed", open: "Open", half_open: "HalfOpen" } as const;
