// `body: "f"`: the body is one field of the request, or what a dotted path leads to; path and query give the rest.
import type { Field, MessageType, Schema } from "../../schema/descriptor.ts";
import { Code, GatewayError } from "../../status.ts";
import { bindForm } from "./form-body.ts";
import { isHttpBody } from "../http-body.ts";
import { compileFieldReader } from "../json/json-reader.ts";
import { encodeOverlay, type Overlay, type OverlayEntry } from "./overlay.ts";
import { draftBelow, finishDraft } from "./overlay-draft.ts";
import { type BoundFields, weaveProto } from "./proto-body.ts";
import { compileFormat, jsonBody, rawBody, type RequestBody, type RequestFormat } from "./body-format.ts";
import type { RequestOptions, RequestParts } from "./request-options.ts";
import { emptyBytes, taggedValue, wireTypeOfValue } from "../wire/field-wire.ts";
import { hasOwnJsonForm } from "./text-messages.ts";
import { compileMaskFilling } from "./update-mask.ts";
import { WireType } from "../wire/wire-reader.ts";

export interface BodyField {
  readonly input: MessageType;
  readonly parents: readonly Field[];
  readonly field: Field;
}

/** The body's field alone, tag included; with what the path bound below it woven in. Empty for an unset field. */
type ReadField = (overlay: Overlay | undefined, format: RequestFormat, parts: RequestParts) => Uint8Array;

function messageOf(field: Field): MessageType | undefined {
  return field.cardinality === "singular" && field.type.kind === "message" ? field.type.message : undefined;
}

function compileField(field: Field, schema: Schema, options: RequestOptions): ReadField {
  const message = messageOf(field);
  const readJson = compileFieldReader(field, schema, options.json);
  const nothing: Overlay = new Map();
  const isLenient = options.profile === "grpc-gateway";
  // Go has the field's value before it reads the body into it: where presence can be seen, no body is an empty value.
  const fillsEmpty = isLenient && field.cardinality === "singular" && field.hasPresence;
  const readNull = isLenient && field.cardinality === "singular" ? compileNull(field) : undefined;
  return (overlay, format, { body, contentType }) => {
    if (format.kind === "json") return readNull !== undefined && isNull(body!) ? readNull() : readJson(body!, overlay);
    if (format.kind === "none" && fillsEmpty)
      return taggedValue(field, message === undefined ? zeroPayload(field) : encodeOverlay(overlay ?? nothing));
    if (format.kind !== "protobuf" && format.kind !== "raw") return emptyBytes;
    if (message === undefined) throw needsMessage(field, "a protobuf");
    const isRaw = format.kind === "raw";
    const content = isRaw ? rawBody(body, contentType) : body!;
    return taggedValue(
      field,
      weaveProto(message, content, overlay ?? nothing, isRaw ? "override" : options.json.boundFields),
    );
  };
}

function isNull(body: Buffer): boolean {
  return body.length < 64 && body.toString().trim() === "null";
}

/** What `null` is to grpc-gateway as the whole of a field's body: wrong for a message, the zero value in a oneof. */
function compileNull(field: Field): (() => Uint8Array) | undefined {
  const { type } = field;
  if (type.kind === "message" && !hasOwnJsonForm(type.message.name)) {
    return () => {
      throw GatewayError.invalidField(
        field.jsonName,
        "expected an object, found null; send no body or {}",
        "VALUE_INVALID",
      );
    };
  }
  return type.kind === "scalar" && field.oneof !== undefined ? () => taggedValue(field, zeroPayload(field)) : undefined;
}

function zeroPayload({ type }: Field): Uint8Array {
  const sizes: Readonly<Record<number, number>> = {
    [WireType.VARINT]: 1,
    [WireType.FIXED32]: 4,
    [WireType.FIXED64]: 8,
  };
  return new Uint8Array(sizes[wireTypeOfValue(type)] ?? 0);
}

export function compileFieldBody(
  { input, parents, field }: BodyField,
  schema: Schema,
  options: RequestOptions,
): RequestBody {
  const message = messageOf(field);
  const read = compileField(field, schema, options);
  const formatOf = compileFormat(message !== undefined && isHttpBody(message), options);
  const fillMask = compileMaskFilling(input, field, options);
  const bound: BoundFields = options.json.boundFields;
  return {
    isJson: (parts) => parents.length === 0 && parts.method !== "PATCH" && formatOf(parts) === jsonBody,
    readJson: (parts) => read(undefined, jsonBody, parts),
    formatOf,
    bindForm: (binder, { root, violations }, format, { body }) => {
      if (format.kind !== "form" && format.kind !== "multipart") return;
      if (message === undefined || hasOwnJsonForm(message.name)) throw needsMessage(field, "a form");
      let target = root;
      for (const parent of [...parents, field]) target = draftBelow(target, parent)!;
      bindForm(binder, { root: target, bodyPath: [], violations }, body!, format);
    },
    weave: (root, format, parts) => {
      const overlay = finishDraft(root);
      const around = nodeAt(overlay, parents);
      const own = around?.get(field);
      const content = read(own?.kind === "node" ? own.node : undefined, format, parts);
      const isContradicted = content.length > 0 && contradicts(field, around, bound);
      if (own?.kind === "value") refuseUnlessSame(field, own, content, bound);
      else if (content.length > 0 && !isContradicted)
        parents.reduce(overlayBelow, overlay).set(field, { kind: "value", wire: content, text: "", source: "query" });
      if (parts.method === "PATCH") fillMask(root, overlay, format, parts.body);
      return encodeOverlay(overlay);
    },
  };
}

function nodeAt(overlay: Overlay, parents: readonly Field[]): Overlay | undefined {
  let node: Overlay | undefined = overlay;
  for (const parent of parents) {
    const entry: OverlayEntry | undefined = node?.get(parent);
    node = entry?.kind === "node" ? entry.node : undefined;
  }
  return node;
}

function overlayBelow(overlay: Overlay, field: Field): Overlay {
  const entry = overlay.get(field);
  if (entry?.kind === "node") return entry.node;
  const node: Overlay = new Map();
  overlay.set(field, { kind: "node", node });
  return node;
}

function needsMessage(field: Field, what: string): GatewayError {
  return new GatewayError(
    Code.INVALID_ARGUMENT,
    `${what} body needs a message to fill, and "${field.jsonName}" is not one; send application/json`,
    {
      reason: "CONTENT_TYPE_UNSUPPORTED",
      httpStatus: 415,
    },
  );
}

/** Whether path or query set another member of the oneof that the body's field is in: refused, or (grpc-gateway, for the path) the body loses. */
function contradicts(field: Field, around: Overlay | undefined, bound: BoundFields): boolean {
  const other = field.oneof?.fields.find((member) => member !== field && around?.has(member));
  if (other === undefined) return false;
  const entry = around?.get(other);
  if (bound === "override" && !(entry?.kind === "value" && entry.source === "query")) return true;
  throw GatewayError.invalidField(
    field.jsonName,
    `"${other.jsonName}" of the same oneof is set already; send no body`,
    "ONEOF_DUPLICATE",
  );
}

/** The path may bind the very field that the body is. */
function refuseUnlessSame(
  field: Field,
  own: { readonly wire: Uint8Array; readonly text: string },
  content: Uint8Array,
  bound: BoundFields,
): void {
  if (bound === "override" || content.length === 0 || Buffer.compare(own.wire, content) === 0) return;
  throw GatewayError.invalidField(
    field.jsonName,
    `the path already sets this field to ${JSON.stringify(own.text.slice(0, 64))}; send no body or the same value`,
    "FIELD_BOUND",
  );
}
