// Keeps the space small that V8 puts new objects into, for as long as a process starts. Nearly all that a start makes is thrown
// away at once, hundreds of modules resolved and a schema compiled; V8 would take 32 MiB for it, and keep them.
import { setFlagsFromString } from "node:v8";

/** V8 is told by a flag of its own; of a Node that is newer than these it is not known that it takes it without a word. */
const newestNode = 24;
const isKnown = Number(process.versions.node.split(".")[0]) <= newestNode;

/** Before anything else is loaded. */
export function keepYoungSpaceSmall(): void {
  if (isKnown) setFlagsFromString("--semi-space-growth-factor=1");
}

/** As V8 has it by itself. A space that calls outgrow is collected more often, and more of it is kept for nothing. */
export function letYoungSpaceGrow(): void {
  if (isKnown) setFlagsFromString("--semi-space-growth-factor=2");
}
