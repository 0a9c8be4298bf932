// A schema as plain text, for comparing schemas that came different ways: everything but positions and comments.
import type { EnumType, Field, MessageType, OptionMessage, OptionValue, Schema } from "../../src/schema/descriptor.ts";

/** One line a declaration, of the files named. */
export function describeSchema(schema: Schema, paths: Iterable<string>): readonly string[] {
  const wanted = new Set(paths);
  const lines: string[] = [];
  const seen = new Set<MessageType>();
  const visit = (message: MessageType): void => {
    if (seen.has(message)) return;
    seen.add(message);
    lines.push(...describeMessage(message));
    for (const { type } of [...message.fields, ...message.extensions]) {
      if (type.kind === "message") visit(type.message);
      if (type.kind === "enum") lines.push(describeEnum(type.enum));
    }
  };
  for (const file of schema.files) {
    if (!wanted.has(file.path)) continue;
    lines.push(`file ${file.path} package ${file.package} imports ${file.imports.join()}`);
    for (const service of file.services) {
      lines.push(`service ${service.name} ${describeOptions(service.options)}`);
      for (const method of service.methods) {
        lines.push(
          `rpc ${method.path} ${method.kind} ${method.input.name} ${method.output.name} ${method.idempotency} ${method.deprecated} ${describeOptions(method.options)}`,
        );
        visit(method.input);
        visit(method.output);
      }
    }
  }
  return lines;
}

/** All that is reachable from one message. */
export function describeMessage(message: MessageType): readonly string[] {
  return [
    `message ${message.name} entry ${message.isMapEntry} set ${message.isMessageSet} ${describeOptions(message.options)} oneofs ${message.oneofs.map((oneof) => `${oneof.name}(${oneof.fields.map((field) => field.protoName).join()})`).join()}`,
    ...message.fields.map(describeField),
    ...message.extensions.map(describeField),
  ];
}

function describeEnum(type: EnumType): string {
  const values = type.values.map((value) => `${value.name}=${value.number}${describeOptions(value.options)}`);
  return `enum ${type.name} closed ${type.closed} ${values.join()} ${describeOptions(type.options)}`;
}

export function describeField(field: Field): string {
  const { type } = field;
  const typeName = type.kind === "scalar" ? type.scalar : type.kind === "enum" ? type.enum.name : type.message.name;
  const flags = (["hasPresence", "required", "packed", "delimited", "validateUtf8", "deprecated"] as const).filter(
    (flag) => field[flag],
  );
  return `field ${field.parent.name} ${field.name} ${field.protoName} ${field.jsonName} ${field.number} ${field.cardinality} ${typeName} ${flags.join()} ${field.oneof?.name ?? "-"} ${describeOptions(field.options)}`;
}

export function describeOptions(options: OptionMessage): string {
  const entries = [...options].map(([name, value]) => `${name}: ${describeValue(value)}`).sort();
  return `{${entries.join(", ")}}`;
}

function describeValue(value: OptionValue): string {
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString("hex")}`;
  if (value instanceof Map) return describeOptions(value as OptionMessage);
  if (Array.isArray(value)) return `[${(value as OptionValue[]).map(describeValue).join(", ")}]`;
  return typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
}
