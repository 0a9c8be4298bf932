// Installs if needed, builds, and runs the tests of streams behind nginx and haproxy, which have to be there (apt-get install nginx-light
// haproxy). Takes more than a minute: streams are silent for longer than proxies wait.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

ensureInstalled();
if (!process.argv.includes("--no-build")) build();
const dist = process.argv.includes("--dist") ? process.argv[process.argv.indexOf("--dist") + 1] : "dist";
const args = [
  "node_modules/mocha/bin/mocha.js",
  "--require",
  `${dist}/test/support/closing-line.js`,
  // Side by side, as each waits for that minute.
  "--parallel",
  "--jobs",
  "2",
  `${dist}/test/proxies/*.proxies.js`,
];
process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
