// What a gateway in Node has on its heap, garbage left out: asked by a signal, answered in a file.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { cache, dist } from "../load/folders.ts";

export interface Heap {
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
}

export function heapFile(pid: number): string {
  return `${cache}/heap-${pid}.json`;
}

/** What makes a gateway answer. */
export const probeArguments = ["--import", `${dist}bench/stream/heap-probe.js`];

const limitMs = 10_000;

/** Collects garbage in that process, so to be asked after its resident memory. */
export async function readHeap(pid: number): Promise<Heap> {
  const file = heapFile(pid);
  const startedAt = performance.now();
  process.kill(pid, "SIGUSR2");
  while (!existsSync(file)) {
    if (performance.now() - startedAt > limitMs) throw new Error(`the gateway did not tell its heap in ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const heap = JSON.parse(readFileSync(file, "utf8")) as Heap;
  rmSync(file);
  return heap;
}
