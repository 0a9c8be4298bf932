// Compiles everything into an emptied dist/, the schema of sluice.yaml into a function, and bundles the browser client.
import { rmSync } from "node:fs";
import { run, spawn } from "./run.mjs";

export function emptyDist() {
  rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
}

/** The browser client as one minified ES module, beside its compiled files. */
export const bundleArguments = [
  "src/client/client.ts",
  "--bundle",
  "--minify",
  "--format=esm",
  "--target=es2022",
  "--log-level=warning",
  "--outfile=dist/src/client/sluice-client.js",
];

export function build() {
  emptyDist();
  run("tsc", []);
  spawn(process.execPath, ["scripts/compile-schema.mjs"]);
  // The browser client once more, as a page sees it: with the DOM and without Node.
  run("tsc", ["-p", "src/client"]);
  run("esbuild", bundleArguments);
}

if (process.argv[1] === new URL(import.meta.url).pathname) build();
