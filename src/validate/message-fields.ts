// Takes out of a message's bytes the fields that rules look at, each as it stands after merging; the others are stepped over.
import type { Field, Oneof } from "../schema/descriptor.ts";
import { malformed, WireReader, WireType } from "../translate/wire/wire-reader.ts";
import { type ReadScalar, type ScalarValue, scalarReader, wireTypeOf, zeroOf } from "./wire-shape.ts";

/** Where messages stand: `[start, end, start, end, …]`, in `bytes` of whoever holds them. */
export type Ranges = number[];

/** Bytes from `start` to `end`: a message, without tag and length. */
export interface Span {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export type MapValue = ScalarValue | Span;

/**
 * A field's value: of a scalar the value, of a list of scalars an array, of a message the pieces it came in, of a list of messages
 * where each is, of a map its entries. Undefined where nothing of it was sent.
 */
export type SlotValue = ScalarValue | ScalarValue[] | Ranges | Map<string | number | bigint | boolean, MapValue>;

type Shape = "scalar" | "list" | "message" | "messages" | "map";

interface Slot {
  readonly field: Field;
  readonly shape: Shape;
  readonly wireType: number;
  readonly isPackable: boolean;
  readonly read: ReadScalar;
  /** Slots that setting this one clears. */
  readonly rivals: readonly number[];
  readonly entry: EntryShape | undefined;
}

interface EntryShape {
  readonly keyWire: number;
  readonly readKey: ReadScalar;
  readonly zeroKey: ScalarValue;
  readonly valueWire: number;
  /** Undefined for messages. */
  readonly readValue: ReadScalar | undefined;
  readonly zeroValue: ScalarValue;
}

/** Field numbers up to this are looked up in an array. */
const fewNumbers = 256;

export class MessageFields {
  readonly #slots: readonly Slot[];
  /** By field number; -1 for one nobody wants. */
  readonly #few: Int16Array;
  readonly #others = new Map<number, number>();
  readonly #unset: readonly (SlotValue | undefined)[];

  constructor(fields: readonly Field[]) {
    const oneofs = new Map<Oneof, number[]>();
    fields.forEach(({ oneof }, index) => {
      if (oneof !== undefined) oneofs.set(oneof, [...(oneofs.get(oneof) ?? []), index]);
    });
    this.#slots = fields.map((field, index) => {
      const members = field.oneof === undefined ? [] : oneofs.get(field.oneof)!;
      return toSlot(
        field,
        members.filter((member) => member !== index),
      );
    });
    this.#unset = fields.map(() => undefined);
    this.#few = new Int16Array(fewNumbers).fill(-1);
    fields.forEach(({ number }, index) => {
      if (number < fewNumbers) this.#few[number] = index;
      else this.#others.set(number, index);
    });
  }

  /** By the fields' index. Throws GatewayError for bytes that are no message. */
  read(bytes: Uint8Array, start: number, end: number): (SlotValue | undefined)[] {
    // Copied: far cheaper than an array that is filled.
    const values = this.#unset.slice();
    const reader = new WireReader(bytes, start, end);
    while (reader.pos < end) {
      const tag = reader.tag();
      const number = tag >>> 3;
      const index = number < fewNumbers ? this.#few[number] : (this.#others.get(number) ?? -1);
      if (index < 0) reader.skip(tag);
      else this.#readField(reader, tag, index, values);
    }
    return values;
  }

  #readField(reader: WireReader, tag: number, index: number, values: (SlotValue | undefined)[]): void {
    const slot = this.#slots[index];
    const wireType = tag & 7;
    if (wireType !== slot.wireType && !(slot.isPackable && wireType === WireType.LENGTH)) {
      reader.skip(tag);
      return;
    }
    for (const rival of slot.rivals) values[rival] = undefined;
    switch (slot.shape) {
      case "scalar":
        values[index] = slot.read(reader);
        return;
      case "list":
        readItems(reader, wireType, slot, (values[index] ??= []) as ScalarValue[]);
        return;
      case "map":
        readEntry(reader, slot.entry!, (values[index] ??= new Map()) as Map<ScalarValue, MapValue>);
        return;
      default:
        readRange(reader, tag, (values[index] ??= []) as Ranges);
    }
  }
}

