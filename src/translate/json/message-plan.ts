// What the translators know of each message type: one plan a type and set of options, made on first use, with everything
// a request would otherwise compute: keys, tags, defaults and enum names as bytes. A plan is data, walked by
// write-message.ts and read-message.ts: one monomorphic loop needs no eval and no tree of closures.
import type { EnumType, EnumValue, Field, MessageType, ScalarType, Schema } from "../../schema/descriptor.ts";
import type { JsonOptions } from "../options.ts";
import { enumPrefix } from "./enum-names.ts";
import { type ByteSink, type Snippet, toSnippet } from "../wire/byte-sink.ts";
import type { JsonCursor } from "./json-cursor.ts";
import { NameTable } from "./name-table.ts";
import { NumberTable } from "./number-table.ts";
import { type WireReader, WireType } from "../wire/wire-reader.ts";

/** One conversion under way. */
export interface WriteRun {
  readonly out: ByteSink;
  readonly plans: Plans;
  /** Write fields as they come; off after they came out of order, and when only some of them are wanted. */
  inOrder: boolean;
  depth: number;
}

/** Writes one message of a plan: its members each with a leading comma, or, for a well-known type, its value. */
export type MessageEmbedder = (run: WriteRun, plan: MessagePlan, reader: WireReader) => void;

/** One JSON text being read into protobuf bytes. */
export interface ReadRun {
  readonly out: ByteSink;
  readonly plans: Plans;
  readonly json: JsonCursor;
  depth: number;
}

/** Reads a JSON object's members (`isOpen`: its brace and some members were read) or a well-known value as a message's fields. */
export type MessageReader = (run: ReadRun, plan: MessagePlan, ignoredKey: string | undefined) => void;

/** A message with a JSON form of its own, both ways. */
export interface WellKnown {
  /** Writes the message between `reader.pos` and `reader.end`. */
  readonly write: (run: WriteRun, plan: MessagePlan, reader: WireReader, embed: MessageEmbedder) => void;
  /** Reads the JSON value at the cursor, appending the message's fields. */
  readonly read: (run: ReadRun, plan: MessagePlan, embed: MessageReader) => void;
  /** JSON `null` is a value of it (google.protobuf.Value), not "unset". */
  readonly readsNull: boolean;
}

/** How one value is written; dense integers so that the switch over them compiles to a jump table. */
export const Kind = {
  INT32: 0,
  UINT32: 1,
  SINT32: 2,
  FIXED32: 3,
  SFIXED32: 4,
  INT64: 5,
  UINT64: 6,
  SINT64: 7,
  FIXED64: 8,
  SFIXED64: 9,
  BOOL: 10,
  ENUM: 11,
  DOUBLE: 12,
  FLOAT: 13,
  STRING: 14,
  BYTES: 15,
  MESSAGE: 16,
  GROUP: 17,
} as const;

const kindByScalar: Readonly<Record<ScalarType, number>> = {
  int32: Kind.INT32,
  uint32: Kind.UINT32,
  sint32: Kind.SINT32,
  fixed32: Kind.FIXED32,
  sfixed32: Kind.SFIXED32,
  int64: Kind.INT64,
  uint64: Kind.UINT64,
  sint64: Kind.SINT64,
  fixed64: Kind.FIXED64,
  sfixed64: Kind.SFIXED64,
  bool: Kind.BOOL,
  double: Kind.DOUBLE,
  float: Kind.FLOAT,
  string: Kind.STRING,
  bytes: Kind.BYTES,
};

export function kindOf(field: Field): number {
  if (field.type.kind === "scalar") return kindByScalar[field.type.scalar];
  if (field.type.kind === "enum") return Kind.ENUM;
  return field.delimited ? Kind.GROUP : Kind.MESSAGE;
}

export function wireTypeOf(kind: number): number {
  if (kind >= Kind.STRING) return kind === Kind.GROUP ? WireType.START_GROUP : WireType.LENGTH;
  if (kind === Kind.DOUBLE || kind === Kind.FIXED64 || kind === Kind.SFIXED64) return WireType.FIXED64;
  if (kind === Kind.FLOAT || kind === Kind.FIXED32 || kind === Kind.SFIXED32) return WireType.FIXED32;
  return WireType.VARINT;
}

/** Names of an enum's numbers, quoted; `null` for google.protobuf.NullValue. */
export interface EnumPlan {
  readonly names: NumberTable<Snippet>;
  readonly numbers: NameTable<number>;
  /** The first few names, quoted, to compare with those of the JSON. */
  readonly likely: readonly { readonly text: Snippet; readonly number: number }[];
  readonly closed: boolean;
  readonly isNullValue: boolean;
}

