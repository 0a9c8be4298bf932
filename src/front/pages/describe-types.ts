// The message and enum types that methods speak of, as the playground reads them in /-/api.json.
import type { EnumType, Field, FieldType, MessageType, Method, OptionValue } from "../../schema/descriptor.ts";
import { cutComment } from "./comment.ts";

/** More types than a person can want to see, and few enough for a browser. */
const maxTypes = 5000;
const maxFields = 1000;
const maxEnumValues = 1000;

/** A scalar's name, or the full name of a type. */
export interface TypeDescription {
  readonly kind: "scalar" | "enum" | "message";
  readonly name: string;
}

export interface FieldDescription {
  /** As JSON has it. */
  readonly name: string;
  readonly protoName: string;
  readonly type: TypeDescription;
  /** Of a map: its keys; `type` is that of its values. */
  readonly mapKey?: string;
  readonly repeated?: true;
  readonly required?: true;
  /** Set by the server only. */
  readonly output?: true;
  readonly deprecated?: true;
  readonly oneof?: string;
  readonly comment?: string;
}

export interface TypesDescription {
  readonly messages: Readonly<
    Record<string, { readonly comment?: string; readonly fields: readonly FieldDescription[] }>
  >;
  readonly enums: Readonly<Record<string, { readonly comment?: string; readonly values: readonly string[] }>>;
  /** Types that found no place here. */
  readonly leftOut: number;
}

/** Everything reachable from requests and replies, in the order it is met. */
export function describeTypes(methods: readonly Method[]): TypesDescription {
  const messages: Record<string, TypesDescription["messages"][string]> = Object.create(null) as Record<string, never>;
  const enums: Record<string, TypesDescription["enums"][string]> = Object.create(null) as Record<string, never>;
  const seen = new Set<MessageType | EnumType>();
  const waiting: (MessageType | EnumType)[] = [];
  const meet = (type: MessageType | EnumType): void => {
    if (seen.has(type)) return;
    seen.add(type);
    waiting.push(type);
  };
  for (const { input, output } of methods) {
    meet(input);
    meet(output);
  }
  let leftOut = 0;
  // The list grows while it is walked: types are met in breadth, however deep they are nested.
  for (let index = 0; index < waiting.length; index++) {
    const type = waiting[index];
    if (index >= maxTypes) leftOut += 1;
    else if (type.kind === "enum") enums[type.name] = describeEnum(type);
    else messages[type.name] = { ...cutComment(type.comment), fields: describeFields(type, meet) };
  }
  return { messages, enums, leftOut };
}

function describeEnum({ name, comment, values }: EnumType): TypesDescription["enums"][string] {
  const names = name === "google.protobuf.NullValue" ? [] : values.slice(0, maxEnumValues).map((value) => value.name);
  return { ...cutComment(comment), values: names };
}

function describeFields(type: MessageType, meet: (type: MessageType | EnumType) => void): FieldDescription[] {
  return type.fields.slice(0, maxFields).map((field) => {
    const { type: valueType, mapKey } = valueOf(field);
    if (valueType.kind === "message") meet(valueType.message);
    else if (valueType.kind === "enum") meet(valueType.enum);
    return describeField(field, toTypeDescription(valueType), mapKey);
  });
}

function valueOf({ cardinality, type }: Field): { readonly type: FieldType; readonly mapKey?: string } {
  if (cardinality !== "map" || type.kind !== "message") return { type };
  const [key, value] = [type.message.field("key"), type.message.field("value")];
  return { type: value?.type ?? type, mapKey: key?.type.kind === "scalar" ? key.type.scalar : "string" };
}

function describeField(field: Field, type: TypeDescription, mapKey: string | undefined): FieldDescription {
  const behaviors = field.options.get("(google.api.field_behavior)");
  return {
    name: field.jsonName,
    protoName: field.protoName,
    type,
    ...(mapKey === undefined ? {} : { mapKey }),
    ...(field.cardinality === "repeated" ? { repeated: true } : {}),
    ...(field.required || hasBehavior(behaviors, "REQUIRED") ? { required: true } : {}),
    ...(hasBehavior(behaviors, "OUTPUT_ONLY") || hasBehavior(behaviors, "IDENTIFIER") ? { output: true } : {}),
    ...(field.deprecated ? { deprecated: true } : {}),
    ...(field.oneof === undefined ? {} : { oneof: field.oneof.name }),
    ...cutComment(field.comment),
  };
}

function hasBehavior(behaviors: OptionValue | undefined, name: string): boolean {
  return Array.isArray(behaviors) && behaviors.includes(name);
}

function toTypeDescription(type: FieldType): TypeDescription {
  if (type.kind === "scalar") return { kind: "scalar", name: type.scalar };
  return { kind: type.kind, name: type.kind === "enum" ? type.enum.name : type.message.name };
}
