// What a field's features, label and type come to: presence, packing, delimiting, UTF-8 checks.
import type { EnumNode, FieldNode, MessageNode } from "./node.ts";

/** After types are resolved. */
export function settleField(field: FieldNode): void {
  const { features, raw, type } = field;
  const isSingular = field.cardinality === "singular";
  const inMapEntry = !field.isExtension && field.parent.isMapEntry;
  field.required = isSingular && features.fieldPresence === "LEGACY_REQUIRED";
  field.hasPresence =
    isSingular &&
    (type.kind === "message" ||
      field.isExtension ||
      raw.proto3Optional ||
      field.oneof !== undefined ||
      features.fieldPresence !== "IMPLICIT");
  field.delimited =
    type.kind === "message" && field.cardinality !== "map" && !inMapEntry && features.messageEncoding === "DELIMITED";
  field.packed = field.cardinality === "repeated" && isPackable(field) && features.repeatedFieldEncoding === "PACKED";
  field.validateUtf8 = type.kind === "scalar" && type.scalar === "string" && features.utf8Validation === "VERIFY";
}

export function isPackable({ type }: FieldNode): boolean {
  if (type.kind === "message") return false;
  return type.kind === "enum" || (type.scalar !== "string" && type.scalar !== "bytes");
}

/** Every message of a file, outer before inner. */
export function* messagesOf(messages: readonly MessageNode[]): Iterable<MessageNode> {
  for (const message of messages) {
    yield message;
    yield* messagesOf(message.messages);
  }
}

/** Every enum of a file. */
export function* enumsOf(file: {
  readonly messages: readonly MessageNode[];
  readonly enums: readonly EnumNode[];
}): Iterable<EnumNode> {
  yield* file.enums;
  for (const message of messagesOf(file.messages)) yield* message.enums;
}

/** Every extension a file declares, nested ones included. */
export function* extensionsOf(file: {
  readonly messages: readonly MessageNode[];
  readonly extensions: readonly FieldNode[];
}): Iterable<FieldNode> {
  yield* file.extensions;
  for (const message of messagesOf(file.messages)) yield* message.nestedExtensions;
}
