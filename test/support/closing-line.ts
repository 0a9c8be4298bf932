// Loaded before the tests: looks for a polluted Object.prototype at the end, and says how many tests of each file passed and
// failed, to scripts/mocha.mjs, which asks for it, or to who runs mocha by hand.
import { writeFileSync } from "node:fs";

interface Count {
  passed: number;
  readonly failed: string[];
}

const files: Record<string, Count> = {};

export const mochaHooks = {
  afterAll(): void {
    const polluted = Object.keys(Object.prototype);
    if (polluted.length > 0) throw new Error(`Object.prototype was polluted: ${polluted.join(", ")}`);
  },
};

const countOf = (test: Mocha.Runnable): Count => (files[test.file ?? ""] ??= { passed: 0, failed: [] });

/** Called in the process that hears of all tests, also where others run them. */
function count(this: Mocha.Runner): void {
  this.on("pass", (test) => void countOf(test).passed++);
  this.on("fail", (test) => void countOf(test).failed.push(test.fullTitle()));
}

export const mochaGlobalSetup = [count];

if (process.env["MOCHA_WORKER_ID"] === undefined) {
  process.on("exit", (code) => {
    const counts = Object.values(files);
    const failed = counts.reduce((sum, file) => sum + file.failed.length, 0);
    // What fails outside of a test counts too: mocha's exit code knows of it.
    if (code !== 0 && failed === 0) files[""] = { passed: files[""]?.passed ?? 0, failed: ["outside of all tests"] };
    const to = process.env["TEST_COUNTS"];
    if (to !== undefined) writeFileSync(to, JSON.stringify(files));
    else {
      const passed = counts.reduce((sum, file) => sum + file.passed, 0);
      console.log(`${passed} passed, ${code !== 0 ? Math.max(1, failed) : failed} failed`);
    }
  });
}
