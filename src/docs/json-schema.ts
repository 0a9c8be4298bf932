// One message type, and all that can be in it, as a JSON Schema (draft 2020-12) that stands by itself.
import type { MessageType } from "../schema/descriptor.ts";
import { createSchemas, type SchemaObject } from "./openapi-schema.ts";
import type { JsonShape } from "./type-expression.ts";

/** `$ref` to one of `$defs`, which are named after their types. Asks for nothing that the rules of the types do not ask for, and for less where it has no words. */
export function toJsonSchema(type: MessageType, json: JsonShape): SchemaObject {
  const schemas = createSchemas(json);
  const root = schemas.ofMessage(type);
  const local = (schema: unknown): unknown =>
    JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
      key === "$ref" && typeof value === "string" ? value.replace("#/components/schemas/", "#/$defs/") : value,
    );
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...(local(root) as SchemaObject),
    $defs: local(schemas.all()),
  };
}
