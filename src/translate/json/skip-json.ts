// Steps over a JSON value that nobody wants (an ignored unknown field), checking its syntax all the same.
import type { ReadRun } from "./message-plan.ts";
import { numberEnd } from "./read-number.ts";
import { readRawString } from "./read-string.ts";

/** One level deeper, or the fault that says it is too deep. */
export function enter(run: ReadRun): void {
  if (++run.depth > run.plans.options.maxDepth)
    run.json.fail(`nested deeper than ${run.plans.options.maxDepth} levels`, "DEPTH_EXCEEDED");
}

export function skipValue(run: ReadRun): void {
  const { json, out } = run;
  const byte = json.peek();
  if (byte === 0x22) {
    const start = out.length;
    readRawString(json, out, "a value");
    out.length = start;
  } else if (byte === 0x7b) skipContainer(run, 0x7d);
  else if (byte === 0x5b) skipContainer(run, 0x5d);
  else if (byte === 0x74) json.literal("true");
  else if (byte === 0x66) json.literal("false");
  else if (byte === 0x6e) json.literal("null");
  else {
    const end = byte < 0 ? -1 : numberEnd(json.bytes, json.pos, json.end);
    if (end < 0) json.unexpected("a value");
    json.pos = end;
  }
}

function skipContainer(run: ReadRun, close: number): void {
  const { json, out } = run;
  enter(run);
  json.pos++;
  let byte = json.peek();
  while (byte !== close) {
    if (close === 0x7d) {
      const start = out.length;
      readRawString(json, out, "a field name in quotes");
      out.length = start;
      expectColon(run);
    }
    skipValue(run);
    byte = json.peek();
    if (byte === close) break;
    if (byte !== 0x2c) json.syntax(close === 0x7d ? `"," or "}"` : `"," or "]"`);
    json.pos++;
    byte = json.peek();
    if (byte === close) json.syntax("a value after the comma");
  }
  json.pos++;
  run.depth--;
}

export function expectColon(run: ReadRun): void {
  const { json } = run;
  if (json.peek() !== 0x3a) json.syntax(`":"`);
  json.pos++;
}
