// A reply's protobuf bytes → what the client asked for: JSON (whole, one field, or some fields), protobuf, or a raw HttpBody.
import type { Binding } from "../../schema/binding.ts";
import type { Field, MessageType, Schema } from "../../schema/descriptor.ts";
import { Code, GatewayError } from "../../status.ts";
import { fromHttpBody, isHttpBody } from "../http-body.ts";
import { prettyIndent } from "../json/indent-json.ts";
import { compileFieldWriter, compileJsonWriter, type JsonWriter } from "../json/json-writer.ts";
import type { JsonOptions } from "../options.ts";
import { keepPartial, parsePartial, type PartialMask } from "./partial.ts";
import { concatBytes, isGroup } from "../wire/field-wire.ts";
import { hasOwnJsonForm } from "../request/text-messages.ts";
import { WireReader, WireType } from "../wire/wire-reader.ts";

export interface ReplyOptions {
  readonly json: JsonOptions;
}

export interface ReplyView {
  readonly accept: "json" | "protobuf";
  /** `$fields` as it came, decoded; undefined for everything. */
  readonly fields: string | undefined;
  readonly pretty: boolean;
  /** Undefined: as the options say. */
  readonly enums?: EnumForm | undefined;
}

/** What a client can ask for. */
export type EnumForm = "numbers";

export interface ReplyBody {
  readonly contentType: string;
  /** May be a view into the reply's message. */
  readonly body: Uint8Array;
}

/** Throws GatewayError: 400 for `$fields`, 406 where there is no protobuf form, INTERNAL for malformed bytes. */
export type WriteReply = (message: Uint8Array, view: ReplyView) => ReplyBody;

export function compileReply(binding: Binding, schema: Schema, options: ReplyOptions): WriteReply {
  const { responseBody } = binding;
  const { output } = binding.method;
  const shown = responseBody === undefined ? output : messageOf(responseBody);
  if (shown !== undefined && isHttpBody(shown)) return compileRaw(responseBody);
  const writerOf = compileWriters(binding, schema, options);
  const masked = responseBody === undefined ? output : elementOf(responseBody);
  return (message, { accept, fields, pretty, enums }) => {
    const mask = fields === undefined ? undefined : toMask(masked, fields);
    if (accept === "json")
      return {
        contentType: "application/json",
        body: writerOf(enums)(message, mask, pretty ? prettyIndent : undefined),
      };
    if (shown === undefined) throw noProtobuf(responseBody!);
    const content = responseBody === undefined ? message : extractField(responseBody, message);
    return {
      contentType: "application/x-protobuf",
      body: mask === undefined ? content : keepPartial(content, mask),
    };
  };
}

/** The usual writer, and the one for clients that want enums as numbers, made when the first of them asks. */
function compileWriters(
  { method, responseBody }: Binding,
  schema: Schema,
  { json }: ReplyOptions,
): (enums: EnumForm | undefined) => JsonWriter {
  const compile = (options: JsonOptions): JsonWriter =>
    responseBody === undefined
      ? compileJsonWriter(method.output, schema, options)
      : compileFieldWriter(responseBody, schema, options);
  const usual = compile(json);
  let numbers = json.enumsAsNumbers ? usual : undefined;
  return (enums) => (enums === undefined ? usual : (numbers ??= compile(withEnumNumbers(json))));
}

/** One object for each: writers share what they compile by the identity of their options. */
const enumNumbers = new WeakMap<JsonOptions, JsonOptions>();

function withEnumNumbers(json: JsonOptions): JsonOptions {
  let options = enumNumbers.get(json);
  if (options === undefined) enumNumbers.set(json, (options = Object.freeze({ ...json, enumsAsNumbers: true })));
  return options;
}

/** One message of a stream as JSON, never a line break in it unless `pretty`. Throws GatewayError (INTERNAL) on malformed bytes. */
export type WriteElement = (message: Uint8Array) => Buffer;

/** How the messages of one stream are shown: like `compileReply`, but settled once for all of them. Throws GatewayError (400) for `$fields`. */
export type ViewElements = (view: Omit<ReplyView, "accept">) => WriteElement;

