// From a message and a binding to what goes where: path, query, body.
import { isWellKnown } from "./sample.js";
import { fieldOf } from "./schema.js";
import { compactJson, membersOf, withoutPath } from "./json-text.js";

/**
 * `verb`, `path` with its query, `body` as JSON text (undefined for none), and `problems`: what of the message has no place. The
 * text must be JSON.
 */
export function toRequest(api, method, binding, text) {
  const request = JSON.parse(text);
  const problems = [];
  const path = binding.parts
    .map((part) => (typeof part === "string" ? part : fillPart(part, valueAt(api, method, request, part), problems)))
    .join("");
  const verb = binding.verb === "*" ? (binding.body === undefined ? "GET" : "POST") : binding.verb;
  const rest = withoutCaptures(api, method, binding, text);
  const query = binding.body === "*" ? "" : toQuery(api, method.input, restOfQuery(rest, binding), problems);
  return { verb, path: query === "" ? path : `${path}?${query}`, body: toBody(binding, rest), problems };
}

/** What a later message of a stream is: its body alone. */
export function toLaterBody(api, method, binding, text) {
  if (binding.body === undefined) return compactJson(text);
  return toBody(binding, withoutCaptures(api, method, binding, text)) ?? "{}";
}

/** Fields that the path fills must not stand elsewhere. */
function withoutCaptures(api, method, binding, text) {
  let rest = compactJson(text);
  for (const part of binding.parts) {
    if (typeof part === "string" || part.field.length === 0) continue;
    rest = withoutPath(rest, namesOf(api, method.input, part.field));
  }
  return rest;
}

/** Both spellings of each step of a field path. */
function namesOf(api, typeName, path) {
  let type = typeName;
  return path.map((name) => {
    const field = fieldOf(api, type, name);
    type = field?.type.name;
    return [name, field?.protoName ?? name];
  });
}

function toBody({ body }, rest) {
  if (body === undefined) return undefined;
  if (body === "*") return rest;
  return membersOf(rest).find(([key]) => key === body)?.[1];
}

function restOfQuery(rest, { body }) {
  const value = JSON.parse(rest);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== body));
}

/** Of a field path, whichever way the message spells it. */
function valueAt(api, method, request, { field }) {
  return namesOf(api, method.input, field).reduce(
    (message, [name, protoName]) => message?.[name] ?? message?.[protoName],
    request,
  );
}

function fillPart({ field, pattern }, value, problems) {
  const isMany = pattern.includes("/") || pattern.includes("**");
  const encode = (text) =>
    isMany ? String(text).split("/").map(encodeSegment).join("/") : encodeSegment(String(text));
  if (field.length === 0) return pattern.replaceAll(/\*\*?/g, "1");
  if (value !== undefined && value !== null && value !== "") return encode(value);
  problems.push(`the path needs ${field.join(".")}`);
  return encode(pattern.replaceAll(/\*\*?/g, `{${field.join(".")}}`));
}

function encodeSegment(text) {
  return encodeURIComponent(text).replaceAll(/%(3A|40|24|2C|2B|3B|3D|7B|7D)/g, decodeURIComponent);
}

function toQuery(api, typeName, message, problems) {
  const pairs = [];
  addMessage({ api, problems, pairs }, typeName, message, "");
  return pairs.map(([name, value]) => `${encodeName(name)}=${encodeName(value)}`).join("&");
}

function addMessage(context, typeName, message, prefix) {
  for (const [name, value] of Object.entries(message)) {
    const field = fieldOf(context.api, typeName, name);
    const path = `${prefix}${name}`;
    if (value === null) continue;
    if (field?.mapKey !== undefined && typeof value === "object")
      for (const [key, inner] of Object.entries(value)) addValue(context, field, inner, `${path}[${key}]`);
    else if (Array.isArray(value)) for (const inner of value) addValue(context, field, inner, path);
    else addValue(context, field, value, path);
  }
}

function addValue(context, field, value, path) {
  const { pairs, problems } = context;
  const type = field?.type;
  if (type?.name === "google.protobuf.Struct" || type?.name === "google.protobuf.Value")
    pairs.push([path, JSON.stringify(value)]);
  else if (typeof value !== "object" || value === null) pairs.push([path, String(value)]);
  else if (field?.repeated || field?.mapKey !== undefined || type?.kind !== "message" || isWellKnown(type.name))
    problems.push(`${path} has no form in a query`);
  else addMessage(context, type.name, value, `${path}.`);
}

/** What a query may hold as it is stays readable. */
function encodeName(text) {
  return encodeURIComponent(text).replaceAll(/%(3A|2F|40|24|2C|5B|5D)/g, decodeURIComponent);
}
