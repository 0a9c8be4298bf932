// PATCH without a field mask: the mask is what the client sent, read off the keys of the JSON body.
import type { Field, MessageType } from "../../schema/descriptor.ts";
import { GatewayError } from "../../status.ts";
import { JsonCursor } from "../json/json-cursor.ts";
import { encodeOverlay, type Overlay, type OverlayEntry } from "./overlay.ts";
import type { DraftNode } from "./overlay-draft.ts";
import type { RequestOptions } from "./request-options.ts";
import { emptyBytes, taggedValue } from "../wire/field-wire.ts";
import { hasOwnJsonForm } from "./text-messages.ts";
import { maskPayload } from "./text-well-known.ts";

interface MaskOptions {
  readonly maxDepth: number;
  /** Go into google.protobuf.Struct as well, and refuse keys that name no field. */
  readonly likeGrpcGateway: boolean;
}

/** Adds a mask to the overlay where the client sent none. Throws GatewayError (400) for a mask out of all proportion. */
export type FillMask = (
  root: DraftNode,
  overlay: Overlay,
  format: { readonly kind: string },
  body: Uint8Array | undefined,
) => void;

/** For a PATCH whose body is one field. Does nothing where there is no mask field, or the body's field is not an ordinary message. */
export function compileMaskFilling(input: MessageType, bodyField: Field, options: RequestOptions): FillMask {
  const { type } = bodyField;
  const maskField = findMaskField(input, bodyField);
  const isMessage =
    type.kind === "message" && bodyField.cardinality === "singular" && !hasOwnJsonForm(type.message.name);
  if (maskField === undefined || !isMessage) return () => {};
  const { message } = type;
  const emptyMask = taggedValue(maskField, emptyBytes);
  const maskOptions: MaskOptions = {
    maxDepth: options.json.maxDepth,
    likeGrpcGateway: options.profile === "grpc-gateway",
  };
  return (root, overlay, format, body) => {
    if (!isEmptyMask(overlay.get(maskField), emptyMask)) {
      // grpc-gateway makes the mask before it looks at the query, and fails where it cannot.
      if (maskOptions.likeGrpcGateway && format.kind === "json") toMaskPaths(body!, message, maskOptions);
      return;
    }
    let paths: readonly string[] = [];
    const draft = bodyField.parent === input ? root.entries.get(bodyField) : undefined;
    if (format.kind === "json" && body !== undefined) paths = toMaskPaths(body, message, maskOptions);
    else if (format.kind !== "protobuf" && draft?.kind === "node") paths = toFormMaskPaths(draft);
    if (paths.length > 0 || (maskOptions.likeGrpcGateway && !overlay.has(maskField)))
      overlay.set(maskField, {
        kind: "value",
        wire: taggedValue(maskField, maskPayload(paths)),
        text: paths.join(","),
        source: "query",
      });
  };
}

function isEmptyMask(entry: OverlayEntry | undefined, emptyMask: Uint8Array): boolean {
  if (entry === undefined) return true;
  return entry.kind === "node" ? encodeOverlay(entry.node).length === 0 : entry.wire.length <= emptyMask.length;
}

/** The field to fill: the only google.protobuf.FieldMask of the request, singular, and not the body itself. */
function findMaskField(input: MessageType, body: Field): Field | undefined {
  const masks = input.fields.filter(
    (field) => field.type.kind === "message" && field.type.message.name === "google.protobuf.FieldMask",
  );
  const [mask] = masks;
  return masks.length === 1 && mask.cardinality === "singular" && mask !== body ? mask : undefined;
}

/**
 * The paths of a JSON text that was read as `type` without a fault: proto names, sorted. A path ends at scalars, lists,
 * maps, well-known types, `null` and empty objects.
 */
