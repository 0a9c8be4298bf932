// Request bodies in protobuf: checked to be well-formed, and woven with what the path bound, on the level of the wire.
import type { Field, MessageType } from "../../schema/descriptor.ts";
import { Code, GatewayError } from "../../status.ts";
import { encodeOverlay, type Overlay, type OverlayEntry } from "./overlay.ts";
import { concatBytes, isGroup, isZeroPayload, taggedValue, wireTypeOfValue } from "../wire/field-wire.ts";
import { WireReader, WireType } from "../wire/wire-reader.ts";

/** What to do with a body value for a field of the overlay; see JsonOptions.boundFields. */
export type BoundFields = "refuse" | "override";

/**
 * The body with the overlay's values in it, each message once. The body itself when there is no overlay: only its outer
 * level is checked, as a gRPC backend checks the rest itself. Throws GatewayError (400).
 */
export function weaveProto(type: MessageType, body: Uint8Array, overlay: Overlay, bound: BoundFields): Uint8Array {
  try {
    return weave(body, overlay, bound);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.reason !== "MESSAGE_MALFORMED") throw error;
    throw new GatewayError(Code.INVALID_ARGUMENT, `the body is not a ${type.name} in protobuf: ${error.message}`, {
      reason: "BODY_MALFORMED",
    });
  }
}

/** One field of the body that the overlay has too. */
interface Occurrence {
  /** Without tag, length or end tag. */
  readonly content: Uint8Array;
}

function weave(body: Uint8Array, overlay: Overlay, bound: BoundFields): Uint8Array {
  const fieldByNumber = new Map<number, Field>();
  for (const field of overlay.keys()) fieldByNumber.set(field.number, field);
  const rivals = rivalsOf(overlay);
  const kept: Uint8Array[] = [];
  // What is kept is kept in one piece as long as nothing else comes between: a view a field would be larger than the field.
  let keptFrom = 0;
  const shared = new Map<Field, Occurrence[]>();
  const reader = new WireReader(body, 0, body.length);
  while (reader.pos < reader.end) {
    const start = reader.pos;
    const tag = reader.tag();
    const field = fieldByNumber.get(tag >>> 3);
    const rival = rivals.get(tag >>> 3);
    const isShared = field !== undefined && (tag & 7) === wireTypeOf(field);
    if (isShared) addOccurrence(shared, field, overlay, { content: readContent(reader, tag) });
    else reader.skip(tag);
    if (isShared || rival !== undefined) {
      if (start > keptFrom) kept.push(body.subarray(keptFrom, start));
      keptFrom = reader.pos;
      if (!isShared && rival !== undefined && bound === "refuse")
        throw GatewayError.invalidField(
          rival.other.jsonName,
          `the ${rival.source} already sets "${rival.set.jsonName}" of the same oneof`,
          "ONEOF_DUPLICATE",
        );
    }
  }
  if (overlay.size === 0) return body;
  if (keptFrom < body.length) kept.push(body.subarray(keptFrom));
  for (const [field, entry] of overlay) kept.push(weaveField(field, entry, shared.get(field) ?? [], bound));
  return concatBytes(kept);
}

/** Of a scalar only the last counts. */
function addOccurrence(shared: Map<Field, Occurrence[]>, field: Field, overlay: Overlay, occurrence: Occurrence): void {
  const known = shared.get(field);
  if (known === undefined || overlay.get(field)?.kind === "value") shared.set(field, [occurrence]);
  else known.push(occurrence);
}

function wireTypeOf(field: Field): number {
  return isGroup(field) ? WireType.START_GROUP : wireTypeOfValue(field.type);
}

interface Rival {
  readonly other: Field;
  readonly set: Field;
  readonly source: string;
}

/** By number: the other members of oneofs in which the overlay sets one. */
function rivalsOf(overlay: Overlay): Map<number, Rival> {
  const rivals = new Map<number, Rival>();
  for (const [set, entry] of overlay) {
    if (set.oneof === undefined) continue;
    const source = entry.kind === "value" ? entry.source : "path";
    for (const other of set.oneof.fields) if (other !== set) rivals.set(other.number, { other, set, source });
  }
  return rivals;
}

/** The value of a field whose tag was read, without tag and length; the reader goes past it. */
function readContent(reader: WireReader, tag: number): Uint8Array {
  const { bytes } = reader;
  const wireType = tag & 7;
  let start = reader.pos;
  if (wireType === WireType.START_GROUP) return bytes.subarray(start, reader.groupEnd(tag >>> 3));
  if (wireType === WireType.LENGTH) {
    const end = reader.lengthEnd();
    start = reader.pos;
    reader.pos = end;
    return bytes.subarray(start, end);
  }
  reader.skip(tag);
  return bytes.subarray(start, reader.pos);
}

function weaveField(
  field: Field,
  entry: OverlayEntry,
  occurrences: readonly Occurrence[],
  bound: BoundFields,
): Uint8Array {
  if (entry.kind === "node") {
    if (occurrences.length === 0) return taggedValue(field, encodeOverlay(entry.node));
    // Several occurrences of a message are one, concatenated (protobuf's merge rule).
    const content = concatBytes(occurrences.map((occurrence) => occurrence.content));
    return taggedValue(field, weave(content, entry.node, bound));
  }
  const last = occurrences.at(-1)?.content;
  if (bound === "refuse" && last !== undefined && !isSame(field, entry.wire, last)) {
    throw GatewayError.invalidField(
      field.jsonName,
      `the ${entry.source} already sets this field to ${JSON.stringify(entry.text.slice(0, 64))}; leave it out or send the same value`,
      "FIELD_BOUND",
    );
  }
  return entry.wire;
}

/** A zero without presence is the same as an unset field, which contradicts nothing. */
function isSame(field: Field, wire: Uint8Array, content: Uint8Array): boolean {
  if (!field.hasPresence && isZeroPayload(field.type, content)) return true;
  return Buffer.compare(taggedValue(field, content), wire) === 0;
}
