// Loaded before the tests: looks for a polluted Object.prototype at the end, and prints the closing line that people and
// machines look for.
let passed = 0;
let failed = 0;

export const mochaHooks = {
  afterAll(): void {
    const polluted = Object.keys(Object.prototype);
    if (polluted.length > 0) throw new Error(`Object.prototype was polluted: ${polluted.join(", ")}`);
  },
};

/** Called in the process that hears of all tests, also where others run them. */
function count(this: Mocha.Runner): void {
  this.on("pass", () => void passed++);
  this.on("fail", () => void failed++);
}

export const mochaGlobalSetup = [count];

if (process.env["MOCHA_WORKER_ID"] === undefined) {
  process.on("exit", (code) => {
    // What fails outside of a test counts too: mocha's exit code knows of it.
    if (code !== 0 && failed === 0) failed = 1;
    console.log(`${passed} passed, ${failed} failed`);
  });
}
