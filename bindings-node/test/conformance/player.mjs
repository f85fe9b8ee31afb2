// Plays a scenario on a breaker through one way in. The contract is in conformance/README.md.

import assert from "node:assert/strict";

import { CircuitBreaker, CircuitBreakerError } from "@k1s0/circuit-breaker";

import { classifyError } from "./entries.mjs";
import { camel, length, nanoseconds, NEVER, same, settings } from "./suite.mjs";

const STATES = { closed: "closed", open: "open", half_open: "half-open" };
/** Metrics that are no `…Count`. */
const PLAIN = ["epoch", "forced", "consecutive_failures", "probes_in_flight"];

export class Player {
  now = 0n;
  reads = 0;
  fresh = [];
  told = [];
  remembered = [];
  last = ["closed", 1];
  next = 0;

  constructor(scenario, Entry) {
    this.steps = scenario.steps;
    const clock = () => {
      this.reads += 1;
      return this.now;
    };
    this.breaker = new CircuitBreaker(settings(scenario.config), { clock, classifyError });
    this.breaker.on("transition", (transition) => this.fresh.push(transition));
    this.entry = new Entry(this.breaker);
    this.isSync = Entry.isSync === true;
  }

  async play() {
    for (const step of this.steps) {
      try {
        await this[`do_${step.op}`](step);
        this.after(step);
      } catch (error) {
        throw this.explained(step, error);
      }
    }
  }

  /** As `play`, where held calls are functions that are being run: plays on until `ends` is to end. */
  playSync(ends) {
    while (this.next < this.steps.length) {
      const step = this.steps[this.next];
      this.next += 1;
      if (ends !== undefined && isEnd(step, ends)) {
        const outcome = step.op === "drop" ? "cancelled" : step.outcome;
        return { outcome, retryAfterMs: retryAfter(step), step };
      }
      try {
        if (step.op === "acquire") {
          this.holdSync(step);
        } else if (!isEnd(step)) {
          this[`do_${step.op}`](step);
        }
        this.after(step);
      } catch (error) {
        throw this.explained(step, error);
      }
    }
    return { outcome: "success", step: undefined };
  }

  holdSync(step) {
    let ended;
    const run = () =>
      this.entry.hold(() => {
        // What is looked at after the acquisition, before the rest.
        this.after(step);
        ended = this.playSync(step.permit);
        return ended;
      });
    this.verdictSync(step.expect, run);
    if (ended?.step !== undefined) {
      this.after(ended.step);
    }
  }

  explained(step, error) {
    if (error.isExplained) {
      return error;
    }
    const because = step.because === undefined ? "" : `\nbecause ${step.because}`;
    error.message = `step ${this.steps.indexOf(step) + 1}, ${JSON.stringify(step)}${because}: ${error.message}`;
    error.isExplained = true;
    return error;
  }

  after(step) {
    this.lookAtTransitions();
    if (step.op === "transitions") {
      this.compareTransitions(step.expect);
    }
  }

  /** P4: each `from` is the `to` before it, and epochs have no gaps. */
  lookAtTransitions() {
    const fresh = this.fresh;
    this.fresh = [];
    for (const it of fresh) {
      assert.deepEqual([it.from, it.epoch], [this.last[0], this.last[1] + 1]);
      this.last = [it.to, it.epoch];
    }
    this.told.push(...fresh);
    this.remembered = [...this.remembered, ...fresh].slice(-32);
    assert.deepEqual(this.breaker.recentTransitions(), this.remembered);
  }

  compareTransitions(expected) {
    const told = this.told;
    this.told = [];
    assert.deepEqual(
      told.map((it) => [it.from, it.to, it.epoch, it.reason]),
      expected.map((it) => [STATES[it.from], STATES[it.to], it.epoch, it.reason]),
    );
    expected.forEach((mine, index) => {
      const at = nanoseconds(mine, "at") ?? 0n;
      assert.ok(same(at, told[index].atMs), `at ${told[index].atMs}, not ${at} ns`);
    });
  }

  rejectedAs(expected, error) {
    if (!(error instanceof CircuitBreakerError)) {
      throw error;
    }
    assert.equal(typeof expected, "object", `rejected: ${error.reason}`);
    assert.equal(error.reason, expected.rejected);
    const wait = nanoseconds(expected, "retry_after");
    assert.ok(same(wait, error.retryAfterMs), `${error.retryAfterMs} ms, not ${wait} ns`);
    return false;
  }

  /** Whether it went through, as it was to. */
  async verdict(expected, run) {
    try {
      await run();
    } catch (error) {
      return this.rejectedAs(expected, error);
    }
    assert.equal(typeof expected, "string", "not rejected");
    return true;
  }

