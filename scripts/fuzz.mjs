// Installs if needed, builds, and runs the differential and hostile-input tests at length; FUZZ_SEED and FUZZ_RUNS override.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
ensureInstalled();
build();
const args = [
  "node_modules/mocha/bin/mocha.js",
  "--require",
  "dist/test/support/closing-line.js",
  // Two at a time: what they measure does not mind.
  "--parallel",
  "--jobs",
  "2",
  "--timeout",
  "600000",
  "dist/test/fuzz/*.test.js",
  "dist/test/http1/differential.test.js",
  "dist/test/{attacks,corpus,fuzz}/*.heavy.js",
];
const env = { FUZZ_RUNS: "10", ...process.env };
process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit", env }).status ?? 1;
