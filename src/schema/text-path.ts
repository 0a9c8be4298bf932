// Paths to one string or integer of a message, as policies name fields that the gateway reads: `name`, `position.sequence`.
import type { Field, MessageType, ScalarType } from "./descriptor.ts";

const integers: ReadonlySet<ScalarType> = new Set(["int32", "int64", "uint32", "uint64", "sint32", "sint64"]);

/** The fields on the way, or what is wrong with it: singular messages down to a singular string or integer are expected. */
export function followTextPath(type: MessageType, path: string): readonly Field[] | string {
  const fields: Field[] = [];
  let message: MessageType | undefined = type;
  for (const name of path.split(".")) {
    if (message === undefined) return `${fields.at(-1)?.protoName ?? ""} is not a message`;
    const field: Field | undefined = message.field(name);
    if (field === undefined) return `${message.name} has no field "${name}"`;
    if (field.cardinality !== "singular") return `the field ${name} is repeated`;
    if (field.delimited) return `the field ${name} is a group`;
    fields.push(field);
    message = field.type.kind === "message" ? field.type.message : undefined;
  }
  const scalar = textScalar(fields);
  return scalar === "string" || (scalar !== undefined && integers.has(scalar))
    ? fields
    : "the field is neither a string nor an integer";
}

/** Of the field that a path ends in. */
export function textScalar(fields: readonly Field[]): ScalarType | undefined {
  const type = fields.at(-1)?.type;
  return type?.kind === "scalar" ? type.scalar : undefined;
}
