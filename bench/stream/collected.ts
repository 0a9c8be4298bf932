// What a gateway in Node holds when its garbage has been collected. V8 collects when it needs room, not when it has time.
import type { Running } from "../load/process.ts";
import { type Heap, readHeap } from "./heap.ts";
import { settledBytes } from "./run-subject.ts";

export interface Collected {
  /** Bytes. */
  readonly resident: number;
  readonly heap: Heap;
}

/** One collection finds the garbage, the next one gives its pages back. */
export async function collected(gateway: Running, isQuick: boolean): Promise<Collected> {
  await readHeap(gateway.pid);
  const heap = await readHeap(gateway.pid);
  return { resident: await settledBytes(gateway, isQuick), heap };
}
