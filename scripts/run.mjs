// What the other scripts share: install once on a fresh clone, then run a tool of node_modules/.bin to its end.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs `npm ci` unless the dependencies are there. */
export function ensureInstalled() {
  if (existsSync(`${root}node_modules/.package-lock.json`)) return;
  console.log("installing dependencies (npm ci) …");
  spawn("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

/** Runs a tool of node_modules/.bin; ends this process with its exit code when it fails. */
export function run(tool, args, options = {}) {
  spawn(`${root}node_modules/.bin/${tool}`, args, options);
}

export function spawn(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}
