// Compiles everything into an emptied dist/.
import { rmSync } from "node:fs";
import { run } from "./run.mjs";

export function emptyDist() {
  rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
}

export function build() {
  emptyDist();
  run("tsc", []);
}

if (process.argv[1] === new URL(import.meta.url).pathname) build();