function toSlot(field: Field, rivals: readonly number[]): Slot {
  const { cardinality, type } = field;
  const isMessage = type.kind === "message";
  const shape: Shape =
    cardinality === "map"
      ? "map"
      : cardinality === "repeated"
        ? isMessage
          ? "messages"
          : "list"
        : isMessage
          ? "message"
          : "scalar";
  const wireType = cardinality === "map" ? WireType.LENGTH : wireTypeOf(field);
  return {
    field,
    shape,
    wireType,
    isPackable: shape === "list" && wireType !== WireType.LENGTH,
    read: isMessage ? noScalar : readerOf(field),
    rivals,
    entry: cardinality === "map" && isMessage ? toEntry(type.message.fields) : undefined,
  };
}

function toEntry(fields: readonly Field[]): EntryShape {
  const [key, value] = [...fields].sort((one, other) => one.number - other.number);
  const isMessage = value.type.kind === "message";
  return {
    keyWire: wireTypeOf(key),
    readKey: readerOf(key),
    zeroKey: zeroOf(scalarOf(key)),
    valueWire: wireTypeOf(value),
    readValue: isMessage ? undefined : readerOf(value),
    zeroValue: isMessage ? 0 : zeroOf(scalarOf(value)),
  };
}

/** Throws for a field of messages. */
export function scalarOf({ type }: Field) {
  if (type.kind === "enum") return "enum";
  if (type.kind === "scalar") return type.scalar;
  throw new TypeError("a message is no scalar");
}

function readerOf(field: Field): ReadScalar {
  return scalarReader(scalarOf(field), field.validateUtf8);
}

function noScalar(): never {
  throw new TypeError("a message is no scalar");
}

function readItems(reader: WireReader, wireType: number, slot: Slot, items: ScalarValue[]): void {
  if (wireType === slot.wireType) {
    items.push(slot.read(reader));
    return;
  }
  const { end } = reader;
  const runEnd = reader.lengthEnd();
  reader.end = runEnd;
  while (reader.pos < runEnd) items.push(slot.read(reader));
  reader.end = end;
}

function readRange(reader: WireReader, tag: number, ranges: Ranges): void {
  if ((tag & 7) === WireType.START_GROUP) {
    const start = reader.pos;
    ranges.push(start, reader.groupEnd(tag >>> 3));
    return;
  }
  const end = reader.lengthEnd();
  ranges.push(reader.pos, end);
  reader.pos = end;
}

function readEntry(reader: WireReader, shape: EntryShape, entries: Map<ScalarValue, MapValue>): void {
  const { bytes, end: outerEnd } = reader;
  const end = reader.lengthEnd();
  reader.end = end;
  let key = shape.zeroKey;
  let value = shape.zeroValue;
  const ranges: Ranges = [];
  while (reader.pos < end) {
    const tag = reader.tag();
    const number = tag >>> 3;
    if (number === 1 && (tag & 7) === shape.keyWire) key = shape.readKey(reader);
    else if (number !== 2 || (tag & 7) !== shape.valueWire) reader.skip(tag);
    else if (shape.readValue === undefined) readRange(reader, tag, ranges);
    else value = shape.readValue(reader);
  }
  reader.end = outerEnd;
  entries.set(key, shape.readValue === undefined ? joinPieces(bytes, ranges) : value);
}

/** One message sent in pieces: their concatenation is the merged message, by the definition of the encoding. */
export function joinPieces(bytes: Uint8Array, ranges: Ranges): Span {
  if (ranges.length === 0) return { bytes, start: 0, end: 0 };
  if (ranges.length === 2) return { bytes, start: ranges[0], end: ranges[1] };
  let length = 0;
  for (let i = 0; i < ranges.length; i += 2) length += ranges[i + 1] - ranges[i];
  if (length > bytes.length) throw malformed("pieces that overlap");
  const joined = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    for (let from = ranges[i]; from < ranges[i + 1]; from++) joined[at++] = bytes[from];
  }
  return { bytes: joined, start: 0, end: length };
}
