// The linker's third pass: type names of fields, extensions and methods become the nodes they mean.
import type { FieldType } from "../descriptor.ts";
import { isScalarType } from "../scalar-types.ts";
import { inheritMapFeatures } from "./declare.ts";
import { MessageNode, MethodNode } from "./node.ts";
import type { FieldNode, FileNode, ServiceNode } from "./node.ts";
import { formatPlace } from "./problems.ts";
import { reportLookup } from "./unresolved.ts";
import { isTypeSymbol } from "./symbols.ts";
import type { Lookup, Symbol, SymbolTable, TypeSymbol } from "./symbols.ts";
import type { Problems } from "./problems.ts";
import type { RawMethod } from "../proto-file.ts";
import type { Position } from "../../diagnostic.ts";

export interface Resolving {
  readonly symbols: SymbolTable;
  readonly problems: Problems;
  readonly file: FileNode;
}

export function resolveFile(symbols: SymbolTable, problems: Problems, file: FileNode): void {
  const resolving: Resolving = { symbols, problems, file };
  resolveExtensions(resolving, file.extensions);
  for (const message of file.messages) resolveMessage(resolving, message);
  for (const service of file.services) resolveService(resolving, service);
}

function resolveMessage(resolving: Resolving, message: MessageNode): void {
  for (const nested of message.messages) resolveMessage(resolving, nested);
  resolveExtensions(resolving, message.nestedExtensions);
  keepIf(message.fields, (field) => {
    const isResolved = resolveFieldType(resolving, field, message.name);
    if (!isResolved && field.oneof !== undefined) keepIf(field.oneof.fields, (member) => member !== field);
    return isResolved;
  });
}

/** Leaves out what could not be resolved: it was reported, and must not be reported again by every later check. */
function keepIf<Item>(list: Item[], predicate: (item: Item) => boolean): void {
  const kept = list.filter(predicate);
  if (kept.length !== list.length) list.splice(0, list.length, ...kept);
}

function resolveFieldType(resolving: Resolving, field: FieldNode, scope: string): boolean {
  const type = resolveType(resolving, field, scope);
  if (type === undefined) return false;
  field.type = type;
  if (type.kind === "message" && type.message.isMapEntry && field.cardinality === "repeated") {
    field.cardinality = "map";
    inheritMapFeatures(field, type.message as MessageNode);
  }
  return true;
}

function resolveType(resolving: Resolving, field: FieldNode, scope: string): FieldType | undefined {
  const { typeName, typePosition } = field.raw;
  if (isScalarType(typeName)) return { kind: "scalar", scalar: typeName };
  // Not a type for the key of a map, which the parser has reported.
  if (!field.isExtension && field.parent.isMapEntry && field.number === 1 && resolving.file.raw.bytes === undefined)
    return undefined;
  const found = lookUp(resolving, { name: typeName, scope, position: typePosition, wanted: "a type" });
  if (found === undefined) return undefined;
  return found.kind === "message" ? { kind: "message", message: found.node } : { kind: "enum", enum: found.node };
}

interface Reference {
  readonly name: string;
  readonly scope: string;
  readonly position: Position;
  readonly wanted: string;
}

function lookUp(resolving: Resolving, reference: Reference): TypeSymbol | undefined {
  const { symbols, file } = resolving;
  const result: Lookup<TypeSymbol> = symbols.lookup(reference.name, reference.scope, file, isType);
  if (result.kind === "found") return result.symbol;
  reportLookup(resolving, reference, result);
  // What was meant is clear, so what is said about it can be checked at once.
  return result.kind === "hidden" || result.kind === "shadowed" ? result.symbol : undefined;
}

function isType(symbol: Symbol): symbol is TypeSymbol {
  return isTypeSymbol(symbol);
}

function resolveExtensions(resolving: Resolving, extensions: FieldNode[]): void {
  keepIf(extensions, (extension) => {
    const scope = enclosing(extension.name);
    const isResolved = resolveFieldType(resolving, extension, scope);
    const position = extension.raw.extendeePosition ?? extension.raw.position;
    const found = lookUp(resolving, { name: extension.raw.extendee ?? "", scope, position, wanted: "a message" });
    if (found === undefined) return false;
    if (found.kind !== "message") {
      resolving.problems.error({
        position,
        rule: "extend-not-message",
        message: `"${found.name}" is an enum; only messages can be extended`,
      });
      return false;
    }
    extension.parent = found.node;
    return isResolved && addExtension(resolving, extension, found.node);
  });
}

function addExtension({ problems }: Resolving, extension: FieldNode, extendee: MessageNode): boolean {
  const other = extendee.extensionByNumber(extension.number);
  if (other === undefined) {
    extendee.addExtension(extension);
    extension.isLinkedExtension = true;
    return true;
  }
  problems.error({
    position: extension.raw.numberPosition,
    rule: "duplicate-extension-number",
    message: `extension number ${extension.number} of "${extendee.name}" is already used by "${other.name}" at ${formatPlace(other.position)}`,
    hint: "give one of the two extensions another number",
  });
  return false;
}

function resolveService(resolving: Resolving, service: ServiceNode): void {
  const { symbols, file } = resolving;
  for (const raw of service.raw.methods) {
    const name = `${service.name}.${raw.name}`;
    const isNew = symbols.add({ kind: "method", name, file, position: raw.position });
    const input = resolveRpcType(resolving, { name: raw.inputType, scope: service.name, position: raw.inputPosition });
    const output = resolveRpcType(resolving, {
      name: raw.outputType,
      scope: service.name,
      position: raw.outputPosition,
    });
    if (!isNew) continue;
    const types = {
      input: input ?? standIn(raw.inputType, raw, file),
      output: output ?? standIn(raw.outputType, raw, file),
    };
    service.methods.push(new MethodNode(raw, service, types));
  }
}

/** In the place of a message that was not found, so that the rest of the rpc can be checked. */
function standIn(name: string, { position, comment, options }: RawMethod, file: FileNode): MessageNode {
  const none = { fields: [], oneofs: [], messages: [], enums: [], extensions: [] };
  const ranges = { extensionRanges: [], reservedRanges: [], reservedNames: [] };
  const raw = { name, position, comment, options, ...none, ...ranges, isMapEntry: false };
  const node = new MessageNode(name, raw, file, file.features);
  node.isUnsure = true;
  return node;
}

function resolveRpcType(resolving: Resolving, reference: Omit<Reference, "wanted">): MessageNode | undefined {
  const { name, position } = reference;
  const refuse = (what: string) => {
    resolving.problems.error({
      position,
      rule: "rpc-type-not-message",
      message: `"${name}" is ${what}; an rpc takes and returns messages`,
      hint: `wrap it in a message: message Wrapper { ${name} value = 1; }`,
    });
    return undefined;
  };
  const found = lookUp(resolving, { ...reference, wanted: "a message" });
  if (found === undefined) return undefined;
  if (found.kind === "enum") return refuse("an enum");
  if (found.node.isMapEntry) return refuse("a map's entry");
  return found.node;
}

function enclosing(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf(".")));
}
