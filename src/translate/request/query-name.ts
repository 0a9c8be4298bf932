// `book.author.name` or `labels[color]`: the name of a parameter → the fields it walks, or why it names none.
import { didYouMean } from "../../diagnostic.ts";
import type { Field, MessageType } from "../../schema/descriptor.ts";
import { hasOwnJsonForm } from "./text-messages.ts";
import { quoted } from "./text-well-known.ts";

export interface ResolvedName {
  readonly kind: "fields";
  /** The messages passed through, then the field the value is for. */
  readonly path: readonly Field[];
  /** What stood between brackets. */
  readonly key: string | undefined;
}

export type NameProblem =
  /** Not a field of the message: what other tools' parameters look like. `passed` are the messages before it. */
  | {
      readonly kind: "unknown";
      readonly passed: readonly Field[];
      readonly description: string;
      readonly reason: string;
    }
  | { readonly kind: "wrong"; readonly description: string; readonly reason: string };

const maxDepth = 32;

/**
 * Each component in proto or JSON spelling. `lenient` as grpc-gateway: a name may go into a Timestamp and its like
 * (`at.seconds`), and brackets count only at the end, the last ones.
 */
export function resolveName(type: MessageType, name: string, lenient: boolean): ResolvedName | NameProblem {
  const resolved = resolveComponents(type, name, lenient);
  if (lenient || isBindable(resolved)) return resolved;
  return resolveAsWritten(type, name) ?? resolved;
}

function isBindable(resolved: ResolvedName | NameProblem): boolean {
  if (resolved.kind !== "fields") return false;
  return resolved.key === undefined || resolved.path[resolved.path.length - 1].cardinality === "map";
}

/** A `json_name` may have dots and brackets of its own: `search[text]` where a field is called so. */
function resolveAsWritten(type: MessageType, name: string): ResolvedName | undefined {
  const path: Field[] = [];
  let current = type;
  let rest = name;
  for (;;) {
    const field = current.field(rest);
    if (field !== undefined) return { kind: "fields", path: [...path, field], key: undefined };
    const dot = rest.indexOf(".");
    const above = dot < 0 || path.length === maxDepth - 1 ? undefined : current.field(rest.slice(0, dot));
    const below = above === undefined ? undefined : messageBelow(above, false);
    if (above === undefined || below === undefined) return undefined;
    path.push(above);
    current = below;
    rest = rest.slice(dot + 1);
  }
}

function resolveComponents(type: MessageType, name: string, lenient: boolean): ResolvedName | NameProblem {
  const bracket = !lenient ? name.indexOf("[") : name.endsWith("]") ? name.lastIndexOf("[") : -1;
  const dotted = bracket < 0 ? name : name.slice(0, bracket);
  const components = dotted.split(".", maxDepth + 1);
  if (components.length > maxDepth)
    return {
      kind: "wrong",
      description: `names at most ${maxDepth} fields deep can be set`,
      reason: "DEPTH_EXCEEDED",
    };
  const path: Field[] = [];
  let current = type;
  for (const [index, component] of components.entries()) {
    const field = current.field(component);
    if (field === undefined) return { ...unknownField(components, index, current), kind: "unknown", passed: path };
    path.push(field);
    if (index === components.length - 1) break;
    const below = messageBelow(field, lenient);
    if (below === undefined) return notEntered(components, index, field);
    current = below;
  }
  if (bracket < 0) return { kind: "fields", path, key: undefined };
  if (!name.endsWith("]")) return wrongBrackets(name, bracket, path[path.length - 1]);
  return { kind: "fields", path, key: name.slice(bracket + 1, -1) };
}

function wrongBrackets(name: string, open: number, field: Field): NameProblem {
  const close = name.indexOf("]", open);
  const value = field.cardinality === "map" && field.type.kind === "message" ? field.type.message.fields[1] : undefined;
  if (close > 0 && value?.type.kind === "message")
    return {
      kind: "wrong",
      description: `"${field.jsonName}" is a map of messages (${value.type.message.name}), which only a JSON body can give`,
      reason: "FIELD_NOT_BINDABLE",
    };
  const expected = close < 0 ? 'expected "]" after the map key in' : "expected nothing after the closing bracket of";
  return { kind: "wrong", description: `${expected} ${quoted(name)}`, reason: "NAME_INVALID" };
}

function messageBelow(field: Field, entersText: boolean): MessageType | undefined {
  if (field.cardinality !== "singular" || field.type.kind !== "message") return undefined;
  const { message } = field.type;
  return hasOwnJsonForm(message.name) && !entersText ? undefined : message;
}

function unknownField(
  components: readonly string[],
  index: number,
  type: MessageType,
): { readonly description: string; readonly reason: string } {
  if (components[index] === "") {
    const description = components.length === 1 ? "a parameter has no name" : "a name is missing before or after a dot";
    return { description, reason: "NAME_INVALID" };
  }
  const hint = didYouMean(components[index], spellings(type));
  const prefix = components.slice(0, index).join(".");
  const suggestion = hint === undefined || prefix === "" ? hint : hint.replace('"', () => `"${prefix}.`);
  return {
    description: `${type.name} has no field ${quoted(components[index])}${suggestion === undefined ? "" : `; ${suggestion}`}`,
    reason: "FIELD_UNKNOWN",
  };
}

/** JSON names first: where both are as near, that is the one to learn. */
function* spellings(type: MessageType): Iterable<string> {
  for (const field of type.fields) yield field.jsonName;
  for (const field of type.fields) yield field.protoName;
}

function notEntered(components: readonly string[], index: number, field: Field): NameProblem {
  const name = components.slice(0, index + 1).join(".");
  let description = `${quoted(name)} has no fields of its own`;
  if (field.cardinality === "map") description = `${quoted(name)} is a map; write ${name}[key]=value`;
  else if (field.cardinality === "repeated" && field.type.kind === "message")
    description = `${quoted(name)} is a list of messages, which only a JSON body can give`;
  else if (field.type.kind === "message" && field.type.message.name === "google.protobuf.Any")
    description = `${quoted(name)} is a google.protobuf.Any, which only a JSON body can give`;
  else if (field.type.kind === "message")
    description = `${quoted(name)} is one value of type ${field.type.message.name}; write ${name}=value`;
  return { kind: "wrong", description, reason: "FIELD_NOT_BINDABLE" };
}
