// How many fields a message has, with all that is in it: what decoding it into objects would cost is known before it is paid.
import type { Field, MessageType } from "../../schema/descriptor.ts";
import { maxWireDepth, malformed, WireReader, WireType } from "../../translate/wire/wire-reader.ts";
import type { Span } from "../message-fields.ts";

/** Stops counting above `limit`. Throws GatewayError for bytes that are no message. */
export function countRecords(type: MessageType, span: Span, limit: number): number {
  return new Counting(limit).count(type, span, 0);
}

class Counting {
  readonly #limit: number;
  #records = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  count(type: MessageType, { bytes, start, end }: Span, depth: number): number {
    if (depth > maxWireDepth) throw malformed(`${type.name} nested too deep`);
    const reader = new WireReader(bytes, start, end);
    const messages = messagesOf(type);
    while (reader.pos < end && this.#records <= this.#limit) {
      this.#records++;
      const tag = reader.tag();
      const inner = messages.get(tag >>> 3);
      const wireType = tag & 7;
      if (inner === undefined || (wireType !== WireType.LENGTH && wireType !== WireType.START_GROUP)) {
        reader.skip(tag);
        continue;
      }
      const isGroup = wireType === WireType.START_GROUP;
      const lengthEnd = isGroup ? 0 : reader.lengthEnd();
      const { pos } = reader;
      const contentEnd = isGroup ? reader.groupEnd(tag >>> 3) : lengthEnd;
      if (contentEnd > pos) this.count(inner, { bytes, start: pos, end: contentEnd }, depth + 1);
      if (!isGroup) reader.pos = lengthEnd;
    }
    return this.#records;
  }
}

const known = new WeakMap<MessageType, ReadonlyMap<number, MessageType>>();

/** By field number; entries of maps are messages, too. */
function messagesOf(type: MessageType): ReadonlyMap<number, MessageType> {
  let messages = known.get(type);
  if (messages === undefined) {
    const pairs = type.fields.flatMap((field: Field): [number, MessageType][] =>
      field.type.kind === "message" ? [[field.number, field.type.message]] : [],
    );
    known.set(type, (messages = new Map(pairs)));
  }
  return messages;
}