  verdictSync(expected, run) {
    try {
      run();
    } catch (error) {
      return this.rejectedAs(expected, error);
    }
    assert.equal(typeof expected, "string", "not rejected");
    return true;
  }

  do_advance(step) {
    this.now += nanoseconds(step);
  }

  do_set_clock(step) {
    this.now = nanoseconds(step);
  }

  do_acquire(step) {
    return this.verdict(step.expect, () => this.entry.acquire(step.permit));
  }

  async do_settle(step) {
    const effect = await this.entry.settle(step.permit, step.outcome, retryAfter(step));
    if (effect !== undefined) {
      assert.equal(effect, step.expect);
    }
  }

  do_drop(step) {
    return this.entry.held.has(step.permit) ? this.entry.drop(step.permit) : undefined;
  }

  do_call(step) {
    const takes = nanoseconds(step, "takes") ?? 0n;
    let ran = 0;
    const meanwhile = () => {
      ran += 1;
      this.now += takes;
    };
    const run = () => this.entry.call(step.result, meanwhile);
    const times = step.times ?? 1;
    const one = (through, before) => assert.equal(ran - before, through ? 1 : 0);
    if (this.isSync) {
      for (let time = 0; time < times; time += 1) {
        const before = ran;
        one(this.verdictSync(step.expect, run), before);
      }
      return undefined;
    }
    return (async () => {
      for (let time = 0; time < times; time += 1) {
        const before = ran;
        one(await this.verdict(step.expect, run), before);
      }
    })();
  }

  do_record(step) {
    for (let time = 0; time < (step.times ?? 1); time += 1) {
      if (step.outcome === "success") {
        this.breaker.recordSuccess();
      } else {
        this.breaker.recordFailure();
      }
    }
  }

  do_tick() {
    this.breaker.tick();
  }

  do_control(step) {
    this.breaker[camel(step.do)]();
  }

  do_state(step) {
    assert.equal(this.breaker.state, STATES[step.expect]);
    const reads = this.reads;
    assert.equal(this.breaker.isOpen(), step.expect === "open");
    this.reads = reads;
  }

  do_metrics(step) {
    const found = this.breaker.metrics();
    for (const [name, expected] of Object.entries(step.expect)) {
      if (name.startsWith("remaining_wait")) {
        const wait =
          expected === null ? undefined : nanoseconds({ [name]: expected }, "remaining_wait");
        assert.ok(same(wait, found.remainingWaitMs), `${name} ${found.remainingWaitMs}`);
      } else if (name === "state") {
        assert.equal(found.state.toLowerCase(), expected.replace("_", ""));
      } else {
        assert.deepEqual(metric(found, name), expected ?? undefined, name);
      }
    }
  }

  do_transitions() {
    // Looked at after every step.
  }

  do_clock_reads(step) {
    assert.equal(this.reads, step.expect);
    this.reads = 0;
  }
}

/** Whether a step ends a call: this one, if it is named. */
function isEnd(step, name) {
  const ends = step.op === "settle" || step.op === "drop";
  return ends && (name === undefined || step.permit === name);
}

/** More than 64 bits can say is never. */
function retryAfter(step) {
  const asked = nanoseconds(step, "retry_after");
  return asked === undefined ? undefined : length(asked > NEVER ? NEVER : asked);
}

function metric(found, name) {
  for (const total of ["rejected", "would_reject"]) {
    if (name.startsWith(`${total}_`)) {
      return found[`${camel(total)}ByReason`][name.slice(total.length + 1)];
    }
  }
  if (name === "transitions") {
    return found.transitionCount;
  }
  if (name === "success_rate" || PLAIN.includes(name) || name.startsWith("window_")) {
    return found[camel(name)];
  }
  return found[`${camel(name)}Count`];
}

/** The error names the field, the value and the range, in this language's words. */
export function refused(scenario, error) {
  const expected = scenario.refused;
  let field = camel(expected.field);
  if (field === "window") {
    field = "window_calls" in scenario.config ? "windowCalls" : "windowTimeMs";
  }
  assert.equal(error.field, field);
  if ("value" in expected) {
    const value = String(error.value);
    assert.ok(value === expected.value || Number(value) === Number(expected.value), value);
  }
  const words = /\b[a-z]+(_[a-z]+)+\b|\btimeout\b/g;
  assert.equal(error.range, expected.range.replace(words, camel));
  assert.ok(error.message.startsWith(`${field} is `));
  assert.ok(error.message.endsWith(`; it must be ${error.range}`));
}
