// Results between one command and the next: one JSON file per cell, so that a report can be made of several runs.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cache, makeFolder } from "./folders.ts";

export function saveResult(id: string, result: unknown): void {
  writeFileSync(`${makeFolder(`${cache}/results`)}/${id}.json`, JSON.stringify(result, undefined, 2));
}

/** What was measured last, or nothing. */
export function savedResult(id: string): unknown {
  const file = `${cache}/results/${id}.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}
