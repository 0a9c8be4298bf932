// Options as written in .proto text -> typed values: `name = value`, `(extension).field = value`, aggregates.
import type { Position } from "../../diagnostic.ts";
import type { OptionMessage, OptionValue } from "../descriptor.ts";
import { isMisnested, mayHaveField } from "./doubt.ts";
import type { FieldNode, FileNode, MessageNode } from "./node.ts";
import { reportLookup } from "./unresolved.ts";
import { isExtensionSymbol, isTypeSymbol } from "./symbols.ts";
import type { SymbolTable } from "./symbols.ts";
import type { Problems } from "./problems.ts";
import { encodeOptions } from "./option-encode.ts";
import { describeValue, optionName, toScalarValue } from "./option-value.ts";
import type { RawEntry, RawOption, RawValue } from "../proto-file.ts";

export interface OptionContext {
  readonly symbols: SymbolTable;
  readonly problems: Problems;
  readonly file: FileNode;
  /** Full name of the declaration that has the options: extension names are looked up from around it. */
  readonly scope: string;
  /** Collects the first parts of the names of options that are reported. */
  readonly wrong?: string[] | undefined;
}

type Draft = Map<string, OptionValue>;

interface Reading extends OptionContext {
  /** Where each path was written, filled only when somebody asks; repeated elements also as `name[0]`. */
  readonly positions?: Map<string, Position>;
}

/** `type` is the options message: google.protobuf.MethodOptions and so on. */
export function interpretText(reading: Reading, raw: readonly RawOption[], type: MessageNode): OptionMessage {
  const options: Draft = new Map();
  for (const option of raw) {
    const { found } = reading.problems;
    interpretOption(reading, option, type, options);
    if (reading.problems.found > found) reading.wrong?.push(option.name[0]);
  }
  return options;
}

function interpretOption(reading: Reading, option: RawOption, type: MessageNode, options: Draft): void {
  let message = type;
  let draft = options;
  let path = "";
  for (const [index, part] of option.name.entries()) {
    const field = findField(reading, { part, message, written: option.name, position: option.position });
    if (field === undefined) return;
    path = path === "" ? optionName(field) : `${path}.${optionName(field)}`;
    notePosition(reading, path, option.position);
    if (index === option.name.length - 1) {
      setOption(reading, { field, value: option.value, position: option.position, path, isText: false }, draft);
      return;
    }
    const next = enter(reading, option, field, draft);
    if (next === undefined || field.type.kind !== "message") return;
    draft = next;
    message = field.type.message as MessageNode;
  }
}

function notePosition({ positions }: Reading, path: string, position: Position): void {
  if (positions !== undefined && !positions.has(path)) positions.set(path, position);
}

/** The message inside `field`, made if need be, for the next part of the name. */
function enter({ problems }: Reading, option: RawOption, field: FieldNode, draft: Draft): Draft | undefined {
  const name = optionName(field);
  if (field.type.kind !== "message") {
    problems.error({
      position: option.position,
      rule: "option-type",
      message: `option "${name}" is not a message, so it has no fields: "${option.name.join(".")}"`,
    });
    return undefined;
  }
  if (field.cardinality !== "singular") {
    problems.error({
      position: option.position,
      rule: "option-type",
      message: `option "${name}" is repeated, so its fields cannot be set one by one: "${option.name.join(".")}"`,
      hint: `write each element whole: ${name} = { … }`,
    });
    return undefined;
  }
  const existing = draft.get(name) as Draft | undefined;
  if (existing !== undefined) return existing;
  const created: Draft = new Map();
  draft.set(name, created);
  return created;
}

interface Wanted {
  readonly part: string;
  readonly message: MessageNode;
  readonly written: readonly string[];
  readonly position: Position;
}

function findField(reading: Reading, { part, message, written, position }: Wanted): FieldNode | undefined {
  if (part.startsWith("("))
    return findExtension(reading, part.slice(1, -1), { message, position, scope: reading.scope });
  const field = message.protoField(part);
  if (field !== undefined) return field;
  if (mayHaveField(message, part) || isMisplaced(reading, message, position)) return undefined;
  reading.problems.error({
    position,
    rule: "unknown-option",
    message:
      written.length === 1
        ? `option "${part}" is not declared in ${message.name}`
        : `option "${written.join(".")}": ${message.name} has no field "${part}"`,
    hint:
      reading.problems.suggest(
        part,
        message.fields.map((candidate) => candidate.protoName),
      ) ??
      (message.name.startsWith("google.protobuf.")
        ? `the name of a custom option stands in parentheses: (${part})`
        : undefined),
  });
  return undefined;
}

/** An option of a declaration whose braces do not match may be that of another. */
function isMisplaced({ file }: Reading, { name }: MessageNode, position: Position): boolean {
  return name.startsWith("google.protobuf.") && isMisnested({ file, position });
}

interface Where {
  readonly message: MessageNode;
  readonly position: Position;
  readonly scope: string;
}

function findExtension(reading: Reading, name: string, { message, position, scope }: Where): FieldNode | undefined {
  const found = reading.symbols.lookup(name, enclosing(scope), reading.file, isExtensionSymbol);
  if (found.kind !== "found") reportLookup(reading, { name, scope, position, wanted: "an extension" }, found);
  if (found.kind === "unknown" || found.kind === "other") return undefined;
  const { node } = found.symbol;
  // One that did not resolve was reported already.
  if (!node.isLinkedExtension) return undefined;
  if (node.parent === message) return node;
  if (isMisplaced(reading, message, position)) return undefined;
  reading.problems.error({
    position,
    rule: "option-type",
    message: `"(${node.name})" extends ${node.parent.name}, not ${message.name}: it cannot be set here`,
  });
  return undefined;
}

