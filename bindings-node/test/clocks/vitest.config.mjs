import { defineConfig } from "vitest/config";

/** Prints the sums that `cargo xtask test` counts. */
const reporter = {
  onTestRunEnd(modules, errors) {
    const states = modules.flatMap((module) => [...module.children.allTests()]).map((it) => it.result().state);
    const passed = states.filter((state) => state === "passed").length;
    console.log(`# pass ${passed}\n# fail ${states.length - passed + errors.length}`);
  },
};

export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ["vitest.clock.mjs"],
    reporters: ["default", reporter],
    watch: false,
  },
});