export function compileElements(binding: Binding, schema: Schema, options: ReplyOptions): ViewElements {
  const { responseBody } = binding;
  const { output } = binding.method;
  const masked = responseBody === undefined ? output : elementOf(responseBody);
  const writerOf = compileWriters(binding, schema, options);
  return ({ fields, pretty, enums }) => {
    const write = writerOf(enums);
    const mask = fields === undefined ? undefined : toMask(masked, fields);
    const indent = pretty ? prettyIndent : 0;
    return (message) => write(message, mask, indent);
  };
}

/** The HttpBody in a message of a stream of them. Throws GatewayError (INTERNAL). */
export function compileRawElements({ responseBody }: Binding): (message: Uint8Array) => ReplyBody {
  const write = compileRaw(responseBody);
  return (message) => write(message, { accept: "json", fields: undefined, pretty: false });
}

/** What a reply shows, where that is a message, as its protobuf bytes: an HttpBody like any other. Throws GatewayError (INTERNAL). */
export function compileShownMessage({ responseBody }: Binding): (message: Uint8Array) => Uint8Array {
  return responseBody === undefined ? (message) => message : (message) => extractField(responseBody, message);
}

/** Throws what the writer would throw for the view (400 for `$fields`, 406), for whoever asks before the call: after it is too late. */
export function compileViewCheck({ method, responseBody }: Binding): (view: ReplyView) => void {
  const shown = responseBody === undefined ? method.output : messageOf(responseBody);
  if (shown !== undefined && isHttpBody(shown)) return () => {};
  const masked = responseBody === undefined ? method.output : elementOf(responseBody);
  return ({ accept, fields }) => {
    if (fields !== undefined) toMask(masked, fields);
    if (accept === "protobuf" && shown === undefined) throw noProtobuf(responseBody!);
  };
}

/** HttpBody has no other form: what the client accepts and `$fields` do not matter to it. */
function compileRaw(field: Field | undefined): WriteReply {
  return (message) => {
    const { contentType, data } = fromHttpBody(field === undefined ? message : extractField(field, message));
    return { contentType, body: data };
  };
}

/** The message a singular message field shows. */
function messageOf(field: Field): MessageType | undefined {
  return field.cardinality === "singular" && field.type.kind === "message" ? field.type.message : undefined;
}

/** The message that a mask is about: also the elements of a list and the values of a map. */
function elementOf(field: Field): MessageType | undefined {
  if (field.type.kind !== "message") return undefined;
  if (field.cardinality !== "map") return field.type.message;
  const value = field.type.message.fields.find((entryField) => entryField.number === 2);
  return value?.type.kind === "message" ? value.type.message : undefined;
}

function toMask(type: MessageType | undefined, fields: string): PartialMask {
  if (type !== undefined && !hasOwnJsonForm(type.name)) return parsePartial(type, fields);
  throw GatewayError.invalidField(
    "$fields",
    "this reply is not made of fields; leave the parameter out",
    "FIELD_UNKNOWN",
  );
}

function noProtobuf(field: Field): GatewayError {
  return new GatewayError(
    Code.INVALID_ARGUMENT,
    `the reply is the field "${field.jsonName}" alone, which is no message; accept application/json`,
    {
      reason: "NOT_ACCEPTABLE",
      httpStatus: 406,
    },
  );
}

/** The bytes of a message field; several occurrences are one, concatenated (protobuf's merge rule). */
function extractField(field: Field, message: Uint8Array): Uint8Array {
  const reader = new WireReader(message, 0, message.length);
  const parts: Uint8Array[] = [];
  const groupTag = field.number * 8 + WireType.START_GROUP;
  const tagWanted = isGroup(field) ? groupTag : field.number * 8 + WireType.LENGTH;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag !== tagWanted) reader.skip(tag);
    else if (tag === groupTag) {
      const start = reader.pos;
      parts.push(message.subarray(start, reader.groupEnd(field.number)));
    } else {
      const end = reader.lengthEnd();
      parts.push(message.subarray(reader.pos, end));
      reader.pos = end;
    }
  }
  return concatBytes(parts);
}
