// Which TypeScript type a field's JSON has: ProtoJSON with the gateway's own switches.
import type { EnumType, Field, FieldType, MessageType, ScalarType } from "../schema/descriptor.ts";
import { wrappers } from "../schema/wrappers.ts";
import { enumPrefix } from "../translate/json/enum-names.ts";
import type { JsonOptions } from "../translate/options.ts";
import type { NamedType, TypeName } from "./type-names.ts";

/** What decides how JSON looks. */
export type JsonShape = Pick<
  JsonOptions,
  "protoNames" | "emitDefaults" | "emitNullMessages" | "enumsAsNumbers" | "int64AsNumbers" | "stripEnumPrefix"
>;

export interface TypeContext {
  readonly names: ReadonlyMap<NamedType, TypeName>;
  readonly json: JsonShape;
}

/** Messages whose JSON is no object of their fields. */
const wellKnown: Readonly<Record<string, string>> = {
  "google.protobuf.Timestamp": "string",
  "google.protobuf.Duration": "string",
  "google.protobuf.FieldMask": "string",
  "google.protobuf.Struct": "sluice.JsonObject",
  "google.protobuf.Value": "sluice.JsonValue",
  "google.protobuf.ListValue": "sluice.JsonValue[]",
  "google.protobuf.Any": "sluice.JsonAny",
};

const nullValue = "google.protobuf.NullValue";

/** Whether the message needs no declaration of its own. */
export function isInline(type: NamedType): boolean {
  return Object.hasOwn(wellKnown, type.name) || wrappers.has(type.name) || type.name === nullValue;
}

/** The key the field has in JSON objects. */
export function memberOf(field: Field, { protoNames }: JsonShape): string {
  return protoNames ? field.protoName : field.jsonName;
}

/** `sent`: as requests carry it; a reader takes more than a writer writes. */
export function formatFieldType(field: Field, context: TypeContext, sent: boolean): string {
  const { type } = field;
  if (field.cardinality === "map" && type.kind === "message") {
    const value = type.message.field("value");
    return `{ [key: string]: ${value === undefined ? "unknown" : formatType(value.type, context, sent)} }`;
  }
  const value = formatType(type, context, sent);
  if (field.cardinality !== "repeated") return value;
  return /^[\w.]+(?:\[\])*$/.test(value) ? `${value}[]` : `(${value})[]`;
}

/** Of a whole request or reply: unlike a field it is never null. */
export function formatRoot(message: MessageType, context: TypeContext, sent: boolean): string {
  const wrapped = wrappers.get(message.name);
  if (wrapped !== undefined) return formatScalar(wrapped, context.json, sent);
  return formatType({ kind: "message", message }, context, sent);
}

export function formatType(type: FieldType, context: TypeContext, sent: boolean): string {
  if (type.kind === "scalar") return formatScalar(type.scalar, context.json, sent);
  const named = type.kind === "enum" ? type.enum : type.message;
  if (named.name === nullValue) return "null";
  if (Object.hasOwn(wellKnown, named.name)) return wellKnown[named.name];
  const wrapped = wrappers.get(named.name);
  if (wrapped !== undefined) return `${formatScalar(wrapped, context.json, sent)} | null`;
  const name = context.names.get(named);
  if (name === undefined) return "unknown";
  return sent ? name.sentName : name.name;
}

function formatScalar(scalar: ScalarType, { int64AsNumbers }: JsonShape, sent: boolean): string {
  switch (scalar) {
    case "string":
    case "bytes":
      return "string";
    case "bool":
      return "boolean";
    case "double":
    case "float":
      return `number | "NaN" | "Infinity" | "-Infinity"`;
    default:
      if (!scalar.endsWith("64")) return "number";
      if (sent) return "string | number | bigint";
      return int64AsNumbers ? "number" : "string";
  }
}

/** The values of an enum as a union, aliases included. */
export function formatEnumUnion(type: EnumType, { enumsAsNumbers, stripEnumPrefix }: JsonShape): string {
  const prefix = stripEnumPrefix ? enumPrefix(type) : "";
  const values = type.values.map((value) =>
    enumsAsNumbers ? String(value.number) : JSON.stringify(value.name.slice(prefix.length)),
  );
  const union = [...new Set(values)];
  // A value of a newer schema arrives as its number; requests may say numbers as well.
  return union.length === 0 ? (enumsAsNumbers ? "number" : "string") : union.join(" | ");
}
