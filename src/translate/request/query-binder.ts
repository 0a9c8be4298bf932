// Parameters of a query or form → an overlay of the request message. All that is wrong with a request is reported at once.
import type { Field, MessageType, Schema } from "../../schema/descriptor.ts";
import { Code, type FieldViolation, GatewayError } from "../../status.ts";
import { isHttpBodyField, toHttpBody } from "../http-body.ts";
import { addEntry, draftBelow, type DraftNode, type DraftValue, newValue } from "./overlay-draft.ts";
import { resolveName, type ResolvedName } from "./query-name.ts";
import { concatBytes, taggedValue } from "../wire/field-wire.ts";
import { compileTextReader, type TextOptions, type TextReader } from "./text-value.ts";
import { refuseText } from "./text-well-known.ts";

/** A value as a form part brought it; queries only have text. */
export type ParameterValue =
  | { readonly kind: "text"; readonly text: string; readonly contentType?: string | undefined }
  | { readonly kind: "file"; readonly contentType: string | undefined; readonly data: Uint8Array };

export interface BinderOptions {
  readonly text: TextOptions;
  /** grpc-gateway: unknown names and values for fields of the path or body are dropped. */
  readonly lenient: boolean;
  /** Unknown names that are dropped all the same. */
  readonly isIgnored: (name: string) => boolean;
  /** Of an urlencoded form. */
  readonly maxFormParameters: number;
}

/** Reports stop here: a request with that much wrong is not being debugged by hand. */
const maxViolations = 20;

/** Collects violations of one request; `finish` throws them together. */
export class Violations {
  readonly #found: FieldViolation[] = [];
  /** With those that say again what is said already. */
  #count = 0;

  get isFull(): boolean {
    return this.#count >= maxViolations;
  }

