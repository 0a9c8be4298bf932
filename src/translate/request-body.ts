// The body of a request, in any of its formats, and what path and query bound → the message's bytes.
import type { Binding } from "../schema/binding.ts";
import type { Field, MessageType, Schema } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { bindForm } from "./form-body.ts";
import { isHttpBody, toHttpBody } from "./http-body.ts";
import { compileFieldReader, compileJsonReader } from "./json-reader.ts";
import { encodeOverlay, type Overlay, type OverlayEntry } from "./overlay.ts";
import { draftBelow, type DraftNode, finishDraft } from "./overlay-draft.ts";
import { type BoundFields, weaveProto } from "./proto-body.ts";
import type { Binder, Bound } from "./query-binder.ts";
import { type BodyFormat, parseMediaType, toBodyFormat } from "./request-media-type.ts";
import type { RequestOptions, RequestParts } from "./request-options.ts";
import { emptyBytes, taggedValue } from "./request-wire.ts";
import { hasOwnJsonForm } from "./text-messages.ts";
import { compileMaskFilling } from "./update-mask.ts";

/** `raw`: the body as it is, for google.api.HttpBody. `none`: no body, or an empty one. */
export type RequestFormat = BodyFormat | { readonly kind: "raw" } | { readonly kind: "none" };

export interface RequestBody {
  /** JSON and nothing to fill in: `readJson` may be called at once. */
  readonly isJson: (parts: RequestParts) => boolean;
  readonly readJson: (parts: RequestParts) => Uint8Array;
  /** Throws GatewayError 415. */
  readonly formatOf: (parts: RequestParts) => RequestFormat;
  /** Binds a form's fields like a query; nothing for other formats. */
  readonly bindForm: (binder: Binder, bound: Bound, format: RequestFormat, parts: RequestParts) => void;
  readonly weave: (root: DraftNode, format: RequestFormat, parts: RequestParts) => Uint8Array;
}

export function compileBody(binding: Binding, schema: Schema, options: RequestOptions): RequestBody {
  if (binding.body.kind === "none") return compileNoBody(options);
  if (binding.body.kind === "all") return compileWholeBody(binding.method.input, schema, options);
  return compileFieldBody({ input: binding.method.input, parents: binding.body.parents ?? [], field: binding.body.field }, schema, options);
}

interface BodyField {
  readonly input: MessageType;
  readonly parents: readonly Field[];
  readonly field: Field;
}

const none: RequestFormat = { kind: "none" };
const json: RequestFormat = { kind: "json" };
const raw: RequestFormat = { kind: "raw" };

/** grpc-gateway reads urlencoded forms of a rule without a body, as Go's Request.ParseForm does. */
function compileNoBody(options: RequestOptions): RequestBody {
  const readsForms = options.profile === "grpc-gateway";
  return {
    isJson: () => false,
    readJson: () => emptyBytes,
    formatOf: ({ body, contentType }) => {
      const isForm = readsForms && isFilled(body) && contentType !== undefined && parseMediaType(contentType)?.essence === "application/x-www-form-urlencoded";
      return isForm ? { kind: "form" } : none;
    },
    bindForm: (binder, bound, format, { body, method }) => {
      if (format.kind === "form" && (method === "POST" || method === "PUT" || method === "PATCH")) bindForm(binder, bound, body!, format);
    },
    weave: (root) => encodeOverlay(finishDraft(root)),
  };
}

function compileWholeBody(input: MessageType, schema: Schema, options: RequestOptions): RequestBody {
  const read = compileJsonReader(input, schema, options.json);
  const formatOf = compileFormat(isHttpBody(input), options);
  const bound: BoundFields = options.json.boundFields;
  return {
    isJson: (parts) => formatOf(parts) === json,
    readJson: ({ body }) => read(body!),
    formatOf,
    bindForm: (binder, target, format, { body }) => {
      if (format.kind === "form" || format.kind === "multipart") bindForm(binder, target, body!, format);
    },
    weave: (root, format, { body, contentType }) => {
      const overlay = finishDraft(root);
      if (format.kind === "json") return read(body!, overlay.size === 0 ? undefined : overlay);
      if (format.kind === "protobuf") return weaveProto(input, body!, overlay, bound);
      if (format.kind === "raw") return weaveProto(input, rawBody(body, contentType), overlay, "override");
      return encodeOverlay(overlay);
    },
  };
}

