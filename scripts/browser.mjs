// Installs if needed, builds, and runs the browser tests in a Chromium that is already there (CHROMIUM names another).
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(chromium)) {
  console.error(
    `There is no ${chromium}: install it (apt-get install chromium), or set CHROMIUM to a Chromium's path.`,
  );
  process.exit(1);
}
ensureInstalled();
build();
const args = [
  "node_modules/mocha/bin/mocha.js",
  "--require",
  "dist/test/support/closing-line.js",
  "--timeout",
  "60000",
  "dist/test/browser/*.browser.js",
];
process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
