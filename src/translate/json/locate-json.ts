// From an offset in a JSON text to what a person looks for: the path, the line and the column. Runs only when a request is refused.
import { Code, GatewayError } from "../../status.ts";
import type { JsonFault } from "./json-cursor.ts";

export interface JsonPlace {
  /** `lines[2].productId`; keys that are no identifiers as `labels["a b"]`. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

interface Level {
  /** Undefined in an array. */
  key: string | undefined;
  index: number;
  expectsKey: boolean;
}

/** The text before `offset` must have been read without a fault. */
export function locateJson(json: Uint8Array, offset: number): JsonPlace {
  const levels: Level[] = [];
  let line = 1;
  let lineStart = 0;
  for (let at = 0; at < offset; at++) {
    const byte = json[at];
    const level = levels.at(-1);
    if (byte === 0x0a) {
      line++;
      lineStart = at + 1;
    } else if (byte === 0x7b) levels.push({ key: "", index: 0, expectsKey: true });
    else if (byte === 0x5b) levels.push({ key: undefined, index: 0, expectsKey: false });
    else if (byte === 0x7d || byte === 0x5d) levels.pop();
    else if (byte === 0x2c && level !== undefined) {
      if (level.key === undefined) level.index++;
      else level.expectsKey = true;
    } else if (byte === 0x22) {
      const end = stringEnd(json, at);
      if (level?.expectsKey === true) {
        level.key = keyText(json, at, end);
        level.expectsKey = false;
      }
      at = end - 1;
    }
  }
  // A fault at a key itself is about that key.
  const level = levels.at(-1);
  if (level?.expectsKey === true && json[offset] === 0x22) level.key = keyText(json, offset, stringEnd(json, offset));
  const column = Buffer.from(json.subarray(lineStart, offset)).toString().length + 1;
  return { path: levels.map(formatLevel).join("").replace(/^\./, ""), line, column };
}

/** The fault as the answer to the client; `prefix` is the field the JSON text stands for, if it is not the whole message. */
export function toGatewayError(json: Uint8Array, fault: JsonFault, prefix: string): GatewayError {
  const { path, line, column } = locateJson(json, fault.offset);
  const separator = prefix !== "" && path !== "" && !path.startsWith("[") ? "." : "";
  const field = `${prefix}${separator}${path}`.slice(0, 512);
  const where = `line ${line}, column ${column}`;
  const message = field === "" ? `${fault.description} (${where})` : `${field}: ${fault.description} (${where})`;
  return new GatewayError(Code.INVALID_ARGUMENT, message, {
    reason: fault.reason,
    violations: [{ field, description: `${fault.description} (${where})`, reason: fault.reason }],
  });
}

function stringEnd(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== 0x22) at += json[at] === 0x5c ? 2 : 1;
  return Math.min(at + 1, json.length);
}

function keyText(json: Uint8Array, start: number, end: number): string {
  return Buffer.from(json.subarray(start + 1, Math.min(end - 1, start + 65))).toString();
}

function formatLevel(level: Level): string {
  if (level.key === undefined) return `[${level.index}]`;
  if (level.key === "") return "";
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(level.key) ? `.${level.key}` : `["${level.key}"]`;
}