function compileFieldBody({ input, parents, field }: BodyField, schema: Schema, options: RequestOptions): RequestBody {
  const message = field.type.kind === "message" && field.cardinality === "singular" ? field.type.message : undefined;
  const readField = compileFieldReader(field, schema, options.json);
  const formatOf = compileFormat(message !== undefined && isHttpBody(message), options);
  const fillMask = compileMaskFilling(input, field, options);
  const bound: BoundFields = options.json.boundFields;

  const readBody = (overlay: Overlay | undefined, format: RequestFormat, { body, contentType }: RequestParts): Uint8Array => {
    if (format.kind === "json") return readField(body!, overlay);
    if (format.kind === "raw") return taggedValue(field, weaveProto(message!, rawBody(body, contentType), overlay ?? new Map(), "override"));
    if (format.kind !== "protobuf") return emptyBytes;
    if (message === undefined) throw needsMessage(field, "A protobuf");
    return taggedValue(field, weaveProto(message, body!, overlay ?? new Map(), bound));
  };

  return {
    isJson: (parts) => parents.length === 0 && parts.method !== "PATCH" && formatOf(parts) === json,
    readJson: ({ body }) => readField(body!),
    formatOf,
    bindForm: (binder, { root, violations }, format, { body }) => {
      if (format.kind !== "form" && format.kind !== "multipart") return;
      if (message === undefined || hasOwnJsonForm(message.name)) throw needsMessage(field, "A form");
      let target = root;
      for (const parent of [...parents, field]) target = draftBelow(target, parent)!;
      bindForm(binder, { root: target, bodyPath: [], violations }, body!, format);
    },
    weave: (root, format, parts) => {
      const overlay = finishDraft(root);
      const around = nodeAt(overlay, parents);
      const own = around?.get(field);
      const content = readBody(own?.kind === "node" ? own.node : undefined, format, parts);
      const isContradicted = content.length > 0 && contradicts(field, around, bound);
      if (own?.kind === "value") refuseUnlessSame(field, own, content, bound);
      else if (content.length > 0 && !isContradicted) parents.reduce(overlayBelow, overlay).set(field, { kind: "value", wire: content, text: "", source: "query" });
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

function compileFormat(isRaw: boolean, options: RequestOptions): (parts: RequestParts) => RequestFormat {
  const readsOnlyJson = options.profile === "grpc-gateway";
  return ({ body, contentType }) => {
    if (isRaw && !(readsOnlyJson && isTakenForJson(contentType))) return isFilled(body) || contentType !== undefined ? raw : none;
    if (!isFilled(body)) return none;
    if (!readsOnlyJson) {
      const format = toBodyFormat(contentType);
      return format.kind === "json" ? json : format;
    }
    return isBlank(body) ? none : json;
  };
}

function isFilled(body: Buffer | undefined): body is Buffer {
  return body !== undefined && body.length > 0;
}

/** Go's decoder reports white space as the end of the input, which grpc-gateway forgives. */
function isBlank(body: Buffer): boolean {
  return body[0] <= 0x20 && body.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** curl says urlencoded for what its users mean as JSON. */
function isTakenForJson(contentType: string | undefined): boolean {
  if (contentType === undefined) return true;
  const essence = parseMediaType(contentType)?.essence;
  return essence === "application/json" || essence === "application/x-www-form-urlencoded";
}

function rawBody(body: Buffer | undefined, contentType: string | undefined): Uint8Array {
  if (contentType !== undefined && parseMediaType(contentType) === undefined) {
    throw new GatewayError(Code.INVALID_ARGUMENT, "Content-Type is not a valid media type", { reason: "CONTENT_TYPE_UNSUPPORTED", httpStatus: 415 });
  }
  return toHttpBody(contentType ?? "", body ?? emptyBytes);
}

function needsMessage(field: Field, what: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `${what} body needs a message to fill, and "${field.jsonName}" is not one; send application/json`, {
    reason: "CONTENT_TYPE_UNSUPPORTED",
    httpStatus: 415,
  });
}

/** Whether path or query set another member of the oneof that the body's field is in: refused, or (grpc-gateway) the body loses. */
function contradicts(field: Field, around: Overlay | undefined, bound: BoundFields): boolean {
  const other = field.oneof?.fields.find((member) => member !== field && around?.has(member));
  if (other === undefined) return false;
  if (bound === "override") return true;
  throw GatewayError.invalidField(field.jsonName, `"${other.jsonName}" of the same oneof is set already; send no body`, "ONEOF_DUPLICATE");
}

/** The path may bind the very field that the body is. */
function refuseUnlessSame(field: Field, own: { readonly wire: Uint8Array; readonly text: string }, content: Uint8Array, bound: BoundFields): void {
  if (bound === "override" || content.length === 0 || Buffer.compare(own.wire, content) === 0) return;
  throw GatewayError.invalidField(field.jsonName, `the path already sets this field to ${JSON.stringify(own.text.slice(0, 64))}; send no body or the same value`, "FIELD_BOUND");
}
