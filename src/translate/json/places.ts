// Where the fields of one message stand in its bytes: for messages whose fields come in another order than declared.
import { type FieldPlan, Kind, type MessagePlan } from "./message-plan.ts";
import { WireReader, WireType } from "../wire/wire-reader.ts";

/** Whether the field can be sent with this wire type: its own, or packed. Anything else counts as an unknown field. */
export function accepts(field: FieldPlan, wireType: number): boolean {
  if (wireType === field.wireType) return true;
  return wireType === WireType.LENGTH && field.isRepeated && field.kind < Kind.STRING;
}

/** Where a field was found: nowhere (-1), once, or several times. */
export type Places = number | number[];

export function addPlace(places: Places, at: number): Places {
  if (typeof places === "object") {
    places.push(at);
    return places;
  }
  return places < 0 ? at : [places, at];
}

/** The place that counts for a value that does not merge; -1 for nowhere. */
export function lastPlace(places: Places): number {
  return typeof places === "object" ? places[places.length - 1] : places;
}

export interface FoundFields {
  /** By the field's index in its message. */
  readonly places: Places[];
  /** Of a repeated field, at each place: packed or not. */
  readonly wireTypes: readonly (number[] | undefined)[];
}

/** Walks the message once; of a oneof only the last member is found. */
export function findPlaces(plan: MessagePlan, reader: WireReader): FoundFields {
  const { end } = reader;
  const places: Places[] = plan.fields.map(() => -1);
  const wireTypes: (number[] | undefined)[] = [];
  const lastOfOneof = new Map<object, FieldPlan>();
  while (reader.pos < end) {
    const tag = reader.tag();
    const field = plan.byNumber(tag >>> 3);
    if (
      field !== undefined &&
      accepts(field, tag & 7) &&
      (field.isRepeated || !isUnknownEnum(field, reader, reader.pos))
    ) {
      const { oneof } = field.field;
      const previous = oneof && lastOfOneof.get(oneof);
      if (previous !== undefined && previous !== field) places[previous.index] = -1;
      if (oneof !== undefined) lastOfOneof.set(oneof, field);
      places[field.index] = addPlace(places[field.index], reader.pos);
      if (field.isRepeated) (wireTypes[field.index] ??= []).push(tag & 7);
    }
    reader.skip(tag);
  }
  return { places, wireTypes };
}

/** Whether an unknown number of a closed enum is stands there; it counts as an unknown field, which hides no other. */
export function isUnknownEnum(field: FieldPlan, reader: WireReader, at: number): boolean {
  if (field.enum === undefined || !field.enum.closed) return false;
  const { pos } = reader;
  reader.pos = at;
  const isUnknown = !field.enum.names.has(reader.varint32());
  reader.pos = pos;
  return isUnknown;
}

/** One message sent in pieces: their concatenation is the merged message, by the definition of the encoding. */
export function mergePieces(field: FieldPlan, reader: WireReader, places: readonly number[]): WireReader {
  const { bytes } = reader;
  // All pieces lie behind the first.
  const merged = Buffer.allocUnsafe(reader.end - places[0]);
  let length = 0;
  for (const at of places) {
    reader.pos = at;
    const end = field.kind === Kind.GROUP ? reader.groupEnd(field.field.number) : reader.lengthEnd();
    // A loop, not a view of each piece: a view takes some hundred bytes, an empty piece two.
    for (let i = field.kind === Kind.GROUP ? at : reader.pos; i < end; i++) merged[length++] = bytes[i];
  }
  return new WireReader(merged, 0, length);
}
