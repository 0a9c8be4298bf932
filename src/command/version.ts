// `sluice version`.
import { readFileSync } from "node:fs";

/** Of this package; its package.json lies three folders above the compiled file. */
export function readVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}
