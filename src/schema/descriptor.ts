// The linked schema: what the protos say once names are resolved and features settled. Read-only after `linkSchema`.
import type { Position } from "../diagnostic.ts";

export type ScalarType =
  | "double"
  | "float"
  | "int64"
  | "uint64"
  | "int32"
  | "fixed64"
  | "fixed32"
  | "bool"
  | "string"
  | "bytes"
  | "uint32"
  | "sfixed32"
  | "sfixed64"
  | "sint32"
  | "sint64";

/**
 * The value of an option, by proto field name (extensions as `(full.name)`): numbers as number, 64-bit as bigint,
 * enums by name, bytes as Uint8Array, messages nested, repeated as arrays.
 */
export type OptionValue = string | number | bigint | boolean | Uint8Array | OptionMessage | readonly OptionValue[];
export type OptionMessage = ReadonlyMap<string, OptionValue>;

/** What every declaration has. */
export interface Declared {
  /** Fully qualified, without a leading dot. */
  readonly name: string;
  readonly position: Position;
  /** The leading (else trailing) comment, markers stripped; empty when there is none. */
  readonly comment: string;
  readonly options: OptionMessage;
  /** Where an option was written, by the key it has in `options` (dotted for nested: `(google.api.http).get`). */
  optionPosition(path: string): Position;
  readonly deprecated: boolean;
}

export interface EnumValue extends Declared {
  /** `name` is the short name here, as JSON writes it. */
  readonly number: number;
}

export interface EnumType extends Declared {
  readonly kind: "enum";
  readonly values: readonly EnumValue[];
  /** Closed (proto2): an unknown number is not a value of the field. */
  readonly closed: boolean;
}

export interface Oneof {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly options: OptionMessage;
  /** See Declared. */
  optionPosition(path: string): Position;
}

export type FieldType =
  | { readonly kind: "scalar"; readonly scalar: ScalarType }
  | { readonly kind: "enum"; readonly enum: EnumType }
  | { readonly kind: "message"; readonly message: MessageType };

export interface Field extends Declared {
  /** The short name as declared: `foo_bar`. For an extension: `[full.name]`. */
  readonly protoName: string;
  /** `fooBar`, or what `json_name` says. For an extension: `[full.name]`. */
  readonly jsonName: string;
  readonly number: number;
  /** A map is repeated on the wire; its entries are `type.message` with fields 1 (key) and 2 (value). */
  readonly cardinality: "singular" | "repeated" | "map";
  readonly type: FieldType;
  /** Whether an unset field differs from a zero one; always true for singular messages and oneof members. */
  readonly hasPresence: boolean;
  /** proto2 `required`, editions LEGACY_REQUIRED. */
  readonly required: boolean;
  readonly packed: boolean;
  /** Group encoding (proto2 groups, editions `message_encoding = DELIMITED`). */
  readonly delimited: boolean;
  /** Strings are checked for UTF-8 when they come from a backend. */
  readonly validateUtf8: boolean;
  /** Never a synthetic oneof of proto3 `optional`. */
  readonly oneof: Oneof | undefined;
  /** Declared `optional` in proto3: inside a oneof of its own, which is not a member of `MessageType.oneofs`. */
  readonly isProto3Optional: boolean;
  readonly parent: MessageType;
}

export interface MessageType extends Declared {
  readonly kind: "message";
  /** In declaration order, without extensions. */
  readonly fields: readonly Field[];
  /** Extensions of this message found anywhere in the schema, by declaration. */
  readonly extensions: readonly Field[];
  readonly oneofs: readonly Oneof[];
  readonly isMapEntry: boolean;
  readonly isMessageSet: boolean;
  field(protoOrJsonName: string): Field | undefined;
}

export type MethodKind = "unary" | "server-streaming" | "client-streaming" | "bidi-streaming";

export interface Method extends Declared {
  /** `name` is `pkg.Service.Method`; the short one is `localName`. */
  readonly localName: string;
  /** `/pkg.Service/Method`, as gRPC sends it. */
  readonly path: string;
  readonly service: Service;
  readonly input: MessageType;
  readonly output: MessageType;
  readonly kind: MethodKind;
  readonly idempotency: "unknown" | "no-side-effects" | "idempotent";
}

export interface Service extends Declared {
  readonly kind: "service";
  readonly methods: readonly Method[];
}

export interface SchemaFile {
  /** As imports name it: `shop/v1/catalog.proto`. */
  readonly path: string;
  readonly package: string;
  /** Proto text or descriptor that the user named, not something it imports. */
  readonly isInput: boolean;
  readonly services: readonly Service[];
  /** The file as google.protobuf.FileDescriptorProto bytes, for server reflection. */
  toBytes(): Uint8Array;
  readonly imports: readonly string[];
}

export interface Schema {
  readonly files: readonly SchemaFile[];
  /** Services of the input files, in order. */
  readonly services: readonly Service[];
  /** Of all files, outer before inner, the entries of maps among them. */
  readonly messages: readonly MessageType[];
  message(fullName: string): MessageType | undefined;
  enum(fullName: string): EnumType | undefined;
  /** By `pkg.Service.Method`. */
  method(fullName: string): Method | undefined;
  extension(fullName: string): Field | undefined;
}