  add(field: string, description: string, reason: string): void {
    if (this.isFull) return;
    this.#count++;
    // A form's names can be as long as its body.
    const shown = field.length > 256 ? `${field.slice(0, 256)}…` : field;
    if (!this.#found.some((known) => known.field === shown && known.description === description))
      this.#found.push({ field: shown, description, reason });
  }

  /** Takes over what a value's reader threw; `field` is where the value stood. Anything unexpected is thrown on. */
  addError(field: string, error: unknown): void {
    if (!(error instanceof GatewayError) || error.code !== Code.INVALID_ARGUMENT) throw error;
    if (error.violations.length === 0) this.add(field, error.message, error.reason ?? "VALUE_INVALID");
    for (const { field: below, description, reason } of error.violations) {
      const where = below === "" ? field : `${field}${below.startsWith("[") ? "" : "."}${below}`;
      this.add(where, description, reason ?? "VALUE_INVALID");
    }
  }

  /** Throws GatewayError (400) with everything found; its message is about the first. */
  finish(): void {
    if (this.#found.length === 0) return;
    const [{ field, description, reason }] = this.#found;
    const others = this.#found.length - 1;
    const more = others === 0 ? "" : ` (and ${this.isFull ? "at least " : ""}${others} more)`;
    throw new GatewayError(Code.INVALID_ARGUMENT, `${field === "" ? "" : `${field}: `}${description}${more}`, {
      reason,
      violations: this.#found,
    });
  }
}

export interface Bound {
  readonly root: DraftNode;
  /** The fields down to what the body is, which the query must leave alone; empty where the query may set anything. */
  readonly bodyPath: readonly Field[];
  readonly violations: Violations;
}

/** Adds parameters to drafts; one a schema, with the text readers of its fields made when first needed. */
export class Binder {
  readonly options: BinderOptions;
  readonly #schema: Schema;
  readonly #readers = new Map<Field, TextReader | null>();

  constructor(schema: Schema, options: BinderOptions) {
    this.#schema = schema;
    this.options = options;
  }

  /** Undefined where the field's type has no form as text. */
  reader(field: Field): TextReader | undefined {
    let reader = this.#readers.get(field);
    if (reader === undefined) {
      reader = compileTextReader(field.type, this.#schema, this.options.text) ?? null;
      this.#readers.set(field, reader);
    }
    return reader ?? undefined;
  }

  /** For a path variable that is a field of the request itself: grpc-gateway reads its integers in any base. */
  pathReader(field: Field): TextReader | undefined {
    return compileTextReader(field.type, this.#schema, { ...this.options.text, anyBase: true });
  }

  bind(bound: Bound, name: string, value: ParameterValue): void {
    const { lenient, isIgnored, text } = this.options;
    const { root, bodyPath, violations } = bound;
    const resolved = resolveName(root.type, name, text.goSyntax);
    if (resolved.kind === "unknown") {
      if (lenient) this.#enter(bound, name, resolved.passed);
      else if (!isIgnored(name)) violations.add(name, resolved.description, resolved.reason);
      return;
    }
    if (resolved.kind === "wrong") return violations.add(name, resolved.description, resolved.reason);
    if (bodyPath.length > 0 && bodyPath.every((field, index) => resolved.path[index] === field)) {
      const bodyName = bodyPath.map((field) => field.jsonName).join(".");
      if (!lenient)
        violations.add(name, `"${bodyName}" is the request's body and cannot be set here as well`, "FIELD_BOUND");
      return;
    }
    try {
      this.#place(root, resolved, { name, value });
    } catch (error) {
      violations.addError(name, error);
    }
  }

  /** grpc-gateway has made the messages on the way when it finds that one has no such field; they stay. */
  #enter({ root, bodyPath, violations }: Bound, name: string, passed: readonly Field[]): void {
    if (bodyPath.length > 0 && bodyPath.every((field, index) => passed[index] === field)) return;
    let node: DraftNode | undefined = root;
    try {
      for (const field of passed) {
        refuseSecondOfOneof(node, field);
        node = draftBelow(node, field);
        if (node === undefined) return;
      }
    } catch (error) {
      violations.addError(name, error);
    }
  }

  #place(root: DraftNode, { path, key }: ResolvedName, parameter: NamedValue): void {
    const { lenient } = this.options;
    const { value } = parameter;
    if (key !== undefined && lenient && path[path.length - 1].cardinality === "repeated") {
      // grpc-gateway takes what stands between brackets for a first value, of whatever list.
      for (const one of [{ ...parameter, value: { kind: "text" as const, text: key } }, parameter])
        this.#place(root, { kind: "fields", path, key: undefined }, one);
      return;
    }
    let node = root;
    for (const field of path.slice(0, -1)) {
      refuseSecondOfOneof(node, field);
      const below = draftBelow(node, field);
      if (below === undefined) {
        // The whole message came from the path (a Timestamp, say).
        if (lenient) return;
        throw refuseText(`"${field.jsonName}" has a value already`, "FIELD_BOUND");
      }
      node = below;
    }
    const field = path[path.length - 1];
    const existing = node.entries.get(field);
    const isFromPath = existing?.kind === "value" && existing.source === "path";
    if (isFromPath && lenient) return;
    refuseSecondOfOneof(node, field);
    const payload = this.#payload(field, key, value);
    if (isFromPath) refuseUnlessSame(existing, payload);
    else if (existing === undefined || (lenient && isOtherSpelling(field, existing, parameter.name)))
      addEntry(node, field, firstValue(field, payload, parameter));
    else addFurther(field, existing, payload);
  }

  #payload(field: Field, key: string | undefined, value: ParameterValue): Uint8Array {
    if (field.cardinality === "map") return this.#mapEntry(field, key, value);
    if (key !== undefined) throw bracketsOutOfPlace(field, key);
    const isFile = value.kind === "file";
    if (isHttpBodyField(field) && value.kind === "file")
      return toHttpBody(value.contentType ?? "application/octet-stream", value.data);
    if (isHttpBodyField(field) && value.kind === "text" && value.contentType !== undefined)
      return toHttpBody(value.contentType, Buffer.from(value.text));
    if (!isFile) return this.#textPayload(field, value.text);
    if (field.type.kind === "scalar" && field.type.scalar === "bytes") return value.data;
    throw refuseText("a file can only go into a bytes or google.api.HttpBody field", "FIELD_NOT_BINDABLE");
  }

  #textPayload(field: Field, text: string): Uint8Array {
    const read = this.reader(field);
    if (read === undefined) throw notText(field);
    return read(text);
  }