export class FieldPlan {
  readonly field: Field;
  readonly kind: number;
  readonly wireType: number;
  /** Number and own wire type, as it stands on the wire. */
  readonly wireTag: number;
  /** Place in the message's declaration order. */
  readonly index: number;
  readonly isRepeated: boolean;
  readonly isMap: boolean;
  /** `,"name":`; the comma of the first field is overwritten by the brace. */
  readonly key: Snippet;
  /** `,"name":0` where an unset field is written, else undefined. */
  readonly absent: Snippet | undefined;
  /** The zero of one value (an element of a list, a value of a map), `null` for a message. */
  readonly zero: Snippet;
  /** Implicit presence without defaults: a zero on the wire is written as if it were not there. */
  readonly omitsZero: boolean;
  readonly replacesInvalidUtf8: boolean;
  readonly int64AsNumber: boolean;
  /** One bit per oneof of the message, 0 outside of one. */
  readonly oneofBit: number;
  readonly enum: EnumPlan | undefined;
  /** The tag as the reader writes it; of a packed field with the length-delimited wire type. */
  readonly tag: Uint8Array;
  readonly endTag: Uint8Array;
  readonly isPacked: boolean;
  /** Implicit presence: a zero in the JSON is not written. */
  readonly skipsZero: boolean;
  /** JSON `null` is a value, not "unset". */
  readonly readsNull: boolean;
  /** Bytes the last length prefix of this field took: the guess for the next, so that moving a message up stays rare. */
  lengthBytes = 1;
  readonly #message: MessageType | undefined;
  readonly #plans: Plans;
  #messagePlan: MessagePlan | undefined;
  #entry: { readonly key: FieldPlan; readonly value: FieldPlan } | undefined;

  constructor(field: Field, index: number, oneofBit: number, plans: Plans) {
    const { options } = plans;
    this.field = field;
    this.kind = kindOf(field);
    this.wireType = wireTypeOf(this.kind);
    this.wireTag = ((field.number << 3) | this.wireType) >>> 0;
    this.index = index;
    this.isRepeated = field.cardinality === "repeated";
    this.isMap = field.cardinality === "map";
    const name = options.protoNames ? field.protoName : field.jsonName;
    const quoted = JSON.stringify(name);
    this.key = toSnippet(`,${quoted}:`);
    this.absent = absentJson(field, quoted, plans);
    this.zero = toSnippet(zeroText(field, plans));
    this.omitsZero = !options.emitDefaults && !field.hasPresence && field.cardinality === "singular";
    this.replacesInvalidUtf8 = !field.validateUtf8;
    this.int64AsNumber = options.int64AsNumbers;
    this.oneofBit = oneofBit;
    this.enum = field.type.kind === "enum" ? plans.enum(field.type.enum) : undefined;
    this.isPacked = this.isRepeated && field.packed && this.kind < Kind.STRING;
    this.tag = tagBytes(field.number, this.isPacked || this.isMap ? WireType.LENGTH : this.wireType);
    this.endTag = tagBytes(field.number, WireType.END_GROUP);
    this.skipsZero = !field.hasPresence && field.cardinality === "singular";
    this.readsNull = readsNull(field, plans);
    this.#message = field.type.kind === "message" ? field.type.message : undefined;
    this.#plans = plans;
  }

  /** The plan of the field's message, made when first met: a schema of thousands of types starts at once. */
  get message(): MessagePlan {
    this.#messagePlan ??= this.#plans.message(this.#message!);
    return this.#messagePlan;
  }

  /** Key and value of a map's entry. */
  get entry(): { readonly key: FieldPlan; readonly value: FieldPlan } {
    if (this.#entry === undefined) {
      const [key, value] = this.#message!.fields;
      this.#entry = { key: new FieldPlan(key, 0, 0, this.#plans), value: new FieldPlan(value, 1, 0, this.#plans) };
    }
    return this.#entry;
  }
}

/** Fields numbered below this are found by array index, the rest in a map. */
const denseNumbers = 256;

export class MessagePlan {
  readonly type: MessageType;
  readonly fields: readonly FieldPlan[];
  readonly wellKnown: WellKnown | undefined;
  /** Both spellings of every field. A JSON name wins over another field's proto name, as everywhere (MessageType.field). */
  readonly byName: NameTable<FieldPlan>;
  /** `"name":` of each field, to compare with the next key of the JSON; undefined where that names another field. */
  readonly keys: readonly (Snippet | undefined)[];
  /**
   * Declaration order is number order, so bytes in the usual order can be written as they are read. Turned off for good
   * when messages keep arriving in another order.
   */
  isOrdered: boolean;
  /** How often bytes came out of order. */
  disorders = 0;
  readonly #dense: (FieldPlan | undefined)[] = [];
  readonly #sparse = new Map<number, FieldPlan>();

