// The Chromium of the browser tests: Debian's, or the one that CHROMIUM names; quiet, and without a sandbox, which root has none of.
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    // As for users: a page that is left is kept for those who come back.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });
}
