// The objects behind the schema's interfaces: written while linking, read-only once `linkSchema` has returned them.
import type { Position } from "../../diagnostic.ts";
import type {
  EnumType,
  EnumValue,
  Field,
  FieldType,
  MessageType,
  Method,
  MethodKind,
  Oneof,
  OptionMessage,
  Service,
} from "../descriptor.ts";
import type { Features } from "./features.ts";
import type {
  Damage,
  ProtoFile,
  RawDeclared,
  RawEnum,
  RawField,
  RawMessage,
  RawMethod,
  RawService,
} from "../proto-file.ts";

const noOptions: OptionMessage = new Map();

export class DeclaredNode {
  readonly name: string;
  readonly position: Position;
  readonly comment: string;
  options: OptionMessage = noOptions;
  deprecated = false;
  /** Set with the options; undefined while there are none. */
  findOption: ((path: string) => Position | undefined) | undefined = undefined;

  constructor(name: string, raw: RawDeclared) {
    this.name = name;
    this.position = raw.position;
    this.comment = raw.comment;
  }

  /** The nearest written part of the path; the declaration's own position when there is none. */
  optionPosition(path: string): Position {
    return this.findOption?.(path) ?? this.position;
  }
}

/** One file: what it declares and which files it sees. */
export class FileNode {
  readonly raw: ProtoFile;
  readonly isInput: boolean;
  readonly features: Features;
  readonly messages: MessageNode[] = [];
  readonly enums: EnumNode[] = [];
  readonly services: ServiceNode[] = [];
  readonly extensions: FieldNode[] = [];
  /** This file, its imports, and what those import publicly; for each the direct imports that brought it. */
  readonly visible = new Map<FileNode, readonly string[]>();
  readonly visiblePackages = new Set<string>();
  /** Paths of imports that something was found through. */
  readonly usedImports = new Set<string>();
  /** An import was not found or not read: any name may come from it. */
  mayImportMore = false;
  /** Of the files it sees, itself included. */
  readonly damages: Damage[] = [];
  /** A name in it was not resolved, or a declaration left out: what it uses is not fully known. */
  hasUnresolved = false;
  options: OptionMessage = noOptions;
  findOption: ((path: string) => Position | undefined) | undefined = undefined;
  /** The options messages by full name, for writing the options back. */
  optionTypes: ((name: string) => MessageNode | undefined) | undefined = undefined;

  constructor(raw: ProtoFile, isInput: boolean, features: Features) {
    this.raw = raw;
    this.isInput = isInput;
    this.features = features;
  }

  optionPosition(path: string): Position {
    return this.findOption?.(path) ?? this.raw.position;
  }
}

export class MessageNode extends DeclaredNode implements MessageType {
  readonly kind = "message";
  readonly raw: RawMessage;
  readonly file: FileNode;
  readonly features: Features;
  readonly isMapEntry: boolean;
  isMessageSet = false;
  /** Declared twice, or put in the place of a type that was not found: a field not in here proves nothing. */
  isUnsure = false;
  readonly fields: FieldNode[] = [];
  readonly extensions: FieldNode[] = [];
  readonly oneofs: OneofNode[] = [];
  /** Synthetic ones included, indexed as the fields' `oneofIndex`. */
  readonly allOneofs: OneofNode[] = [];
  readonly messages: MessageNode[] = [];
  readonly enums: EnumNode[] = [];
  /** `extend` blocks inside this message; they extend others. */
  readonly nestedExtensions: FieldNode[] = [];
  #extensionByNumber: Map<number, FieldNode> | undefined = undefined;
  #byName: Map<string, FieldNode> | undefined = undefined;
  #byProtoName: Map<string, FieldNode> | undefined = undefined;

  constructor(name: string, raw: RawMessage, file: FileNode, features: Features) {
    super(name, raw);
    this.raw = raw;
    this.file = file;
    this.features = features;
    this.isMapEntry = raw.isMapEntry;
  }

  extensionByNumber(number: number): FieldNode | undefined {
    return this.#extensionByNumber?.get(number);
  }

  addExtension(extension: FieldNode): void {
    this.#extensionByNumber ??= new Map();
    this.#extensionByNumber.set(extension.number, extension);
    this.extensions.push(extension);
  }

  /** A JSON name wins over another field's proto name. */
  field(protoOrJsonName: string): FieldNode | undefined {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const field of this.fields) this.#byName.set(field.protoName, field);
      for (const field of this.fields) this.#byName.set(field.jsonName, field);
    }
    return this.#byName.get(protoOrJsonName);
  }

  /** As options name their fields. */
  protoField(name: string): FieldNode | undefined {
    this.#byProtoName ??= new Map(this.fields.map((field) => [field.protoName, field]));
    return this.#byProtoName.get(name);
  }
}

