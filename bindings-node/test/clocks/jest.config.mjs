export default {
  rootDir: import.meta.dirname,
  testMatch: ["<rootDir>/jest.clock.mjs"],
  moduleFileExtensions: ["mjs", "js"],
  // Node runs the modules as they are.
  transform: {},
  reporters: ["default", "<rootDir>/jest.reporter.cjs"],
  watchman: false,
};
