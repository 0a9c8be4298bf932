// The fields of the request: what they are, and a button that puts each into the message.
import { byId, element, toRichText } from "./element.js";
import { fromMembers, indentJson, membersOf, problemOf } from "./json-text.js";
import { hasOwnJson, isWellKnown, sampleField } from "./sample.js";

const maxDepth = 6;

export function showFields(api, typeName, onInsert) {
  byId("fields-of").textContent = typeName;
  byId("fields").replaceChildren(toList(api, typeName, [], onInsert));
}

function toList(api, typeName, path, onInsert) {
  const type = api.messages[typeName];
  if (type === undefined || type.fields.length === 0)
    return element("p", { className: "quiet small" }, type === undefined ? "not described" : "no fields");
  if (hasOwnJson(typeName))
    return element("p", { className: "quiet small" }, "Its JSON is a value, not an object with these fields.");
  return element(
    "ul",
    { className: "field-list" },
    ...type.fields.map((field) => toItem(api, { typeName, field, path, onInsert })),
  );
}

function toItem(api, { typeName, field, path, onInsert }) {
  const name = element("span", { className: "mono field-name" }, field.name);
  const kind = element("span", { className: "quiet mono small" }, formatType(field));
  const marks = [
    field.required && "required",
    field.output && "set by the server",
    field.deprecated && "deprecated",
    field.oneof && `one of ${field.oneof}`,
  ];
  const notes = marks.filter(Boolean).map((mark) => element("span", { className: "mark-text" }, mark));
  const add = element(
    "button",
    { type: "button", className: "plain small", "aria-label": `Add ${field.name} to the message` },
    "Add",
  );
  add.addEventListener("click", () => onInsert([...path, field.name], sampleField(api, typeName, field)));
  const line = element(
    "div",
    { className: "row field" },
    name,
    kind,
    ...notes,
    element("span", { className: "spacer" }),
    ...(field.output ? [] : [add]),
  );
  return element("li", {}, line, ...toComment(api, field), ...toInner(api, field, path, onInsert));
}

function toComment(api, { comment, type }) {
  const values = type.kind === "enum" ? (api.enums[type.name]?.values ?? []).slice(0, 30).join(", ") : "";
  return [comment?.replaceAll(/\s*\n\s*/g, " "), values]
    .filter(Boolean)
    .map((text) => element("p", { className: "quiet small" }, ...toRichText(text)));
}

/** The fields of a message inside, once somebody wants to see them: types may contain themselves. */
function toInner(api, { name, type, repeated, mapKey }, path, onInsert) {
  if (type.kind !== "message" || isWellKnown(type.name) || path.length >= maxDepth) return [];
  if (repeated || mapKey !== undefined) return [];
  const details = element("details", {}, element("summary", { className: "small mono" }, type.name));
  details.addEventListener("toggle", () => details.append(toList(api, type.name, [...path, name], onInsert)), {
    once: true,
  });
  return [details];
}

function formatType({ type, repeated, mapKey }) {
  const name = type.name.replace(/^google\.protobuf\./, "");
  if (mapKey !== undefined) return `map<${mapKey}, ${name}>`;
  return repeated ? `repeated ${name}` : name;
}

/** The message with a value at that path, in place of what was there. Undefined where the text is no JSON. */
export function insertField(text, path, value) {
  if (problemOf(text === "" ? "{}" : text) !== undefined) return undefined;
  return indentJson(insertAt(text, path, JSON.stringify(value ?? null)));
}

function insertAt(text, [name, ...rest], value) {
  const members = membersOf(text);
  const known = members.find(([key]) => key === name);
  const inner = rest.length === 0 ? value : insertAt(known?.[1] ?? "{}", rest, value);
  if (known === undefined) members.push([name, inner]);
  else known[1] = inner;
  return fromMembers(members);
}
