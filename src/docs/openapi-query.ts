// The fields of a request that come by the query string, as parameters: those that neither the path nor the body takes.
import type { Binding } from "../schema/binding.ts";
import type { Field, MessageType } from "../schema/descriptor.ts";
import { hasBehavior, toText } from "./openapi-schema.ts";
import type { OpenApiParameter, Schemas } from "./openapi-schema.ts";
import { memberOf } from "./type-expression.ts";
import type { JsonShape } from "./type-expression.ts";

/** Deeper fields may be said as well; nobody reads a list of them. */
const maxDepth = 5;
const maxParameters = 200;

/** Well-known messages that a query parameter holds as text. */
const asText: ReadonlySet<string> = new Set([
  "google.protobuf.Timestamp",
  "google.protobuf.Duration",
  "google.protobuf.FieldMask",
  "google.protobuf.DoubleValue",
  "google.protobuf.FloatValue",
  "google.protobuf.Int64Value",
  "google.protobuf.UInt64Value",
  "google.protobuf.Int32Value",
  "google.protobuf.UInt32Value",
  "google.protobuf.BoolValue",
  "google.protobuf.StringValue",
  "google.protobuf.BytesValue",
]);

const notInQueries: ReadonlySet<string> = new Set([
  "google.protobuf.Struct",
  "google.protobuf.Value",
  "google.protobuf.ListValue",
  "google.protobuf.Any",
  "google.api.HttpBody",
]);

export function listQueryParameters(binding: Binding, json: JsonShape, schemas: Schemas): OpenApiParameter[] {
  const { body, method, variables } = binding;
  if (body.kind === "all") return [];
  const taken = new Set(variables.map(({ fields }) => fields.map((field) => memberOf(field, json)).join(".")));
  if (body.kind === "field")
    taken.add([...(body.parents ?? []), body.field].map((field) => memberOf(field, json)).join("."));
  const found: OpenApiParameter[] = [];
  const visit = (message: MessageType, prefix: string, above: readonly MessageType[]): void => {
    for (const field of message.fields) {
      const name = `${prefix}${memberOf(field, json)}`;
      if (taken.has(name) || found.length >= maxParameters || hasBehavior(field, "OUTPUT_ONLY")) continue;
      const inside = nested(field);
      if (inside === undefined) {
        const parameter = describe(field, name, schemas);
        if (parameter !== undefined) found.push(parameter);
      } else if (above.length < maxDepth && !above.includes(inside)) visit(inside, `${name}.`, [...above, inside]);
    }
  };
  visit(method.input, "", [method.input]);
  return found;
}

/** A message whose fields are parameters themselves. */
function nested({ type, cardinality }: Field): MessageType | undefined {
  if (type.kind !== "message" || cardinality !== "singular") return undefined;
  return asText.has(type.message.name) || notInQueries.has(type.message.name) ? undefined : type.message;
}

/** Undefined for what a query cannot say: lists of messages, JSON of any shape. */
function describe(field: Field, name: string, schemas: Schemas): OpenApiParameter | undefined {
  const { type, cardinality } = field;
  const parameter = {
    name,
    in: "query" as const,
    ...(hasBehavior(field, "REQUIRED") && !name.includes(".") ? { required: true } : {}),
    ...toText(field),
    ...(field.deprecated ? { deprecated: true } : {}),
    schema: schemas.ofField(field),
  };
  if (cardinality === "map") {
    const value = type.kind === "message" ? type.message.field("value") : undefined;
    const isPlain = value !== undefined && (value.type.kind !== "message" || asText.has(value.type.message.name));
    return isPlain ? { ...parameter, style: "deepObject", explode: true } : undefined;
  }
  if (type.kind === "message" && !asText.has(type.message.name)) return undefined;
  return cardinality === "repeated" ? { ...parameter, style: "form", explode: true } : parameter;
}
