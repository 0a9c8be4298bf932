// One message on its way to a caller who may not see all of it: read from its bytes as far down as there may be something to redact, and no further.
import { malformed, maxWireDepth, WireReader, WireType } from "../translate/wire/wire-reader.ts";
import { Edits } from "./edits.ts";
import type { Part, Shape, Shapes } from "./shape.ts";

/** By gate, whether it is closed before the caller. */
export type Closed = readonly boolean[];

export interface Redaction {
  readonly shapes: Shapes;
  readonly closed: Closed;
}

/** The same bytes where nothing was in them. Throws GatewayError (INTERNAL) for bytes that are no message, as far as they are read. */
export function redactMessage(message: Uint8Array, shape: Shape, redaction: Redaction): Uint8Array {
  return new Walk(message, redaction).run(shape);
}

/** Tags of google.protobuf.Any: type_url = 1, value = 2. */
const typeUrlTag = 0x0a;
const valueTag = 0x12;
const emptyValue = Uint8Array.of(valueTag, 0);

/** An item of a MessageSet is a group, 1, of type_id = 2 and message = 3. */
const itemNumber = 1;
const typeIdTag = 0x10;
const itemMessageTag = 0x1a;

/** Its methods return by how much the message grows: seldom more than nothing. */
class Walk {
  readonly #reader: WireReader;
  readonly #edits: Edits;
  readonly #shapes: Shapes;
  readonly #closed: Closed;
  #depth = 0;

  constructor(message: Uint8Array, { shapes, closed }: Redaction) {
    this.#reader = new WireReader(message, 0, message.length);
    this.#edits = new Edits(message);
    this.#shapes = shapes;
    this.#closed = closed;
  }

  run(shape: Shape): Uint8Array {
    return this.#edits.apply(this.#content(shape));
  }

  /** From where the reader stands to its end. */
  #content(shape: Shape): number {
    return shape.kind === "any" ? this.#any() : this.#fields(shape, undefined);
  }

  /** To the reader's end, or to the end of the group of that number. */
  #fields(shape: Shape, group: number | undefined): number {
    if (++this.#depth > maxWireDepth) throw malformed("messages nested too deep");
    const reader = this.#reader;
    let growth = 0;
    for (;;) {
      const start = reader.pos;
      if (start >= reader.end && group === undefined) break;
      const tag = reader.tag();
      if ((tag & 7) === WireType.END_GROUP) {
        if (tag >>> 3 !== group) throw malformed("mismatched end of group");
        break;
      }
      if (shape.kind === "set" && tag === itemNumber * 8 + WireType.START_GROUP) growth += this.#item(shape, start);
      else {
        const part = shape.parts.get(tag >>> 3);
        if (part === undefined) reader.skip(tag);
        else growth += this.#part(part, tag, start);
      }
    }
    this.#depth--;
    return growth;
  }

  /** In whichever wire format it comes: one that does not fit is not shown either. */
  #part(part: Part, tag: number, start: number): number {
    const reader = this.#reader;
    const wireType = tag & 7;
    if (this.#hides(part)) {
      reader.skip(tag);
      if (part.masked === undefined || wireType !== WireType.LENGTH) return this.#edits.cut(start, reader.pos);
      return this.#edits.put(start, reader.pos, part.masked);
    }
    if (part.shape !== undefined && wireType === WireType.LENGTH) return this.#nested(part.shape);
    if (part.shape !== undefined && wireType === WireType.START_GROUP) return this.#group(part.shape, tag >>> 3);
    reader.skip(tag);
    return 0;
  }

  #hides({ gate }: Part): boolean {
    return gate !== undefined && this.#closed[gate];
  }

  /** A message behind its length. */
  #nested(shape: Shape): number {
    const reader = this.#reader;
    const before = reader.pos;
    const end = reader.lengthEnd();
    const start = reader.pos;
    const edit = this.#edits.openLength(before, start);
    const outer = reader.end;
    reader.end = end;
    const growth = this.#content(shape);
    reader.end = outer;
    return growth + this.#edits.closeLength(edit, end - start + growth);
  }

  #group(shape: Shape, number: number): number {
    if (shape.kind !== "any") return this.#fields(shape, number);
    const reader = this.#reader;
    const start = reader.pos;
    const outer = reader.end;
    reader.end = reader.groupEnd(number);
    const end = reader.pos;
    reader.pos = start;
    const growth = this.#any();
    reader.end = outer;
    reader.pos = end;
    return growth;
  }

  /** The value is looked at as what the type says, wherever in the Any that stands. */
  #any(): number {
    if (++this.#depth > maxWireDepth) throw malformed("messages nested too deep");
    const reader = this.#reader;
    const start = reader.pos;
    let typeUrl = "";
    let valueBytes = 0;
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      const before = reader.pos;
      if (tag === typeUrlTag) typeUrl = this.#text();
      else reader.skip(tag);
      if (tag === valueTag) valueBytes += reader.pos - before;
    }
    // One half of an Any in two pieces: what it is a value of is said in the other.
    if (typeUrl === "" && valueBytes > 1) throw malformed("google.protobuf.Any with a value but no type_url");
    const shape = typeUrl === "" ? undefined : this.#shapes.ofUrl(typeUrl);
    const growth = shape === undefined ? 0 : this.#values(shape, start, valueTag);
    this.#depth--;
    // Nor is one in another piece to be taken for a value of this.
    return shape === undefined || valueBytes > 0
      ? growth
      : growth + this.#edits.put(reader.end, reader.end, emptyValue);
  }

  #text(): string {
    const reader = this.#reader;
    const end = reader.lengthEnd();
    const text = Buffer.from(reader.bytes.subarray(reader.pos, end)).toString();
    reader.pos = end;
    return text;
  }

  /** The messages of one shape under a tag, from `start` to the reader's end; the rest is left as it is. */
  #values(shape: Shape, start: number, wanted: number): number {
    const reader = this.#reader;
    reader.pos = start;
    let growth = 0;
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === wanted) growth += this.#nested(shape);
      else reader.skip(tag);
    }
    return growth;
  }

  /** The message may stand before what says of which type it is. */
  #item(shape: Shape, start: number): number {
    const reader = this.#reader;
    const contentStart = reader.pos;
    const outer = reader.end;
    reader.end = reader.groupEnd(itemNumber);
    const end = reader.pos;
    reader.pos = contentStart;
    const part = shape.parts.get(this.#typeId());
    let growth = 0;
    if (part !== undefined && this.#hides(part)) growth = this.#edits.cut(start, end);
    else if (part?.shape !== undefined) growth = this.#values(part.shape, contentStart, itemMessageTag);
    reader.end = outer;
    reader.pos = end;
    return growth;
  }

  #typeId(): number {
    const reader = this.#reader;
    let typeId = 0;
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === typeIdTag) typeId = reader.varint32() >>> 0;
      else reader.skip(tag);
    }
    return typeId;
  }
}