  /** A complete entry message, key and value both written. */
  #mapEntry(field: Field, key: string | undefined, value: ParameterValue): Uint8Array {
    const name = field.jsonName;
    if (key === undefined) throw refuseText(`is a map; write ${name}[key]=value`, "FIELD_NOT_BINDABLE");
    const [keyField, valueField] = (field.type as { readonly message: MessageType }).message.fields;
    const keyPayload = this.#textPayload(keyField, key);
    const valuePayload = this.#payload(valueField, undefined, value);
    return concatBytes([taggedValue(keyField, keyPayload), taggedValue(valueField, valuePayload)]);
  }
}

/** A parameter's value, and its name as the client spelled it. */
interface NamedValue {
  readonly name: string;
  readonly value: ParameterValue;
}

/** grpc-gateway counts values by spelling: `fooBar=1&foo_bar=2` sets one field twice, and the last one stays. */
function isOtherSpelling(field: Field, existing: DraftValue | DraftNode, name: string): boolean {
  return (
    field.cardinality === "singular" && field.oneof === undefined && existing.kind === "value" && existing.name !== name
  );
}

function firstValue(field: Field, payload: Uint8Array, { name, value }: NamedValue): DraftValue {
  const draft = { ...newValue("query", value.kind === "text" ? value.text : "(a file)", [payload]), name };
  if (field.cardinality === "map") draft.keys.add(mapKeyOf(payload));
  return draft;
}

function addFurther(field: Field, existing: DraftValue | DraftNode, payload: Uint8Array): void {
  if (existing.kind === "node") throw refuseText("is given as a whole and by its fields", "FIELD_DUPLICATE");
  if (field.cardinality === "singular")
    throw refuseText("is given more than once, but takes one value", "FIELD_DUPLICATE");
  if (field.cardinality === "map") {
    const key = mapKeyOf(payload);
    if (existing.keys.has(key)) throw refuseText("this key of the map is given more than once", "FIELD_DUPLICATE");
    existing.keys.add(key);
  }
  existing.payloads.push(payload);
}

/** The key's bytes: an entry starts with its key field, tagged with one byte. */
function mapKeyOf(entry: Uint8Array): string {
  const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.length);
  const wireType = bytes[0] & 7;
  if (wireType === 1) return bytes.toString("latin1", 1, 9);
  if (wireType === 5) return bytes.toString("latin1", 1, 5);
  let end = 1;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[end++];
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  return bytes.toString("latin1", 1, wireType === 2 ? end + length : end);
}

function refuseSecondOfOneof(node: DraftNode, field: Field): void {
  if (field.oneof === undefined) return;
  const other = node.oneofs.get(field.oneof);
  if (other === undefined || other === field) return;
  throw refuseText(
    `"${other.jsonName}" is set already; only one field of oneof "${field.oneof.name}" can be`,
    "ONEOF_DUPLICATE",
  );
}

function refuseUnlessSame(existing: DraftValue, payload: Uint8Array): void {
  if (Buffer.compare(existing.payloads[0], payload) !== 0)
    throw refuseText(
      `the path says ${JSON.stringify(existing.text.slice(0, 60))} for this field; leave it out here`,
      "FIELD_BOUND",
    );
}

function bracketsOutOfPlace(field: Field, key: string): GatewayError {
  const name = field.jsonName;
  const isList = field.cardinality === "repeated" && field.type.kind !== "message";
  const advice = isList ? `for a list repeat the name: ${name}=1&${name}=2` : `write ${name}=value`;
  return refuseText(`[${key.slice(0, 40)}] is only for maps; ${advice}`, "FIELD_NOT_BINDABLE");
}

function notText(field: Field): GatewayError {
  const name = field.type.kind === "message" ? field.type.message.name : "";
  if (name === "google.protobuf.Any")
    return refuseText("google.protobuf.Any has no form as text; send it in a JSON body", "FIELD_NOT_BINDABLE");
  if (field.cardinality === "repeated")
    return refuseText(`is a list of messages (${name}), which only a JSON body can give`, "FIELD_NOT_BINDABLE");
  if (field.parent.isMapEntry)
    return refuseText(`is a map of messages (${name}), which only a JSON body can give`, "FIELD_NOT_BINDABLE");
  return refuseText(`is a message (${name}); set its fields as ${field.jsonName}.name=value`, "FIELD_NOT_BINDABLE");
}
