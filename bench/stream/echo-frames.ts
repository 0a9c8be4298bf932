// The messages an echo sends: made once, as frames, and sent round and round.
import { tickBytes, tickJson } from "../corpus/stream-messages.ts";

const different = 1000;

/** The sequence of the so-manyth message, from 1. */
export function echoSequence(count: number): number {
  return ((count - 1) % different) + 1;
}

const made = new Map<string, readonly Buffer[]>();

/** @param toFrame of one message; called for each of them, once for each name */
export function echoFrames(name: string, toFrame: (message: Buffer) => Buffer, isProto: boolean): readonly Buffer[] {
  const before = made.get(name);
  if (before !== undefined) return before;
  const frames = Array.from({ length: different }, (_, at) =>
    toFrame(isProto ? tickBytes(at + 1) : Buffer.from(tickJson(at + 1))),
  );
  made.set(name, frames);
  return frames;
}
