// Installs if needed, builds, runs the tests of dist/test; `--coverage` under c8, other arguments go to mocha (`-- -g title`).
// The last line is `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

export function test(args = []) {
  const withCoverage = args.includes("--coverage");
  const mocha = [
    "node_modules/mocha/bin/mocha.js",
    "--require",
    "dist/test/support/closing-line.js",
    ...args.filter((argument) => argument !== "--coverage"),
    "dist/test/**/*.test.js",
  ];
  const c8 = [
    "node_modules/c8/bin/c8.js",
    "--include",
    "dist/src/**",
    "--reporter",
    "text-summary",
    "--reporter",
    "html",
  ];
  const result = spawnSync(
    process.execPath,
    [...(withCoverage ? c8 : []), ...(withCoverage ? [process.execPath] : []), ...mocha],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  return result.status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureInstalled();
  build();
  process.exitCode = test(process.argv.slice(2));
}
