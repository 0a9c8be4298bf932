// The linker's fourth pass: every declaration's options, from text or bytes, into its node.
import type { Position } from "../../diagnostic.ts";
import { WireError } from "../descriptor/wire.ts";
import type { OptionMessage } from "../descriptor.ts";
import type { DeclaredNode, EnumNode, FieldNode, FileNode, MessageNode, ServiceNode } from "./node.ts";
import { Problems } from "./problems.ts";
import type { SymbolTable } from "./symbols.ts";
import { decodeOptions } from "./option-bytes.ts";
import { noteCalledServices } from "./called-services.ts";
import { optionName } from "./option-value.ts";
import { interpretText } from "./option-text.ts";
import type { OptionContext } from "./option-text.ts";
import type { RawOption, RawOptions } from "../proto-file.ts";

interface Interpreting {
  readonly symbols: SymbolTable;
  readonly problems: Problems;
  readonly file: FileNode;
  /** Collects the names of options that are reported. */
  readonly wrong?: string[];
}

/** Fields and extensions must be resolved in every file before. */
export function interpretFile(symbols: SymbolTable, problems: Problems, file: FileNode): void {
  const context: Interpreting = { symbols, problems, file };
  file.optionTypes = (name) => {
    const symbol = symbols.get(name);
    return symbol?.kind === "message" ? symbol.node : undefined;
  };
  const scope = `${file.raw.package}.`;
  const result = interpret(context, file.raw.options, { typeName: "FileOptions", scope, position: file.raw.position });
  if (result !== undefined) Object.assign(file, result);
  for (const message of file.messages) interpretMessage(context, message);
  for (const type of file.enums) interpretEnum(context, type);
  for (const service of file.services) interpretService(context, service);
  for (const extension of file.extensions) apply(context, extension, extension.raw.options, "FieldOptions");
}

const mapEntryOptions: OptionMessage = new Map([["map_entry", true]]);

function interpretMessage(context: Interpreting, message: MessageNode): void {
  apply(context, message, message.raw.options, "MessageOptions");
  // The compiler's option on the entries it makes, as descriptors have it.
  if (message.isMapEntry && message.raw.options.kind === "text") message.options = mapEntryOptions;
  message.isMessageSet = message.options.get("message_set_wire_format") === true;
  for (const field of message.fields) apply(context, field, field.raw.options, "FieldOptions");
  for (const extension of message.nestedExtensions) apply(context, extension, extension.raw.options, "FieldOptions");
  for (const oneof of message.allOneofs) {
    const target = { typeName: "OneofOptions", scope: `${message.name}.${oneof.name}`, position: oneof.raw.position };
    const result = interpret(context, oneof.raw.options, target);
    if (result !== undefined) Object.assign(oneof, result);
  }
  for (const nested of message.messages) interpretMessage(context, nested);
  for (const type of message.enums) interpretEnum(context, type);
}

function interpretEnum(context: Interpreting, type: EnumNode): void {
  apply(context, type, type.raw.options, "EnumOptions");
  for (const value of type.values) {
    const target = { typeName: "EnumValueOptions", scope: `${type.name}.${value.name}`, position: value.position };
    keep(value, interpret(context, value.raw.options, target));
  }
}

function interpretService(context: Interpreting, service: ServiceNode): void {
  apply(context, service, service.raw.options, "ServiceOptions");
  for (const method of service.methods) {
    const wrong: string[] = [];
    apply({ ...context, wrong }, method, method.raw.options, "MethodOptions");
    method.wrongOptions = wrong;
    noteCalledServices(method, context);
    const level = method.options.get("idempotency_level");
    if (level === "NO_SIDE_EFFECTS") method.idempotency = "no-side-effects";
    if (level === "IDEMPOTENT") method.idempotency = "idempotent";
  }
}

function apply(context: Interpreting, node: DeclaredNode, raw: RawOptions, typeName: string): void {
  keep(node, interpret(context, raw, { typeName, scope: node.name, position: node.position }));
}

function keep(node: DeclaredNode, result: Interpreted | undefined): void {
  if (result === undefined) return;
  node.options = result.options;
  node.findOption = result.findOption;
  node.deprecated = result.options.get("deprecated") === true;
}

interface Target {
  /** In package google.protobuf. */
  readonly typeName: string;
  readonly scope: string;
  readonly position: Position;
}

interface Interpreted {
  readonly options: OptionMessage;
  readonly findOption: (path: string) => Position | undefined;
}

function interpret(context: Interpreting, raw: RawOptions, target: Target): Interpreted | undefined {
  if (raw.kind === "text" ? raw.options.length === 0 : raw.bytes.length === 0) return undefined;
  const type = context.symbols.get(`google.protobuf.${target.typeName}`);
  if (type?.kind !== "message") return undefined;
  if (raw.kind === "text") {
    const { symbols, problems, file, wrong } = context;
    const reading = { symbols, problems, file, wrong, scope: target.scope };
    let positions: ReadonlyMap<string, Position> | undefined;
    return {
      options: interpretText(reading, raw.options, type.node),
      findOption: (path) => nearestPosition(path, (positions ??= textPositions(reading, raw.options, type.node))),
    };
  }
  try {
    const options = decodeOptions(raw.bytes, type.node);
    const { position } = raw;
    return {
      options,
      findOption: (path) => (position === undefined ? undefined : position(optionNumbers(path, type.node))),
    };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    context.problems.error({
      position: target.position,
      rule: "malformed-descriptor",
      message: `the options of "${target.scope}" are not a google.protobuf.${target.typeName}: ${error.message}`,
    });
    return undefined;
  }
}

/** Read a second time, for the positions: few declarations are ever asked for them. */
function textPositions(
  reading: OptionContext,
  options: readonly RawOption[],
  type: MessageNode,
): ReadonlyMap<string, Position> {
  const positions = new Map<string, Position>();
  interpretText({ ...reading, problems: new Problems(() => {}), wrong: undefined, positions }, options, type);
  return positions;
}

/** `a.b[1].c`, else `a.b[1]`, else `a.b`, else `a`. */
function nearestPosition(path: string, positions: ReadonlyMap<string, Position>): Position | undefined {
  for (let part = path; part !== "";) {
    const found = positions.get(part);
    if (found !== undefined) return found;
    part = part.endsWith("]") ? part.slice(0, part.lastIndexOf("[")) : withoutLastPart(part);
  }
  return undefined;
}

function withoutLastPart(path: string): string {
  const parts = splitPath(path);
  return parts.slice(0, -1).join(".");
}

/** Dots inside the parentheses of an extension's name do not separate. */
function splitPath(path: string): readonly string[] {
  return path.match(/(?:\([^)]*\)|[^.()])+/g) ?? [];
}

/** The path as field numbers, as google.protobuf.SourceCodeInfo has it; as far as the schema knows them. */
function optionNumbers(path: string, type: MessageNode): readonly number[] {
  const numbers: number[] = [];
  let message: MessageNode | undefined = type;
  for (const part of splitPath(path)) {
    const [, name, index] = /^(.*?)(?:\[(\d+)\])?$/.exec(part) ?? [];
    const field: FieldNode | undefined =
      message?.protoField(name ?? "") ?? message?.extensions.find((extension) => optionName(extension) === name);
    if (field === undefined) break;
    numbers.push(field.number);
    if (index !== undefined) numbers.push(Number(index));
    message = field.type.kind === "message" ? (field.type.message as MessageNode) : undefined;
  }
  return numbers;
}
