/** Prints the sums that `cargo xtask test` counts. */
module.exports = class {
  onRunComplete(_, { numPassedTests, numTotalTests, numRuntimeErrorTestSuites }) {
    const failed = numTotalTests - numPassedTests + numRuntimeErrorTestSuites;
    console.log(`# pass ${numPassedTests}\n# fail ${failed}`);
  }
};
