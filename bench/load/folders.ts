// Where things lie: the checkout, the compiled program beside this file, and the cache that the installers fill.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** `dist/`, or the other folder this was compiled to. */
export const dist = fileURLToPath(new URL("../..", import.meta.url));
export const root = fileURLToPath(new URL("../../..", import.meta.url));
/** Peers, generated protos and results; not in the repository. */
export const cache = `${root}.cache/bench`;

export function makeFolder(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}
