// Message types as JSON Schema: what their ProtoJSON looks like, with the gateway's own switches.
import type { EnumType, Field, FieldType, MessageType, OptionValue, ScalarType } from "../schema/descriptor.ts";
import { fieldsOf } from "../schema/reach.ts";
import { wrappers } from "../schema/wrappers.ts";
import { enumPrefix } from "../translate/json/enum-names.ts";
import { isRequiredByRule, withRules } from "./json-schema-rules.ts";
import { memberOf } from "./type-expression.ts";
import type { JsonShape } from "./type-expression.ts";

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type SchemaObject = Readonly<Record<string, unknown>>;

export interface OpenApiParameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required?: boolean;
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly schema: SchemaObject;
  readonly style?: "form" | "deepObject";
  readonly explode?: boolean;
}

export interface Schemas {
  /** Of the value of a field, its cardinality included. */
  ofField(field: Field): SchemaObject;
  /** Of one value. */
  ofType(type: FieldType): SchemaObject;
  ofMessage(message: MessageType): SchemaObject;
  /** The components, by name: all that was asked for, and what that refers to. */
  all(): Readonly<Record<string, SchemaObject>>;
}

/** Messages whose JSON is no object of their fields. */
const wellKnown: ReadonlyMap<string, SchemaObject> = new Map<string, SchemaObject>([
  ["google.protobuf.Timestamp", { type: "string", format: "date-time" }],
  ["google.protobuf.Duration", { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$", examples: ["1.5s"] }],
  ["google.protobuf.FieldMask", { type: "string", examples: ["title,price.units"] }],
  ["google.protobuf.Struct", { type: "object", additionalProperties: true }],
  ["google.protobuf.Value", { description: "Any JSON value." }],
  ["google.protobuf.ListValue", { type: "array", items: {} }],
  ["google.protobuf.NullValue", { type: "null" }],
  [
    "google.protobuf.Any",
    {
      type: "object",
      description: "A message of the type that @type names.",
      properties: { "@type": { type: "string" } },
      required: ["@type"],
      additionalProperties: true,
    },
  ],
  ["google.api.HttpBody", { description: "Content of any type, as it is." }],
]);

/** What is to be told of a field beyond its proto. */
export interface FieldNotes {
  /** Who sees it, where not everybody does. */
  readonly redactedOf: (field: Field) => string | undefined;
}

const noNotes: FieldNotes = { redactedOf: () => undefined };

export function createSchemas(json: JsonShape, notes: FieldNotes = noNotes): Schemas {
  const components = new Map<string, SchemaObject>();
  const waiting: (() => void)[] = [];
  const refer = (name: string, describe: () => SchemaObject): SchemaObject => {
    if (!components.has(name)) {
      components.set(name, {});
      // Later, as types may be nested as deep as a schema is long.
      waiting.push(() => void components.set(name, describe()));
    }
    return { $ref: `#/components/schemas/${name}` };
  };
  const ofType = (type: FieldType): SchemaObject => {
    if (type.kind === "scalar") return scalar(type.scalar, json);
    if (type.kind === "message") return ofMessage(type.message);
    if (wellKnown.has(type.enum.name)) return wellKnown.get(type.enum.name) ?? {};
    return refer(type.enum.name, () => describeEnum(type.enum, json));
  };
  const ofMessage = (message: MessageType): SchemaObject => {
    const known = wellKnown.get(message.name);
    if (known !== undefined) return known;
    const wrapped = wrappers.get(message.name);
    if (wrapped !== undefined) return orNull(scalar(wrapped, json));
    return refer(message.name, () => describeMessage(message, { json, notes, ofField }));
  };
  const ofField = (field: Field): SchemaObject => {
    const { type, cardinality } = field;
    if (cardinality === "map" && type.kind === "message") {
      const value = type.message.field("value");
      return { type: "object", additionalProperties: value === undefined ? true : ofType(value.type) };
    }
    return cardinality === "repeated" ? { type: "array", items: ofType(type) } : ofType(type);
  };
  return {
    ofField,
    ofType,
    ofMessage,
    all() {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) next();
      return Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
}

interface Describing {
  readonly json: JsonShape;
  readonly notes: FieldNotes;
  readonly ofField: (field: Field) => SchemaObject;
}

function describeMessage(message: MessageType, { json, notes, ofField }: Describing): SchemaObject {
  const fields = fieldsOf(message);
  const isRequired = (field: Field) => field.required || isRequiredByRule(field) || hasBehavior(field, "REQUIRED");
  const required = fields.filter((field) => isRequired(field) && notes.redactedOf(field) === undefined);
  return {
    type: "object",
    ...toText(message),
    ...(fields.length === 0
      ? {}
      : {
          // A field may be named __proto__: then it is a property like others.
          properties: Object.fromEntries(
            fields.map((field) => [memberOf(field, json), describeField(field, notes, ofField)]),
          ),
        }),
    ...(required.length === 0 ? {} : { required: required.map((field) => memberOf(field, json)) }),
  };
}

function describeField(field: Field, notes: FieldNotes, ofField: (field: Field) => SchemaObject): SchemaObject {
  const told = [field.comment.trim(), oneofNote(field), notes.redactedOf(field) ?? ""];
  return {
    ...withRules(field, ofField(field)),
    ...toText({ comment: told.filter((part) => part !== "").join("\n\n") }),
    ...(field.deprecated ? { deprecated: true } : {}),
    ...(hasBehavior(field, "OUTPUT_ONLY") ? { readOnly: true } : {}),
    ...(hasBehavior(field, "INPUT_ONLY") ? { writeOnly: true } : {}),
  };
}

/** https://google.aip.dev/203 */
export function hasBehavior({ options }: Field, name: string): boolean {
  const behaviors = options.get("(google.api.field_behavior)");
  return Array.isArray(behaviors) && (behaviors as readonly OptionValue[]).includes(name);
}

function oneofNote({ oneof }: Field): string {
  return oneof === undefined || oneof.fields.length === 1 ? "" : `At most one of the oneof \`${oneof.name}\` is there.`;
}

function describeEnum(type: EnumType, { enumsAsNumbers, stripEnumPrefix }: JsonShape): SchemaObject {
  const prefix = stripEnumPrefix ? enumPrefix(type) : "";
  const values = type.values.map(({ name, number }) => (enumsAsNumbers ? number : name.slice(prefix.length)));
  const told = type.values
    .filter(({ comment }) => comment.trim() !== "")
    .map(({ name, comment }) => `- \`${name.slice(prefix.length)}\`: ${comment.trim().replaceAll(/\s+/g, " ")}`);
  const comment = [type.comment.trim(), told.join("\n")].filter((part) => part !== "").join("\n\n");
  return { type: enumsAsNumbers ? "integer" : "string", ...toText({ comment }), enum: [...new Set(values)] };
}

function scalar(type: ScalarType, { int64AsNumbers }: JsonShape): SchemaObject {
  switch (type) {
    case "bool":
      return { type: "boolean" };
    case "string":
      return { type: "string" };
    case "bytes":
      return { type: "string", contentEncoding: "base64" };
    case "double":
    case "float":
      return { type: "number", format: type };
    case "int32":
    case "sint32":
    case "sfixed32":
      return { type: "integer", format: "int32" };
    case "uint32":
    case "fixed32":
      return { type: "integer", minimum: 0, maximum: 0xffff_ffff };
    default: {
      const format = type === "uint64" || type === "fixed64" ? "uint64" : "int64";
      return { type: int64AsNumbers ? "integer" : "string", format };
    }
  }
}

function orNull(schema: SchemaObject): SchemaObject {
  return { ...schema, type: [schema["type"], "null"] };
}

/** A comment as a description; of a descriptor set it may hold any character. */
export function toText({ comment }: { readonly comment: string }): { readonly description?: string } {
  const text = comment.trim().replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (unit) => (unit === "\n" ? unit : ""));
  return text === "" ? {} : { description: text.slice(0, maxText) };
}

const maxText = 4096;
