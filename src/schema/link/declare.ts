// The linker's first pass: a node and a table entry for everything a file declares; features settled on the way down.
import { defaultFeatures, featuresNumber, ownFeatures, packedOption, resolveFeatures } from "./features.ts";
import type { Features } from "./features.ts";
import { EnumNode, EnumValueNode, FieldNode, FileNode, MessageNode, OneofNode, ServiceNode } from "./node.ts";
import type { Problems } from "./problems.ts";
import type { SymbolTable } from "./symbols.ts";
import type { ProtoFile, RawDeclared, RawEnum, RawField, RawMessage, RawService } from "../proto-file.ts";

interface Declaring {
  readonly symbols: SymbolTable;
  readonly problems: Problems;
  readonly file: FileNode;
}

/** Where a declaration is: its enclosing full name, features and message. */
interface Place {
  readonly scope: string;
  readonly features: Features;
  readonly parent: MessageNode | undefined;
}

export function declareFile(raw: ProtoFile, isInput: boolean, symbols: SymbolTable, problems: Problems): FileNode {
  const features = resolveFeatures(defaultFeatures[raw.edition], raw.options, featuresNumber.file);
  const file = new FileNode(raw, isInput, features);
  const declaring: Declaring = { symbols, problems, file };
  if (raw.package !== "") {
    for (const part of raw.package.split(".")) checkIdentifier(declaring, "package", { ...raw, name: part });
    symbols.addPackage(raw.package, file, raw.position);
  }
  const place: Place = { scope: raw.package, features, parent: undefined };
  declareMessages(declaring, raw.messages, place, file.messages);
  declareEnums(declaring, raw.enums, place, file.enums);
  declareExtensions(declaring, raw.extensions, place, file.extensions);
  for (const service of raw.services) declareService(declaring, service, raw.package);
  return file;
}

function declareMessages(declaring: Declaring, raws: readonly RawMessage[], place: Place, into: MessageNode[]): void {
  const { symbols, file } = declaring;
  for (const raw of raws) {
    if (isNameless(declaring, raw)) continue;
    checkIdentifier(declaring, "message", raw);
    const name = join(place.scope, raw.name);
    const node = new MessageNode(name, raw, file, resolveFeatures(place.features, raw.options, featuresNumber.message));
    if (!symbols.add({ kind: "message", name, file, position: raw.position, node })) continue;
    into.push(node);
    const inner: Place = { scope: name, features: node.features, parent: node };
    declareOneofs(declaring, node);
    declareFields(declaring, node, inner);
    declareMessages(declaring, raw.messages, inner, node.messages);
    declareEnums(declaring, raw.enums, inner, node.enums);
    declareExtensions(declaring, raw.extensions, inner, node.nestedExtensions);
  }
}

/** A oneof whose members are all proto3 `optional` is synthetic: it leaves no trace. */
function declareOneofs(declaring: Declaring, node: MessageNode): void {
  if (node.raw.oneofs.length === 0) return;
  const synthetic = new Set(node.raw.fields.filter((field) => field.proto3Optional).map((field) => field.oneofIndex));
  const real = new Set(node.raw.fields.filter((field) => !field.proto3Optional).map((field) => field.oneofIndex));
  node.raw.oneofs.forEach((raw, index) => {
    const oneof = new OneofNode(raw, resolveFeatures(node.features, raw.options, featuresNumber.oneof));
    node.allOneofs.push(oneof);
    if ((synthetic.has(index) && !real.has(index)) || isNameless(declaring, raw)) return;
    checkIdentifier(declaring, "oneof", raw);
    const { file, symbols } = declaring;
    symbols.add({ kind: "oneof", name: `${node.name}.${raw.name}`, file, position: raw.position });
    node.oneofs.push(oneof);
  });
}

