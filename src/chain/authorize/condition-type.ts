// The types that a condition can be told about before it ever runs, and what the fields of messages are in them.
import { defaultText } from "../../schema/descriptor/default.ts";
import type { Field, FieldType, MessageType, ScalarType } from "../../schema/descriptor.ts";
import type { FieldNode } from "../../schema/link/node.ts";

export type ConditionType =
  | {
      readonly kind:
        | "dyn"
        | "bool"
        | "int"
        | "uint"
        | "double"
        | "string"
        | "bytes"
        | "null"
        | "timestamp"
        | "duration";
    }
  | { readonly kind: "list"; readonly of: ConditionType }
  | { readonly kind: "map"; readonly key: ConditionType; readonly value: ConditionType }
  | { readonly kind: "message"; readonly message: MessageType }
  | { readonly kind: "record"; readonly name: string; readonly fields: ReadonlyMap<string, ConditionType> };

export const dyn: ConditionType = { kind: "dyn" };
export const bool: ConditionType = { kind: "bool" };
export const string: ConditionType = { kind: "string" };
export const int: ConditionType = { kind: "int" };

/** What every condition may look at besides `req`. */
export const variableTypes: ReadonlyMap<string, ConditionType> = new Map<string, ConditionType>([
  ["claims", { kind: "map", key: string, value: dyn }],
  ["principal", string],
  ["scopes", { kind: "list", of: string }],
  ["roles", { kind: "list", of: string }],
  ["method", string],
  ["service", string],
  ["front", string],
  ["peer", { kind: "record", name: "peer", fields: new Map([["address", string]]) }],
  ["headers", { kind: "map", key: string, value: string }],
  ["now", { kind: "timestamp" }],
]);

const scalarKinds: Readonly<Record<ScalarType, ConditionType>> = {
  double: { kind: "double" },
  float: { kind: "double" },
  int64: int,
  int32: int,
  sint64: int,
  sint32: int,
  sfixed64: int,
  sfixed32: int,
  uint64: { kind: "uint" },
  uint32: { kind: "uint" },
  fixed64: { kind: "uint" },
  fixed32: { kind: "uint" },
  bool,
  string,
  bytes: { kind: "bytes" },
};

/** The type, or why conditions cannot look at the field. */
export function typeOfField(field: Field): ConditionType | string {
  if (field.cardinality === "map" && field.type.kind === "message") return typeOfMap(field.type.message);
  const single = typeOfValue(field.type);
  if (typeof single === "string") return single;
  if (field.cardinality === "repeated") return { kind: "list", of: single };
  // Its value where it is not set would have to be this one; nobody has asked for it yet.
  if (defaultText(field as FieldNode) !== undefined) return "it has a default of its own, which conditions do not know";
  return single;
}

function typeOfMap(entry: MessageType): ConditionType | string {
  const [key, value] = [1, 2].map((number) => entry.fields.find((field) => field.number === number));
  const types = [key, value].map((field) =>
    field === undefined ? "its entries have no type" : typeOfValue(field.type),
  );
  const wrong = types.find((type) => typeof type === "string");
  return wrong ?? { kind: "map", key: types[0] as ConditionType, value: types[1] as ConditionType };
}

/** Of one value, outside of a list. */
export function typeOfValue(type: FieldType): ConditionType | string {
  if (type.kind === "scalar") return scalarKinds[type.scalar];
  if (type.kind === "enum") return int;
  const { name } = type.message;
  if (name === "google.protobuf.Timestamp") return { kind: "timestamp" };
  if (name === "google.protobuf.Duration") return { kind: "duration" };
  if (/^google\.protobuf\.(?:Any|Struct|Value|ListValue)$/.test(name)) return `conditions cannot look into ${name}`;
  return { kind: "message", message: type.message };
}

/** For messages: `string`, `list of int`, `shop.v1.Order`. */
export function describeType(type: ConditionType): string {
  if (type.kind === "list") return `list of ${describeType(type.of)}`;
  if (type.kind === "map") return `map of ${describeType(type.key)} to ${describeType(type.value)}`;
  if (type.kind === "message") return type.message.name;
  return type.kind === "record" ? type.name : type.kind;
}

/** `an int`, `a string`. */
export function oneOf(type: ConditionType): string {
  const text = describeType(type);
  return `${/^[aeiou]/.test(text) && !text.startsWith("u") ? "an" : "a"} ${text}`;
}

/** Whether a message stands anywhere in it: those are looked into, never compared or passed on. */
export function holdsMessage(type: ConditionType): boolean {
  if (type.kind === "list") return holdsMessage(type.of);
  if (type.kind === "map") return holdsMessage(type.value);
  return type.kind === "message" || type.kind === "record";
}

const numbers: ReadonlySet<ConditionType["kind"]> = new Set(["int", "uint", "double"]);

/** Whether values of both can ever be equal, as far as is known. */
export function mayBeEqual(a: ConditionType, b: ConditionType): boolean {
  if (a.kind === "dyn" || b.kind === "dyn") return true;
  if (numbers.has(a.kind)) return numbers.has(b.kind);
  if (a.kind === "list" && b.kind === "list") return mayBeEqual(a.of, b.of);
  return a.kind === b.kind;
}