  constructor(type: MessageType, plans: Plans) {
    this.type = type;
    this.wellKnown = plans.wellKnown.get(type.name);
    const all = [...type.fields, ...type.extensions];
    this.fields = all.map((field, index) => {
      const oneof = field.oneof === undefined ? -1 : type.oneofs.indexOf(field.oneof);
      return new FieldPlan(field, index, oneof < 0 || oneof > 30 ? 0 : 1 << oneof, plans);
    });
    for (const plan of this.fields) {
      const { number } = plan.field;
      if (number < denseNumbers) {
        while (this.#dense.length <= number) this.#dense.push(undefined);
        this.#dense[number] = plan;
      } else this.#sparse.set(number, plan);
    }
    const { fields } = this;
    this.byName = new NameTable([
      ...fields.map((plan) => [plan.field.jsonName, plan] as const),
      ...fields.map((plan) => [plan.field.protoName, plan] as const),
    ]);
    this.keys = fields.map((plan) => {
      const name = plans.options.protoNames ? plan.field.protoName : plan.field.jsonName;
      return this.byName.get(name) === plan ? toSnippet(`${JSON.stringify(name)}:`) : undefined;
    });
    const isAscending = all.every((field, index) => index === 0 || all[index - 1].number < field.number);
    this.isOrdered = isAscending && type.oneofs.length <= 31;
  }

  byNumber(number: number): FieldPlan | undefined {
    return number < this.#dense.length ? this.#dense[number] : this.#sparse.get(number);
  }
}

/** All plans of one schema under one set of options. */
export class Plans {
  readonly schema: Schema;
  readonly options: JsonOptions;
  readonly wellKnown: ReadonlyMap<string, WellKnown>;
  readonly #messages = new Map<MessageType, MessagePlan>();
  readonly #enums = new Map<EnumType, EnumPlan>();

  constructor(schema: Schema, options: JsonOptions, wellKnown: ReadonlyMap<string, WellKnown>) {
    this.schema = schema;
    this.options = options;
    this.wellKnown = wellKnown;
  }

  message(type: MessageType): MessagePlan {
    let plan = this.#messages.get(type);
    if (plan === undefined) {
      plan = new MessagePlan(type, this);
      this.#messages.set(type, plan);
    }
    return plan;
  }

  enum(type: EnumType): EnumPlan {
    let plan = this.#enums.get(type);
    if (plan === undefined) {
      plan = compileEnum(type, this.options);
      this.#enums.set(type, plan);
    }
    return plan;
  }
}

/** As many as take no longer to compare with than a look into the table. */
const likelyNames = 8;

function compileEnum(type: EnumType, options: JsonOptions): EnumPlan {
  const names = new Map<number, Snippet>();
  const numbers: [string, number][] = [];
  const isNullValue = type.name === "google.protobuf.NullValue";
  const prefix = options.stripEnumPrefix ? enumPrefix(type) : "";
  for (const value of type.values) {
    numbers.push([value.name, value.number]);
    if (prefix !== "") numbers.push([value.name.slice(prefix.length), value.number]);
    // The first of several aliases is the one that is written.
    if (names.has(value.number)) continue;
    names.set(value.number, toSnippet(enumText(type, value, options)));
  }
  return {
    names: new NumberTable(names),
    numbers: new NameTable(numbers, options.caseInsensitiveEnums),
    likely: numbers.slice(0, likelyNames).map(([name, number]) => ({ text: toSnippet(JSON.stringify(name)), number })),
    closed: type.closed,
    isNullValue,
  };
}

function enumText(type: EnumType, value: EnumValue, options: JsonOptions): string {
  if (type.name === "google.protobuf.NullValue") return "null";
  if (options.enumsAsNumbers) return String(value.number);
  return `"${value.name.slice(options.stripEnumPrefix ? enumPrefix(type).length : 0)}"`;
}

function tagBytes(number: number, wireType: number): Uint8Array {
  const bytes: number[] = [];
  let rest = ((number << 3) | wireType) >>> 0;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function readsNull(field: Field, plans: Plans): boolean {
  if (field.type.kind === "enum") return field.type.enum.name === "google.protobuf.NullValue";
  return field.type.kind === "message" && (plans.wellKnown.get(field.type.message.name)?.readsNull ?? false);
}

function absentJson(field: Field, quotedName: string, plans: Plans): Snippet | undefined {
  const { options } = plans;
  if (!options.emitDefaults) return undefined;
  const text = absentText(field, plans);
  return text === undefined ? undefined : toSnippet(`,${quotedName}:${text}`);
}

function absentText(field: Field, plans: Plans): string | undefined {
  if (field.protoName.startsWith("[")) return undefined;
  if (field.cardinality === "repeated") return "[]";
  if (field.cardinality === "map") return "{}";
  if (field.hasPresence) {
    // As protojson's EmitUnpopulated: members of a oneof, a synthetic one included, stay unwritten.
    const isAlone = field.oneof === undefined && !field.isProto3Optional;
    return plans.options.emitNullMessages && isAlone ? "null" : undefined;
  }
  return zeroText(field, plans);
}

/** The zero of one value of a field as JSON text. */
function zeroText(field: Field, plans: Plans): string {
  const { type } = field;
  if (type.kind === "message") return "null";
  if (type.kind === "enum") {
    const first = type.enum.values[0];
    return first === undefined ? "0" : enumText(type.enum, first, plans.options);
  }
  if (type.scalar === "string" || type.scalar === "bytes") return '""';
  if (type.scalar === "bool") return "false";
  return type.scalar.endsWith("64") && !plans.options.int64AsNumbers ? '"0"' : "0";
}
