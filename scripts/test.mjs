// Installs if needed, builds, runs the tests of dist/test; `--coverage` under c8, other arguments go to mocha (`-- -g title`).
// The last line is `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Thousands of short tests leave much garbage and little else: more room for the young saves most of its collection. */
const heap = ["--min-semi-space-size=32", "--max-semi-space-size=64"];
/** Files run side by side, each whole in one process; one more than processors, as some only wait. */
const jobs = ["--parallel", "--jobs", String(Math.min(8, availableParallelism() + 1))];
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
  const mocha = [
    ...heap,
    "node_modules/mocha/bin/mocha.js",
    "--require",
    "dist/test/support/closing-line.js",
    // Processes that are ended from outside write no coverage.
    ...(withCoverage ? [] : jobs),
    ...args.filter((argument) => argument !== "--coverage"),
    "dist/test/**/*.test.js",
  ];
  const result = spawnSync(process.execPath, [...(withCoverage ? [...c8, process.execPath] : []), ...mocha], {
    cwd: root,
    stdio: "inherit",
    // A look at the random tests: `npm run fuzz` runs them at length.
    env: { FUZZ_RUNS: "0.5", ...process.env },
  });
  return result.status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureInstalled();
  build();
  process.exitCode = test(process.argv.slice(2));
}