interface Setting {
  readonly field: FieldNode;
  readonly value: RawValue;
  readonly position: Position;
  readonly path: string;
  /** Inside an aggregate. */
  readonly isText: boolean;
}

function setOption(reading: Reading, setting: Setting, draft: Draft): void {
  const { field, value, isText } = setting;
  const name = optionName(field);
  if (field.cardinality !== "singular") {
    const elements = (draft.get(name) as OptionValue[] | undefined) ?? [];
    draft.set(name, elements);
    for (const element of isText && value.kind === "list" ? value.values : [value]) {
      const path = `${setting.path}[${elements.length}]`;
      notePosition(reading, path, element.position);
      const converted = toValue(reading, { ...setting, value: element, path });
      if (converted !== undefined) elements.push(converted);
    }
    return;
  }
  if (draft.has(name)) {
    if (setting.path === name && isMisnested({ file: reading.file, position: setting.position })) return;
    reading.problems.error({
      position: setting.position,
      rule: "option-set-twice",
      message: `option "${setting.path}" is set twice`,
      hint: "remove one of the two",
    });
    return;
  }
  const other = field.oneof?.fields.find((member) => member !== field && draft.has(member.protoName));
  if (other !== undefined && field.oneof !== undefined) {
    reading.problems.error({
      position: setting.position,
      rule: "option-oneof",
      message: `"${name}" and "${other.protoName}" exclude each other: both are of the oneof "${field.oneof.name}"`,
      hint: "remove one of the two",
    });
    return;
  }
  const converted = toValue(reading, setting);
  if (converted !== undefined) draft.set(name, converted);
}

function toValue(reading: Reading, { field, value, path, position, isText }: Setting): OptionValue | undefined {
  if (field.type.kind !== "message")
    return toScalarValue(value, field, isText ? "aggregate" : "option", reading.problems);
  if (value.kind === "message") {
    return interpretAggregate(reading, { entries: value.fields, path, position }, field.type.message as MessageNode);
  }
  reading.problems.error({
    position: value.position,
    rule: "option-type",
    message: `${describeValue(value)} is not a ${field.type.message.name}, the type of option "${optionName(field)}"`,
    hint: "write the message in braces: { field: value }",
  });
  return undefined;
}

interface Aggregate {
  readonly entries: readonly RawEntry[];
  readonly path: string;
  readonly position: Position;
}

function interpretAggregate(
  reading: Reading,
  { entries, path, position }: Aggregate,
  type: MessageNode,
): OptionMessage {
  const draft: Draft = new Map();
  const { found } = reading.problems;
  for (const entry of entries) {
    if (type.name === "google.protobuf.Any" && entry.name.includes("/")) {
      setAny(reading, entry, path, draft);
      continue;
    }
    const field = findEntryField(reading, entry, type);
    if (field === undefined) continue;
    const inner = `${path}.${optionName(field)}`;
    notePosition(reading, inner, entry.position);
    setOption(reading, { field, value: entry.value, position: entry.position, path: inner, isText: true }, draft);
  }
  // Of an entry that is wrong it was said so; it may be the required one.
  const isWhole = reading.problems.found === found;
  const missing = type.fields
    .filter((field) => isWhole && field.required && !draft.has(field.protoName))
    .map((field) => `"${field.protoName}"`);
  if (missing.length > 0) {
    reading.problems.error({
      position,
      rule: "option-required",
      message: `the value of option "${path}" lacks the required ${missing.join(", ")} of ${type.name}`,
    });
  }
  return draft;
}

function findEntryField(reading: Reading, { name, position }: RawEntry, type: MessageNode): FieldNode | undefined {
  if (name.startsWith("["))
    return findExtension(reading, name.slice(1, -1), { message: type, position, scope: `${type.name}.` });
  // The text format names a group by its message.
  const field =
    type.protoField(name) ??
    type.fields.find((candidate) => candidate.raw.isGroup && candidate.raw.typeName.split(".").at(-1) === name);
  if (field !== undefined) return field;
  if (mayHaveField(type, name)) return undefined;
  reading.problems.error({
    position,
    rule: "unknown-option-field",
    message: `${type.name} has no field "${name}"`,
    hint: reading.problems.suggest(
      name,
      type.fields.map((candidate) => candidate.protoName),
    ),
  });
  return undefined;
}

/** `[type.googleapis.com/pkg.Message] { … }`: the message is stored as its bytes, as on the wire. */
function setAny(reading: Reading, entry: RawEntry, path: string, draft: Draft): void {
  const url = entry.name.slice(1, -1);
  const name = `.${url.slice(url.lastIndexOf("/") + 1)}`;
  const found = reading.symbols.lookup(name, "", reading.file, isTypeSymbol);
  if (found.kind !== "found" && found.kind !== "hidden") {
    reportLookup(reading, { name: name.slice(1), scope: "", position: entry.position, wanted: "a message" }, found);
  } else if (found.symbol.kind === "message" && entry.value.kind === "message") {
    const message = interpretAggregate(
      reading,
      { entries: entry.value.fields, path: `${path}.value`, position: entry.position },
      found.symbol.node,
    );
    draft.set("type_url", url).set("value", encodeOptions(message, found.symbol.node));
  } else {
    const message = `${entry.name} needs a message in braces`;
    reading.problems.error({ position: entry.position, rule: "option-type", message });
  }
}

function enclosing(scope: string): string {
  return scope.slice(0, Math.max(0, scope.lastIndexOf(".")));
}