export class OneofNode implements Oneof {
  readonly name: string;
  readonly raw: RawDeclared;
  readonly features: Features;
  readonly fields: FieldNode[] = [];
  options: OptionMessage = noOptions;
  findOption: ((path: string) => Position | undefined) | undefined = undefined;

  constructor(raw: RawDeclared, features: Features) {
    this.name = raw.name;
    this.raw = raw;
    this.features = features;
  }

  optionPosition(path: string): Position {
    return this.findOption?.(path) ?? this.raw.position;
  }
}

/** What a field is before its type is resolved; replaced by the linker, never seen outside. */
const unresolved: FieldType = { kind: "scalar", scalar: "bytes" };

export class FieldNode extends DeclaredNode implements Field {
  readonly raw: RawField;
  readonly file: FileNode;
  readonly protoName: string;
  readonly jsonName: string;
  readonly number: number;
  features: Features;
  cardinality: "singular" | "repeated" | "map";
  type: FieldType = unresolved;
  hasPresence = false;
  required = false;
  packed = false;
  delimited = false;
  validateUtf8 = false;
  oneof: OneofNode | undefined = undefined;
  parent: MessageNode;
  /** An extension whose type and extendee were found. */
  isLinkedExtension = false;

  /** `parent` of an extension is the message that encloses the `extend`, or undefined, until it is resolved. */
  constructor(
    name: string,
    raw: RawField,
    owner: { file: FileNode; parent: MessageNode | undefined },
    features: Features,
  ) {
    super(name, raw);
    this.raw = raw;
    this.file = owner.file;
    const isExtension = raw.extendee !== undefined;
    this.protoName = isExtension ? `[${name}]` : raw.name;
    this.jsonName = isExtension ? `[${name}]` : (raw.jsonName ?? defaultJsonName(raw.name));
    this.number = raw.number;
    this.cardinality = raw.label === "repeated" || raw.isMap ? "repeated" : "singular";
    this.features = features;
    this.parent = owner.parent as MessageNode;
  }

  get isProto3Optional(): boolean {
    return this.raw.proto3Optional;
  }

  get isExtension(): boolean {
    return this.raw.extendee !== undefined;
  }
}

export class EnumNode extends DeclaredNode implements EnumType {
  readonly kind = "enum";
  readonly raw: RawEnum;
  readonly file: FileNode;
  readonly features: Features;
  readonly values: EnumValueNode[] = [];
  readonly closed: boolean;

  constructor(name: string, raw: RawEnum, file: FileNode, features: Features) {
    super(name, raw);
    this.raw = raw;
    this.file = file;
    this.features = features;
    this.closed = features.enumType === "CLOSED";
  }
}

export class EnumValueNode extends DeclaredNode implements EnumValue {
  readonly raw: RawEnum["values"][number];
  readonly number: number;

  constructor(raw: RawEnum["values"][number]) {
    super(raw.name, raw);
    this.raw = raw;
    this.number = raw.number;
  }
}

export class ServiceNode extends DeclaredNode implements Service {
  readonly kind = "service";
  readonly raw: RawService;
  readonly file: FileNode;
  readonly methods: MethodNode[] = [];

  constructor(name: string, raw: RawService, file: FileNode) {
    super(name, raw);
    this.raw = raw;
    this.file = file;
  }
}

export class MethodNode extends DeclaredNode implements Method {
  readonly raw: RawMethod;
  readonly localName: string;
  readonly path: string;
  readonly service: ServiceNode;
  readonly kind: MethodKind;
  readonly input: MessageNode;
  readonly output: MessageNode;
  idempotency: "unknown" | "no-side-effects" | "idempotent" = "unknown";
  /** First parts of the names of options that were reported as wrong, as written: `options` lacks something of them. */
  wrongOptions: readonly string[] = [];

  constructor(raw: RawMethod, service: ServiceNode, types: { input: MessageNode; output: MessageNode }) {
    super(`${service.name}.${raw.name}`, raw);
    this.raw = raw;
    this.localName = raw.name;
    this.path = `/${service.name}/${raw.name}`;
    this.service = service;
    this.kind = methodKind(raw);
    this.input = types.input;
    this.output = types.output;
  }
}

function methodKind({ clientStreaming, serverStreaming }: RawMethod): MethodKind {
  if (clientStreaming) return serverStreaming ? "bidi-streaming" : "client-streaming";
  return serverStreaming ? "server-streaming" : "unary";
}

/** protoc's rule: an underscore goes, and a small ASCII letter after it is raised. */
export function defaultJsonName(name: string): string {
  if (!name.includes("_")) return name;
  let result = "";
  let raise = false;
  for (const character of name) {
    if (character === "_") raise = true;
    else {
      result += raise && character >= "a" && character <= "z" ? character.toUpperCase() : character;
      raise = false;
    }
  }
  return result;
}
