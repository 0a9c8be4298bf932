// Keys that begin with "@" say something about a stream, in the stream: replies whose JSON may have such keys are put into an envelope.
import type { Binding } from "../../schema/binding.ts";
import type { Field, MessageType } from "../../schema/descriptor.ts";

/** Their keys are the backend's choice, or, with "@type", of this kind already. */
const openTypes: ReadonlySet<string> = new Set([
  "google.protobuf.Any",
  "google.protobuf.ListValue",
  "google.protobuf.Struct",
  "google.protobuf.Value",
]);

/** Whether a message of the binding's reply may be an object in JSON that begins like `{"@status":…}`. */
export function hasOpenKeys({ method, responseBody }: Binding): boolean {
  return responseBody === undefined ? isOpen(method.output) : isOpenField(responseBody);
}

function isOpenField(field: Field): boolean {
  if (field.cardinality === "map") return true;
  return field.cardinality === "singular" && field.type.kind === "message" && isOpen(field.type.message);
}

function isOpen(type: MessageType): boolean {
  if (openTypes.has(type.name)) return true;
  return [...type.fields, ...type.extensions].some((field) => field.jsonName.startsWith("@"));
}