export function toMaskPaths(json: Uint8Array, type: MessageType, options: MaskOptions): string[] {
  const cursor = new JsonCursor(json);
  const paths: string[] = [];
  if (cursor.peek() === OPEN_BRACE) walkObject({ cursor, paths, options, length: 0 }, type, "", 1);
  return paths.sort();
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/** Of all paths together: nested keys repeat their prefixes, so a mask can be far larger than its JSON. */
const maxMaskLength = 65_536;

interface Walk {
  readonly cursor: JsonCursor;
  readonly paths: string[];
  readonly options: MaskOptions;
  length: number;
}

function addPath(walk: Walk, path: string): void {
  walk.length += path.length;
  if (walk.length > maxMaskLength)
    throw GatewayError.invalidField(
      "",
      "the body has too many fields to make an update mask of; send the mask",
      "UPDATE_MASK_TOO_LARGE",
    );
  walk.paths.push(path);
}

/** `type` undefined: keys as they are. The cursor stands at the opening brace. */
function walkObject(walk: Walk, type: MessageType | undefined, prefix: string, depth: number): void {
  const { cursor, options } = walk;
  if (depth > options.maxDepth)
    throw GatewayError.invalidField("", `nested deeper than ${options.maxDepth} levels`, "DEPTH_EXCEEDED");
  cursor.pos++;
  while (cursor.peek() === QUOTE) {
    const key = readKey(cursor);
    cursor.peek();
    cursor.pos++;
    walkMember(walk, type, { key, prefix, depth });
    if (cursor.peek() === COMMA) cursor.pos++;
  }
  cursor.pos++;
}

interface Member {
  readonly key: string;
  readonly prefix: string;
  readonly depth: number;
}

function walkMember(walk: Walk, type: MessageType | undefined, member: Member): void {
  const { cursor, paths, options } = walk;
  const { key, prefix, depth } = member;
  const field = type?.field(key);
  if (type !== undefined && field === undefined) {
    if (options.likeGrpcGateway)
      throw GatewayError.invalidField(
        prefix + key,
        `${type.name} has no field "${key.slice(0, 64)}", so no update mask can be made of the body`,
        "FIELD_UNKNOWN",
      );
    skipValue(cursor);
    return;
  }
  const path = prefix + (field?.protoName ?? key);
  const below = field === undefined ? "keys" : pathsBelow(field, options);
  const isObject = cursor.peek() === OPEN_BRACE;
  const count = paths.length;
  if (isObject && below !== "none") walkObject(walk, below === "keys" ? undefined : below, `${path}.`, depth + 1);
  else skipValue(cursor);
  // Nothing below, or nothing but unknown keys: the field itself was sent. Of a Struct an empty object leaves no path.
  if (paths.length === count && !(isObject && below === "keys")) addPath(walk, path);
}

/** What the keys of a field's JSON object are. */
function pathsBelow(field: Field, options: MaskOptions): MessageType | "keys" | "none" {
  if (field.cardinality !== "singular" || field.type.kind !== "message") return "none";
  const { message } = field.type;
  const isDynamic = message.name === "google.protobuf.Struct" || message.name === "google.protobuf.Value";
  if (isDynamic && options.likeGrpcGateway) return "keys";
  return hasOwnJsonForm(message.name) ? "none" : message;
}

function readKey(cursor: JsonCursor): string {
  const start = cursor.pos;
  skipString(cursor);
  const text = Buffer.from(cursor.bytes.subarray(start, cursor.pos)).toString();
  return text.includes("\\") ? String(JSON.parse(text)) : text.slice(1, -1);
}

function skipString(cursor: JsonCursor): void {
  const { bytes, end } = cursor;
  let at = cursor.pos + 1;
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  cursor.pos = at + 1;
}

/** Steps over a value of valid JSON: to the comma or brace after it. */
function skipValue(cursor: JsonCursor): void {
  const { bytes, end } = cursor;
  let open = 0;
  for (let byte = cursor.peek(); cursor.pos < end; byte = bytes[cursor.pos]) {
    if (byte === QUOTE) {
      skipString(cursor);
      continue;
    }
    if (open === 0 && (byte === COMMA || byte === CLOSE_BRACE)) return;
    if (byte === OPEN_BRACE || byte === 0x5b) open++;
    else if (byte === CLOSE_BRACE || byte === 0x5d) open--;
    cursor.pos++;
  }
}

/** The same for a form: the fields its names set, but not what the path set. */
function toFormMaskPaths(node: DraftNode): string[] {
  const paths: string[] = [];
  collectForm(node, "", paths);
  return paths.sort();
}

function collectForm(node: DraftNode, prefix: string, paths: string[]): void {
  for (const [field, entry] of node.entries) {
    const path = prefix + field.protoName;
    if (entry.kind === "node") collectForm(entry, `${path}.`, paths);
    else if (entry.source === "query") paths.push(path);
  }
}
