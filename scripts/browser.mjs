// Installs if needed, builds, and runs the browser tests in a Chromium that is already there (CHROMIUM names another).
import { existsSync } from "node:fs";
import { main } from "./mocha.mjs";

const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(chromium)) {
  console.error(
    `There is no ${chromium}: install it (apt-get install chromium), or set CHROMIUM to a Chromium's path.`,
  );
  process.exit(1);
}
main({ files: ["dist/test/browser/*.browser.js"], args: ["--timeout", "60000"] });
