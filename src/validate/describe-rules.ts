// The rules of a message type in a line each, for `sluice explain` and whoever else wants to show them.
import type { Field, MessageType, OptionMessage, OptionValue } from "../schema/descriptor.ts";

/** `path: rules`, outer before inner; a type inside itself once. Paths have the names of the protos: `lines[].sku`. */
export function describeRules(type: MessageType): readonly string[] {
  const lines: string[] = [];
  describeMessage(type, "", new Set(), lines);
  return lines;
}

function describeMessage(type: MessageType, path: string, seen: Set<MessageType>, lines: string[]): void {
  if (seen.has(type)) return;
  seen.add(type);
  const own = type.options.get("(buf.validate.message)") as OptionMessage | undefined;
  const whole = own === undefined ? [] : flatten(own, "");
  if (whole.length > 0) lines.push(`${path === "" ? type.name : path}: ${whole.join(", ")}`);
  for (const oneof of type.oneofs) {
    const rules = oneof.options.get("(buf.validate.oneof)") as OptionMessage | undefined;
    if (rules?.get("required") === true) lines.push(`${join(path, oneof.name)}: required`);
  }
  for (const field of type.fields) {
    const at = join(path, field.protoName);
    const rules = fieldRules(field);
    if (rules.length > 0) lines.push(`${at}: ${rules.join(", ")}`);
    const inner = innerMessage(field);
    if (inner !== undefined) describeMessage(inner, field.cardinality === "singular" ? at : `${at}[]`, seen, lines);
  }
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function innerMessage({ type, cardinality }: Field): MessageType | undefined {
  if (type.kind !== "message") return undefined;
  if (cardinality !== "map") return type.message;
  const value = type.message.fields.find(({ number }) => number === 2)!.type;
  return value.kind === "message" ? value.message : undefined;
}

function fieldRules(field: Field): string[] {
  const behaviors = (field.options.get("(google.api.field_behavior)") ?? []) as readonly string[];
  const rules = field.options.get("(buf.validate.field)") as OptionMessage | undefined;
  return [
    ...behaviors.filter((behavior) => behavior === "REQUIRED" || behavior === "OUTPUT_ONLY"),
    ...(rules === undefined ? [] : flatten(rules, "")),
  ];
}

/** `string.min_len 3`; of rules in CEL their ids. */
function flatten(rules: OptionMessage, prefix: string): string[] {
  return [...rules].flatMap(([name, value]) => {
    const path = join(prefix, name);
    if (name === "cel")
      return (value as readonly OptionMessage[]).map((rule) => `cel ${(rule.get("id") as string | undefined) ?? ""}`);
    if (value instanceof Map && !isTime(value)) return flatten(value, path);
    return value === true ? [path] : [`${path} ${show(value)}`];
  });
}

function isTime(value: OptionMessage): boolean {
  return [...value.keys()].every((key) => key === "seconds" || key === "nanos");
}

function show(value: OptionValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return `[${value.map((one: OptionValue) => show(one)).join(", ")}]`;
  if (value instanceof Map) return showMessage(value);
  const text = JSON.stringify(typeof value === "bigint" ? Number(value) : value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}

function showMessage(value: OptionMessage): string {
  if (isTime(value) && !value.has("nanos")) return `${show(value.get("seconds") ?? 0)}s`;
  return `{${[...value].map(([key, one]) => `${key}: ${show(one)}`).join(", ")}}`;
}
