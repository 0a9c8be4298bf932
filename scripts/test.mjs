// Installs if needed, builds, runs the tests of dist/test; `--coverage` under c8, `--once` without a second run of what failed, other
// arguments go to mocha (`-- -g title`).
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { mocha } from "./mocha.mjs";
import { ensureInstalled } from "./run.mjs";

/** Thousands of short tests leave much garbage and little else: more room for the young saves most of its collection. */
const heap = ["--min-semi-space-size=32", "--max-semi-space-size=64"];
const c8 = [
  "node_modules/c8/bin/c8.js",
  "--include",
  "dist/src/**",
  "--reporter",
  "text-summary",
  "--reporter",
  "html",
];

export function test(args = []) {
  const withCoverage = args.includes("--coverage");
  return mocha({
    files: ["dist/test/**/*.test.js"],
    // One more than processors, as some only wait. Processes that are ended from outside write no coverage.
    side: withCoverage ? 1 : Math.min(8, availableParallelism() + 1),
    node: withCoverage ? [...c8, process.execPath, ...heap] : heap,
    args: args.filter((argument) => argument !== "--coverage" && argument !== "--once"),
    // A look at the random tests: `npm run fuzz` runs them at length.
    env: { FUZZ_RUNS: "0.5" },
    once: withCoverage || args.includes("--once"),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureInstalled();
  build();
  process.exitCode = test(process.argv.slice(2));
}
