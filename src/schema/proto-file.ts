// One .proto file before linking: the shape of google.protobuf.FileDescriptorProto plus positions, whether it was
// parsed from text or decoded from descriptor bytes. Names and types are as written; `linkSchema` resolves them.
import type { Position } from "../diagnostic.ts";

/** Syntax level: `proto2`, `proto3`, or an edition. */
export type Edition = "proto2" | "proto3" | "2023" | "2024";

/**
 * An option as written, not yet checked against its declaration.
 * `name` is its path: `deprecated` → `["deprecated"]`; `(google.api.http).get` → `["(google.api.http)", "get"]`.
 * The parentheses stay, the leading dot of an extension name too.
 */
export interface RawOption {
  readonly name: readonly string[];
  readonly value: RawValue;
  readonly position: Position;
}

/** A value of text-format shape. Numbers keep their text, so nothing is rounded before the type is known. */
export type RawValue =
  | { readonly kind: "string"; readonly bytes: Uint8Array; readonly position: Position }
  | {
      readonly kind: "number";
      /** `-0x1F`, `1e3`, `inf`… as written. */ readonly text: string;
      readonly position: Position;
    }
  | {
      readonly kind: "identifier";
      /** Also `true`, `false`, `inf`, `nan`, with `-` if negated. */ readonly text: string;
      readonly position: Position;
    }
  | { readonly kind: "list"; readonly values: readonly RawValue[]; readonly position: Position }
  | { readonly kind: "message"; readonly fields: readonly RawEntry[]; readonly position: Position };

/** `name: value` inside an aggregate; an extension or Any name keeps its brackets: `[foo.bar]`. */
export interface RawEntry {
  readonly name: string;
  readonly value: RawValue;
  readonly position: Position;
}

/**
 * Where a declaration's options come from: text to interpret, or the bytes of e.g. google.protobuf.MethodOptions
 * out of a descriptor set.
 */
export type RawOptions =
  | { readonly kind: "text"; readonly options: readonly RawOption[] }
  | {
      readonly kind: "bytes";
      readonly bytes: Uint8Array;
      /** Where the option with this path of field numbers was written, if the descriptor has source info. */
      readonly position?: (path: readonly number[]) => Position;
    };

export interface RawDeclared {
  readonly name: string;
  /** Of the name. */
  readonly position: Position;
  readonly comment: string;
  readonly options: RawOptions;
}

export interface NumberRange {
  /** Inclusive both ends; `max` is 536870911 for messages and 2147483647 for enums. */
  readonly start: number;
  readonly end: number;
  readonly position: Position;
}

export interface RawEnum extends RawDeclared {
  readonly values: readonly (RawDeclared & { readonly number: number })[];
  readonly reservedRanges: readonly NumberRange[];
  readonly reservedNames: readonly { readonly name: string; readonly position: Position }[];
}

export interface RawField extends RawDeclared {
  readonly number: number;
  readonly numberPosition: Position;
  readonly label: "optional" | "required" | "repeated" | undefined;
  /** A scalar keyword, or a type name as written (a leading dot when absolute). Groups and map entries name their generated message. */
  readonly typeName: string;
  readonly typePosition: Position;
  /** Index into `oneofs` of the message, synthetic ones included for descriptors; undefined outside. */
  readonly oneofIndex: number | undefined;
  readonly proto3Optional: boolean;
  readonly isGroup: boolean;
  readonly isMap: boolean;
  /** `json_name` where written or (descriptors) present. */
  readonly jsonName: string | undefined;
  /** Extended message as written; undefined for ordinary fields. */
  readonly extendee: string | undefined;
  readonly extendeePosition?: Position;
  /** `default = …`; of descriptors as an identifier or string value. */
  readonly defaultValue: RawValue | undefined;
}

export interface RawMessage extends RawDeclared {
  readonly fields: readonly RawField[];
  readonly oneofs: readonly RawDeclared[];
  readonly messages: readonly RawMessage[];
  readonly enums: readonly RawEnum[];
  /** `extend X { … }` nested in this message. */
  readonly extensions: readonly RawField[];
  readonly extensionRanges: readonly NumberRange[];
  readonly reservedRanges: readonly NumberRange[];
  readonly reservedNames: readonly { readonly name: string; readonly position: Position }[];
  /** Generated for `map<k, v>`: fields key = 1, value = 2. */
  readonly isMapEntry: boolean;
}

export interface RawMethod extends RawDeclared {
  readonly inputType: string;
  readonly inputPosition: Position;
  readonly outputType: string;
  readonly outputPosition: Position;
  readonly clientStreaming: boolean;
  readonly serverStreaming: boolean;
}

export interface RawService extends RawDeclared {
  readonly methods: readonly RawMethod[];
}

/**
 * What the errors of a text may have cost: names, fields, imports that are there for whoever wrote it and were not read.
 * Positions are those of declarations of the file; of a dotted name the last part counts.
 */
export interface Damage {
  readonly hasLostImport: boolean;
  readonly hasLostPackage: boolean;
  readonly isEditionKnown: boolean;
  /** Braces do not match: declarations may stand in others than was meant. */
  readonly isMisnested: boolean;
  /** The text seems to declare a type, service or method of this name. */
  mayDeclare(name: string): boolean;
  /** The text seems to declare a field, extension or enum value of this name. */
  mayName(name: string): boolean;
  /** There is an error in the declaration: what was read of it may not be all. */
  touches(declared: Position): boolean;
  /** There is an error in the declaration, and the word is in its text. */
  mentions(declared: Position, word: string): boolean;
}

export interface ProtoFile {
  /** As imports name it: `shop/v1/catalog.proto`. */
  readonly path: string;
  readonly edition: Edition;
  readonly package: string;
  readonly imports: readonly {
    readonly path: string;
    readonly kind: "plain" | "public" | "weak" | "option";
    readonly position: Position;
  }[];
  readonly options: RawOptions;
  /** Of the file: its first byte. */
  readonly position: Position;
  readonly messages: readonly RawMessage[];
  readonly enums: readonly RawEnum[];
  readonly services: readonly RawService[];
  readonly extensions: readonly RawField[];
  /** The original FileDescriptorProto where it came as bytes. */
  readonly bytes: Uint8Array | undefined;
  /** Only of a text with errors. */
  readonly damage?: Damage | undefined;
}
