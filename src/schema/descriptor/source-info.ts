// Positions and comments of a descriptor: google.protobuf.SourceCodeInfo looked up by path.
import type { Position } from "../../diagnostic.ts";
import { WireCursor, wireLength } from "./wire.ts";

export interface SourceInfo {
  /** The position of the nearest enclosing path that has one; line 1, column 1 of the file when none has. */
  position(path: readonly number[]): Position;
  comment(path: readonly number[]): string;
  /** Whether the descriptor carries source info at all. */
  readonly isPresent: boolean;
}

interface Location {
  readonly position: Position;
  readonly comment: string;
}

/** `chunks`: the field 9 values of a FileDescriptorProto, usually one. */
export function readSourceInfo(file: string, chunks: readonly Uint8Array[]): SourceInfo {
  const locations = new Map<string, Location>();
  for (const chunk of chunks) {
    const cursor = new WireCursor(chunk);
    while (!cursor.isAtEnd) {
      const tag = cursor.tag();
      if (tag === ((1 << 3) | wireLength)) readLocation(cursor.message(), file, locations);
      else cursor.skip(tag);
    }
  }
  const start: Position = { file, line: 1, column: 1 };
  return {
    isPresent: locations.size > 0,
    position(path) {
      if (locations.size === 0) return start;
      for (let length = path.length; length >= 0; length--) {
        const found = locations.get(path.slice(0, length).join());
        if (found !== undefined) return found.position;
      }
      return start;
    },
    comment(path) {
      return locations.size === 0 ? "" : (locations.get(path.join())?.comment ?? "");
    },
  };
}

function readLocation(cursor: WireCursor, file: string, into: Map<string, Location>): void {
  const path: number[] = [];
  const span: number[] = [];
  let leading = "";
  let trailing = "";
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag >>> 3 === 1) readInts(cursor, tag, path);
    else if (tag >>> 3 === 2) readInts(cursor, tag, span);
    else if (tag === ((3 << 3) | wireLength)) leading = cursor.string();
    else if (tag === ((4 << 3) | wireLength)) trailing = cursor.string();
    else cursor.skip(tag);
  }
  if (span.length < 3) return;
  const key = path.join();
  if (into.has(key)) return;
  const position = { file, line: span[0] + 1, column: span[1] + 1 };
  into.set(key, { position, comment: stripComment(leading === "" ? trailing : leading) });
}

function readInts(cursor: WireCursor, tag: number, into: number[]): void {
  if ((tag & 7) !== wireLength) {
    if ((tag & 7) === 0) into.push(cursor.int32());
    else cursor.skip(tag);
    return;
  }
  const packed = cursor.message();
  while (!packed.isAtEnd) into.push(packed.int32());
}

/** The compiler keeps the space after the marker and the last newline. */
function stripComment(text: string): string {
  return text
    .split("\n")
    .map((line) => (line.startsWith(" ") ? line.slice(1) : line).trimEnd())
    .join("\n")
    .trim();
}
