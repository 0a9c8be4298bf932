// `?$fields=id,lines.product`: which fields of a reply the client wants, as a tree the writers walk along with the message.
import { didYouMean } from "../../diagnostic.ts";
import type { Field, MessageType } from "../../schema/descriptor.ts";
import { Code, type FieldViolation, GatewayError } from "../../status.ts";
import { concatBytes, taggedRange } from "../wire/field-wire.ts";
import { hasOwnJsonForm } from "../request/text-messages.ts";
import { maxWireDepth, malformed, WireReader, WireType } from "../wire/wire-reader.ts";

/** The fields to keep of one message; `undefined` keeps everything below a field. */
export type PartialMask = ReadonlyMap<Field, PartialMask | undefined>;

type MaskDraft = Map<Field, MaskDraft | undefined>;

const maxPaths = 100;
const maxTextLength = 8192;
const maxPathDepth = 32;

/**
 * Paths in proto or JSON spelling, separated by commas, through repeated fields and map values into their messages.
 * A path names everything below it. Throws GatewayError (400) with one violation per bad path.
 */
export function parsePartial(type: MessageType, text: string): PartialMask {
  if (text.length > maxTextLength) throw refuse([tooMany(`must be shorter than ${maxTextLength} characters`)]);
  const paths = text.split(",");
  if (paths.length > maxPaths) throw refuse([tooMany(`must name at most ${maxPaths} paths, not ${paths.length}`)]);
  const mask: MaskDraft = new Map();
  const violations: FieldViolation[] = [];
  for (const path of paths) {
    const violation = addPath(mask, type, path.trim());
    if (violation !== undefined) violations.push(violation);
  }
  if (violations.length > 0) throw refuse(violations);
  return mask;
}

function refuse(violations: readonly FieldViolation[]): GatewayError {
  const [{ description, reason }] = violations;
  return new GatewayError(Code.INVALID_ARGUMENT, `$fields: ${description}`, { reason, violations });
}

function tooMany(description: string): FieldViolation {
  return { field: "$fields", description, reason: "FIELDS_TOO_MANY" };
}

function unknown(description: string): FieldViolation {
  return { field: "$fields", description, reason: "FIELD_UNKNOWN" };
}

function addPath(root: MaskDraft, rootType: MessageType, path: string): FieldViolation | undefined {
  if (path === "") return unknown("a path is empty; name fields of the reply, separated by commas");
  const names = path.split(".", maxPathDepth + 1);
  if (names.length > maxPathDepth) return tooMany(`a path must be at most ${maxPathDepth} fields deep`);
  let mask = root;
  let type = rootType;
  for (const [index, name] of names.entries()) {
    const field = type.field(name);
    if (field === undefined) return unknownName(path, name, type);
    if (index === names.length - 1) {
      mask.set(field, undefined);
      return undefined;
    }
    const below = messageBelow(field);
    if (below === undefined) return unknown(`"${path}": "${name}" has no fields of its own; end the path there`);
    // A shorter path already keeps everything here; the rest is still checked, for a typo is a typo.
    let next: MaskDraft | undefined = mask.get(field);
    if (next === undefined) {
      next = new Map();
      if (!mask.has(field)) mask.set(field, next);
    }
    mask = next;
    type = below;
  }
  return undefined;
}

function unknownName(path: string, name: string, type: MessageType): FieldViolation {
  const shown = path.length > 80 ? `${path.slice(0, 80)}…` : path;
  const hint = didYouMean(
    name,
    type.fields.map((field) => field.jsonName),
  );
  const short = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return unknown(`"${shown}": ${type.name} has no field "${short}"${hint === undefined ? "" : `; ${hint}`}`);
}

/** Messages with a JSON form of their own are kept or left as a whole. */
function messageBelow(field: Field): MessageType | undefined {
  if (field.type.kind !== "message") return undefined;
  const { message } = field.type;
  if (field.cardinality === "map") {
    const value = message.fields.find((entryField) => entryField.number === 2);
    return value === undefined ? undefined : messageBelow(value);
  }
  return hasOwnJsonForm(message.name) ? undefined : message;
}

/** The same selection on protobuf bytes, for clients that take `application/x-protobuf`. */
export function keepPartial(message: Uint8Array, mask: PartialMask): Uint8Array {
  return keepFields(message, mask, 0);
}

function keepFields(message: Uint8Array, mask: PartialMask, depth: number): Uint8Array {
  if (depth > maxWireDepth) throw malformed("nested too deep");
  const byNumber = new Map([...mask].map(([field, below]) => [field.number, { field, below }] as const));
  const reader = new WireReader(message, 0, message.length);
  const kept: Uint8Array[] = [];
  while (reader.pos < reader.end) {
    const start = reader.pos;
    const tag = reader.tag();
    const valueStart = reader.pos;
    reader.skip(tag);
    const entry = byNumber.get(tag >>> 3);
    if (entry === undefined) continue;
    const whole = message.subarray(start, reader.pos);
    if (entry.below === undefined) kept.push(whole);
    else
      kept.push(
        keepBelow(whole, { field: entry.field, mask: entry.below, tag, valueStart: valueStart - start }, depth),
      );
  }
  return concatBytes(kept);
}

interface KeptValue {
  readonly field: Field;
  readonly mask: PartialMask;
  readonly tag: number;
  /** Where in the tagged bytes the value starts. */
  readonly valueStart: number;
}

function keepBelow(whole: Uint8Array, kept: KeptValue, depth: number): Uint8Array {
  const { field, mask, tag, valueStart } = kept;
  const isGroup = (tag & 7) === WireType.START_GROUP;
  if (!isGroup && (tag & 7) !== WireType.LENGTH) return whole;
  const reader = new WireReader(whole, valueStart, whole.length);
  const end = isGroup ? reader.groupEnd(tag >>> 3) : reader.lengthEnd();
  const content = whole.subarray(isGroup ? valueStart : reader.pos, end);
  if (field.cardinality !== "map") return taggedRange(tag, keepFields(content, mask, depth + 1));
  // An entry keeps its key; the mask is of its value.
  const [keyField, valueField] = field.type.kind === "message" ? field.type.message.fields : [];
  const entryMask: PartialMask = new Map([
    [keyField, undefined],
    [valueField, mask],
  ]);
  return taggedRange(tag, keepFields(content, entryMask, depth + 1));
}
