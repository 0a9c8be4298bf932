// The declarations of a generated module: an interface a message, a union an enum.
import type { EnumType, Field, MessageType } from "../schema/descriptor.ts";
import { formatDocComment, type Documented } from "./doc-comment.ts";
import { formatEnumUnion, formatFieldType, memberOf } from "./type-expression.ts";
import type { TypeContext } from "./type-expression.ts";
import { nameOf } from "./type-names.ts";

export function declareEnum(type: EnumType, context: TypeContext): string[] {
  const { name } = nameOf(type, context.names);
  return [...formatDocComment(type, ""), `export type ${name} = ${formatEnumUnion(type, context.json)};`];
}

/** `sent`: the form of requests, in which everything may be left out that the proto does not require. */
export function declareMessage(message: MessageType, context: TypeContext, sent: boolean): string[] {
  const { name, sentName } = nameOf(message, context.names);
  const fields = [...message.fields, ...message.extensions];
  const comment = formatDocComment(message, "");
  if (fields.length === 0) return [...comment, `export type ${sent ? sentName : name} = Record<string, never>;`];
  return [
    ...comment,
    `export interface ${sent ? sentName : name} {`,
    ...fields.flatMap((field) => [
      ...formatDocComment(withOneof(field), "  "),
      `  ${formatMember(memberOf(field, context.json))}${formatFieldPresence(field, context, sent)};`,
    ]),
    "}",
  ];
}

function formatFieldPresence(field: Field, context: TypeContext, sent: boolean): string {
  const type = formatFieldType(field, context, sent);
  const isMessage = field.type.kind === "message" && field.cardinality === "singular";
  const isNull = !sent && isMessage && context.json.emitNullMessages && !type.endsWith("null");
  if (isAlwaysThere(field, context, sent)) return `: ${type}${isNull ? " | null" : ""}`;
  // What is undefined is left out of JSON: callers with `exactOptionalPropertyTypes` may pass on what they do not have.
  return `?: ${type}${sent ? " | undefined" : isNull ? " | null" : ""}`;
}

/** Fields without presence are written even when they are zero, unless the gateway is told to leave them out. */
function isAlwaysThere(field: Field, { json }: TypeContext, sent: boolean): boolean {
  if (field.required) return true;
  return !sent && json.emitDefaults && !field.hasPresence && !field.protoName.startsWith("[");
}

/** At most one member of a oneof is there, which the type does not say. */
function withOneof(field: Field): Documented {
  if (field.oneof === undefined) return field;
  const { name, fields } = field.oneof;
  const note = fields.length === 1 ? "" : `At most one of the oneof \`${name}\` is there.`;
  const comment = [field.comment.trim(), note].filter((part) => part !== "").join("\n\n");
  return { comment, deprecated: field.deprecated };
}

/** Plain where the grammar allows, otherwise quoted: `new(…)` in an interface would be a constructor. */
export function formatMember(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) && name !== "new" && name !== "constructor" ? name : JSON.stringify(name);
}
