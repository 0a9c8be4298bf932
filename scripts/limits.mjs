// Installs if needed, builds, and measures how exactly limits hold under overload, with redis-server where Redis counts. Half a minute.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

ensureInstalled();
if (!process.argv.includes("--no-build")) build();
const args = [
  "node_modules/mocha/bin/mocha.js",
  "--require",
  "dist/test/support/closing-line.js",
  "dist/test/limits/*.heavy.js",
];
process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
