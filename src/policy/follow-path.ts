// A path of fields from a message on.
import type { Field, MessageType } from "../schema/descriptor.ts";

/** As far as there are such fields: a path that goes nowhere is refused elsewhere. */
export function followPath(type: MessageType, path: string): Field[] {
  const fields: Field[] = [];
  let message: MessageType | undefined = type;
  for (const name of path.split(".")) {
    const field: Field | undefined = message?.field(name);
    if (field === undefined) break;
    fields.push(field);
    message = field.type.kind === "message" ? field.type.message : undefined;
  }
  return fields;
}