function declareFields(declaring: Declaring, node: MessageNode, place: Place): void {
  const { symbols, file } = declaring;
  for (const raw of node.raw.fields) {
    checkIdentifier(declaring, "field", raw);
    const name = `${node.name}.${raw.name}`;
    if (!symbols.add({ kind: "field", name, file, position: raw.position })) continue;
    const oneof = raw.oneofIndex === undefined ? undefined : node.allOneofs[raw.oneofIndex];
    const field = new FieldNode(
      name,
      raw,
      { file, parent: node },
      fieldFeatures(raw, oneof?.features ?? place.features),
    );
    if (oneof !== undefined && !raw.proto3Optional) {
      field.oneof = oneof;
      oneof.fields.push(field);
    }
    node.fields.push(field);
  }
}

/** Before editions these were written as labels, `group` and `packed`. */
function fieldFeatures(raw: RawField, inherited: Features): Features {
  const features = resolveFeatures(inherited, raw.options, featuresNumber.field);
  const own: { -readonly [Key in keyof Features]?: Features[Key] } = {};
  if (raw.label === "required") own.fieldPresence = "LEGACY_REQUIRED";
  if (raw.proto3Optional) own.fieldPresence = "EXPLICIT";
  if (raw.isGroup) own.messageEncoding = "DELIMITED";
  const isPacked = raw.label === "repeated" ? packedOption(raw.options) : undefined;
  if (isPacked !== undefined) own.repeatedFieldEncoding = isPacked ? "PACKED" : "EXPANDED";
  return Object.keys(own).length === 0 ? features : { ...features, ...own };
}

function declareExtensions(declaring: Declaring, raws: readonly RawField[], place: Place, into: FieldNode[]): void {
  const { symbols, file } = declaring;
  for (const raw of raws) {
    checkIdentifier(declaring, "extension", raw);
    const name = join(place.scope, raw.name);
    const node = new FieldNode(name, raw, { file, parent: place.parent }, fieldFeatures(raw, place.features));
    if (symbols.add({ kind: "extension", name, file, position: raw.position, node })) into.push(node);
  }
}

function declareEnums(declaring: Declaring, raws: readonly RawEnum[], place: Place, into: EnumNode[]): void {
  const { symbols, file } = declaring;
  for (const raw of raws) {
    if (isNameless(declaring, raw)) continue;
    checkIdentifier(declaring, "enum", raw);
    const name = join(place.scope, raw.name);
    const node = new EnumNode(name, raw, file, resolveFeatures(place.features, raw.options, featuresNumber.enum));
    if (!symbols.add({ kind: "enum", name, file, position: raw.position, node })) continue;
    into.push(node);
    for (const value of raw.values) {
      checkIdentifier(declaring, "enum value", value);
      const valueName = join(place.scope, value.name);
      if (!symbols.add({ kind: "enum value", name: valueName, file, position: value.position })) continue;
      node.values.push(new EnumValueNode(value));
    }
  }
}

function declareService(declaring: Declaring, raw: RawService, packageName: string): void {
  if (isNameless(declaring, raw)) return;
  checkIdentifier(declaring, "service", raw);
  const { symbols, file } = declaring;
  const name = join(packageName, raw.name);
  const node = new ServiceNode(name, raw, file);
  if (symbols.add({ kind: "service", name, file, position: raw.position, node })) file.services.push(node);
}

/** A map's generated entry takes its string and group checks from the map field that it stands for. */
export function inheritMapFeatures(map: FieldNode, entry: MessageNode): void {
  const own = ownFeatures(map.raw.options, featuresNumber.field);
  if (own === undefined) return;
  for (const field of entry.fields) field.features = { ...field.features, ...own };
}

/** In text, where the lack of the name was reported. */
function isNameless({ file }: Declaring, { name }: RawDeclared): boolean {
  return name === "" && file.raw.bytes === undefined;
}

/** Text cannot hold anything else; descriptor bytes can, and names end up in paths and messages. */
function checkIdentifier(
  { problems, file }: Declaring,
  kind: string,
  { name, position }: Pick<RawDeclared, "name" | "position">,
): void {
  if (file.raw.bytes === undefined || /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return;
  problems.error({
    position,
    rule: "invalid-name",
    message: `${JSON.stringify(name.slice(0, 100))} is not a name for a ${kind}`,
    hint: "names are letters, digits and underscores, and do not begin with a digit",
  });
}

function join(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}
