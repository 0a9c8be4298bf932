// Where in messages of a type there may be something to redact: compiled once for each set of redacted fields, looked at for every message.
import { fieldsOf, holdersOf } from "../schema/reach.ts";
import type { Field, MessageType, Schema } from "../schema/descriptor.ts";
import { taggedRange } from "../translate/wire/field-wire.ts";
import { WireType } from "../translate/wire/wire-reader.ts";

/** What is redacted of a field, by whom it depends on. */
export interface RedactedField {
  /** Callers before whom this gate is closed do not see it. */
  readonly gate: number;
  /** What they see instead. */
  readonly mask: string | undefined;
}

export interface Part {
  /** Undefined where the field itself is everybody's. */
  readonly gate: number | undefined;
  /** The whole field, tag included, that stands in its place. */
  readonly masked: Uint8Array | undefined;
  /** Undefined where nothing below it is redacted. */
  readonly shape: Shape | undefined;
}

export interface Shape {
  /** `any`: a google.protobuf.Any; `set`: a message whose extensions may come as items of a MessageSet, too. */
  readonly kind: "message" | "any" | "set";
  /** By field number; what is not here is left as it is. */
  readonly parts: ReadonlyMap<number, Part>;
}

export interface Shapes {
  /** Undefined where messages of the type hold nothing to redact. */
  of(type: MessageType): Shape | undefined;
  /** By a `type_url` (google/protobuf/any.proto); undefined also for a type that no proto here defines. */
  ofUrl(typeUrl: string): Shape | undefined;
  /** Of google.rpc.Status, whose details may hold anything; also where no proto here defines it. */
  readonly ofStatus: Shape;
}

const anyShape: Shape = { kind: "any", parts: new Map() };
const anyName = "google.protobuf.Any";

/** google/rpc/status.proto: details = 3. */
const plainStatus: Shape = {
  kind: "message",
  parts: new Map([[3, { gate: undefined, masked: undefined, shape: anyShape }]]),
};

/** `redacted` goes by the full names of fields. */
export function compileShapes(schema: Schema, redacted: ReadonlyMap<string, RedactedField>): Shapes {
  const isRedacted = (field: Field): boolean => redacted.has(field.name);
  const holders = holdersOf(schema.messages, (type) => type.name === anyName || fieldsOf(type).some(isRedacted));
  const known = new Map<MessageType, Shape>();
  const of = (type: MessageType): Shape | undefined => {
    if (!holders.has(type)) return undefined;
    if (type.name === anyName) return anyShape;
    const found = known.get(type);
    if (found !== undefined) return found;
    const parts = new Map<number, Part>();
    // Before its parts, which may be of its own type.
    known.set(type, { kind: type.isMessageSet ? "set" : "message", parts });
    for (const field of fieldsOf(type)) {
      const own = redacted.get(field.name);
      const shape = field.type.kind === "message" ? of(field.type.message) : undefined;
      if (own === undefined && shape === undefined) continue;
      parts.set(field.number, { gate: own?.gate, masked: toMasked(field, own?.mask), shape });
    }
    return known.get(type);
  };
  const status = schema.message("google.rpc.Status");
  return {
    of,
    ofUrl(typeUrl) {
      const type = schema.message(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
      return type === undefined ? undefined : of(type);
    },
    ofStatus: (status && of(status)) ?? plainStatus,
  };
}

function toMasked(field: Field, mask: string | undefined): Uint8Array | undefined {
  return mask === undefined ? undefined : taggedRange(field.number * 8 + WireType.LENGTH, Buffer.from(mask));
}
