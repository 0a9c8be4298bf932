// Requests made up from their types: something that a server is likely to understand, to begin with.
import { fieldOf } from "./schema.js";

const maxDepth = 4;
const maxFields = 12;

/** Their JSON is no object of their fields. Undefined: left out of samples. */
const wellKnown = new Map([
  ["google.protobuf.Timestamp", "2026-01-02T03:04:05Z"],
  ["google.protobuf.Duration", "1.500s"],
  ["google.protobuf.FieldMask", undefined],
  ["google.protobuf.Any", undefined],
  ["google.protobuf.Empty", {}],
  ["google.protobuf.Struct", { key: "value" }],
  ["google.protobuf.Value", "value"],
  ["google.protobuf.ListValue", ["value"]],
  ["google.protobuf.StringValue", "text"],
  ["google.protobuf.BytesValue", "AQID"],
  ["google.protobuf.BoolValue", true],
  ["google.protobuf.Int32Value", 1],
  ["google.protobuf.UInt32Value", 1],
  ["google.protobuf.Int64Value", "1"],
  ["google.protobuf.UInt64Value", "1"],
  ["google.protobuf.FloatValue", 1.5],
  ["google.protobuf.DoubleValue", 1.5],
  ["google.api.HttpBody", { contentType: "text/plain", data: "aGVsbG8=" }],
]);

export function isWellKnown(typeName) {
  return wellKnown.has(typeName);
}

/** HttpBody has a sample of its own, and is an object all the same. */
export function hasOwnJson(typeName) {
  return isWellKnown(typeName) && typeName !== "google.api.HttpBody";
}

/**
 * `all`: every field that a client may set, one of each oneof. Otherwise only what is required, what the path needs, and
 * of a stream's message what its body has.
 */
export function sampleRequest(api, method, binding, all) {
  if (isWellKnown(method.input)) return wellKnown.get(method.input) ?? {};
  const request = sampleMessage(api, method.input, { all, seen: [], without: [method.resumeFrom] });
  for (const part of binding?.parts ?? [])
    if (typeof part !== "string" && part.field.length > 0) fillPath(api, method.input, request, part);
  return request;
}

/** A value for one field, as the list of fields offers it: an empty one where samples would leave it out. */
export function sampleField(api, typeName, field) {
  const context = { all: true, seen: [typeName], without: [], siblings: siblingsOf(api, typeName) };
  const value = sampleValue(api, field, context);
  if (value !== undefined) return value;
  return toCardinality(field, field.type.name === "google.protobuf.FieldMask" ? "" : {});
}

function fillPath(api, typeName, request, { field: path, pattern }) {
  let [message, type] = [request, typeName];
  path.forEach((name, index) => {
    const field = fieldOf(api, type, name);
    if (index < path.length - 1) {
      message[name] ??= {};
      message = message[name];
      type = field?.type.name;
    } else if (pattern !== "*") message[name] = pattern.replaceAll(/\*\*?/g, "1");
    else if (message[name] === undefined || message[name] === "text") message[name] = samplePathValue(api, type, field);
  });
}

function samplePathValue(api, typeName, field) {
  const value = field === undefined ? "1" : sampleField(api, typeName, field);
  return value === "text" ? "1" : value;
}

function sampleMessage(api, typeName, context) {
  const message = {};
  const oneofs = new Set();
  const inner = { ...context, seen: [...context.seen, typeName], siblings: siblingsOf(api, typeName) };
  for (const field of api.messages[typeName]?.fields ?? []) {
    if (Object.keys(message).length >= maxFields) break;
    const isWanted = context.all || field.required;
    const isTaken = field.oneof !== undefined && oneofs.has(field.oneof);
    if (!isWanted || isTaken || field.output || field.deprecated || context.without.includes(field.name)) continue;
    const value = sampleValue(api, field, inner);
    if (value === undefined) continue;
    if (field.oneof !== undefined) oneofs.add(field.oneof);
    message[field.name] = value;
  }
  return message;
}

function siblingsOf(api, typeName) {
  return (api.messages[typeName]?.fields ?? []).flatMap(({ name, protoName }) => [name, protoName]);
}

function sampleValue(api, field, context) {
  const value = sampleOne(api, field, context);
  return value === undefined ? undefined : toCardinality(field, value);
}

function toCardinality({ mapKey, repeated }, value) {
  if (mapKey !== undefined) return { [String(sampleScalar(mapKey))]: value };
  return repeated ? [value] : value;
}

function sampleOne(api, { type, comment }, context) {
  if (type.kind === "enum") return sampleEnum(api.enums[type.name]);
  if (type.kind === "scalar")
    return (type.name === "string" ? suggestionIn(comment, context.siblings) : undefined) ?? sampleScalar(type.name);
  if (wellKnown.has(type.name)) return wellKnown.get(type.name);
  if (context.seen.includes(type.name) || context.seen.length >= maxDepth) return undefined;
  return sampleMessage(api, type.name, { ...context, without: [] });
}

/** What a comment quotes first, as in "`TEA` or `INK`", unless it is the name of another field. */
function suggestionIn(comment, siblings) {
  const quoted = /`([^`]+)`/.exec(comment ?? "")?.[1];
  return quoted !== undefined && /^[\w./:-]{1,60}$/.test(quoted) && !siblings.includes(quoted) ? quoted : undefined;
}

function sampleScalar(scalar) {
  if (scalar === "string") return "text";
  if (scalar === "bytes") return "AQID";
  if (scalar === "bool") return true;
  if (scalar === "double" || scalar === "float") return 1.5;
  return scalar.includes("64") ? "1" : 1;
}

/** The first name that means something: zero is "unspecified" by convention. */
function sampleEnum(type) {
  if (type === undefined) return 1;
  return type.values[1] ?? type.values[0] ?? null;
}
