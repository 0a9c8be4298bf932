// Loaded before the tests: looks for a polluted Object.prototype at the end, and prints the closing line that people and
// machines look for.
let passed = 0;
let failed = 0;

export const mochaHooks = {
  afterEach(this: Mocha.Context): void {
    if (this.currentTest?.state === "passed") passed++;
    else if (this.currentTest?.state === "failed") failed++;
  },
  afterAll(): void {
    const polluted = Object.keys(Object.prototype);
    if (polluted.length > 0) throw new Error(`Object.prototype was polluted: ${polluted.join(", ")}`);
  },
};

process.on("exit", (code) => {
  // A hook that failed counts too: mocha's exit code knows of it.
  if (code !== 0 && failed === 0) failed = 1;
  console.log(`${passed} passed, ${failed} failed`);
});
