// What rules in protos (buf.validate) come to in JSON Schema. What it has no words for is left out: a schema never asks for more than the rules.
import type { Field, OptionMessage, OptionValue } from "../schema/descriptor.ts";

/** Keywords whose value is undefined are left out. */
type JsonSchema = Readonly<Record<string, unknown>>;
type Rules = OptionMessage;

/** buf.validate.FieldRules */
function rulesOf(field: Field): Rules | undefined {
  return field.options.get("(buf.validate.field)") as Rules | undefined;
}

export function isRequiredByRule(field: Field): boolean {
  const rules = rulesOf(field);
  return rules?.get("required") === true && rules.get("ignore") !== "IGNORE_ALWAYS";
}

/** The schema of a field's value, of a list or a map the whole of it, with the rules of the field. */
export function withRules(field: Field, schema: JsonSchema): JsonSchema {
  const rules = rulesOf(field);
  if (rules === undefined || rules.get("ignore") === "IGNORE_ALWAYS") return schema;
  if (field.cardinality === "singular") return join(schema, ruleKeywords(rules, kindOf(field)));
  const inner = (kind: string, part: string) => (rules.get(kind) as Rules | undefined)?.get(part) as Rules | undefined;
  if (field.cardinality === "repeated") {
    const items = join(schema.items as JsonSchema, ruleKeywords(inner("repeated", "items"), kindOf(field)));
    return { ...schema, items, ...compact(listKeywords(rules)) };
  }
  const [key, value] = entryOf(field);
  // A key is text in JSON, whatever it is in protobuf.
  const names = kindOf(key) === "string" ? compact(ruleKeywords(inner("map", "keys"), "string")) : {};
  const values = join(
    schema.additionalProperties as JsonSchema,
    ruleKeywords(inner("map", "values"), value === undefined ? undefined : kindOf(value)),
  );
  return {
    ...schema,
    additionalProperties: values,
    ...(Object.keys(names).length === 0 ? {} : { propertyNames: names }),
    ...compact(mapKeywords(rules)),
  };
}

function entryOf({ type }: Field): readonly Field[] {
  if (type.kind !== "message") return [];
  return [...type.message.fields].sort((one, other) => one.number - other.number);
}

function kindOf({ type }: Field): string | undefined {
  return type.kind === "scalar" ? type.scalar : undefined;
}

/** What the type says, and what a rule says: both hold. */
function join(type: JsonSchema, rules: JsonSchema): JsonSchema {
  const own = compact(rules);
  const clashes = Object.keys(own).some((key) => key in type);
  return clashes ? { ...type, allOf: [own] } : { ...type, ...own };
}

function compact(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}

/** Formats of JSON Schema that say what a rule says. */
const formats: ReadonlyMap<string, string> = new Map([
  ["email", "email"],
  ["hostname", "hostname"],
  ["ipv4", "ipv4"],
  ["ipv6", "ipv6"],
  ["uri", "uri"],
  ["uri_ref", "uri-reference"],
  ["uuid", "uuid"],
]);

/** `rules` are buf.validate.FieldRules; `kind` is the one that fits the value. */
function ruleKeywords(rules: Rules | undefined, kind: string | undefined): JsonSchema {
  const own = kind === undefined ? undefined : (rules?.get(kind) as Rules | undefined);
  if (rules === undefined || own === undefined || rules.get("ignore") === "IGNORE_ALWAYS") return {};
  const keywords = compact(keywordsOf(kind!, own));
  if (Object.keys(keywords).length === 0 || rules.get("ignore") !== "IGNORE_IF_ZERO_VALUE") return keywords;
  return { anyOf: [{ enum: ["", 0, false, "0"] }, keywords] };
}

function keywordsOf(kind: string, own: Rules): JsonSchema {
  switch (kind) {
    case "string":
      return stringKeywords(own);
    case "bool":
      return own.has("const") ? { const: own.get("const") } : {};
    case "int32":
    case "sint32":
    case "sfixed32":
    case "uint32":
    case "fixed32":
    case "double":
      return numberKeywords(own);
    default:
      // 64-bit integers are strings in JSON, floats have other digits there, and of bytes, times and the rest it knows nothing.
      return {};
  }
}

function stringKeywords(own: Rules): JsonSchema {
  const count = (name: string) => (own.has(name) ? Number(own.get(name)) : undefined);
  const format = [...formats.keys()].find((name) => own.get(name) === true);
  const patterns = [
    own.has("pattern") ? toEcma(own.get("pattern") as string) : undefined,
    own.has("prefix") ? `^${escape(own.get("prefix") as string)}` : undefined,
    own.has("suffix") ? `${escape(own.get("suffix") as string)}$` : undefined,
    own.has("contains") ? escape(own.get("contains") as string) : undefined,
  ].filter((pattern) => pattern !== undefined);
  const refused = own.has("not_contains") ? { not: { pattern: escape(own.get("not_contains") as string) } } : undefined;
  return {
    minLength: count("len") ?? count("min_len"),
    maxLength: count("len") ?? count("max_len"),
    format: format === undefined ? undefined : formats.get(format),
    ...choiceKeywords(own, refused),
    ...(patterns.length === 1 ? { pattern: patterns[0] } : {}),
    ...(patterns.length > 1 ? { allOf: patterns.map((pattern) => ({ pattern })) } : {}),
  };
}

function numberKeywords(own: Rules): JsonSchema {
  const number = (name: string) => own.get(name) as number | undefined;
  const [gt, gte, lt, lte] = [number("gt"), number("gte"), number("lt"), number("lte")];
  const lower: JsonSchema = { exclusiveMinimum: gt, minimum: gte };
  const upper: JsonSchema = { exclusiveMaximum: lt, maximum: lte };
  const [from, to] = [gt ?? gte, lt ?? lte];
  // With the lower bound above the upper one, everything outside is meant.
  const isOutside = from !== undefined && to !== undefined && to < from;
  const range = isOutside ? { anyOf: [lower, upper] } : { ...lower, ...upper };
  return { ...range, ...choiceKeywords(own) };
}

/** `const`, `in`, `not_in`. */
function choiceKeywords(own: Rules, refused?: JsonSchema): JsonSchema {
  const list = (name: string) => {
    const values = own.get(name) as readonly OptionValue[] | undefined;
    return values === undefined || values.length === 0 ? undefined : values;
  };
  const without = list("not_in");
  const not = [refused?.not, without === undefined ? undefined : { enum: without }].filter((one) => one !== undefined);
  return {
    const: own.get("const"),
    enum: list("in"),
    ...(not.length === 0 ? {} : { not: not.length === 1 ? not[0] : { anyOf: not } }),
  };
}

/** Of lists. */
function listKeywords(rules: Rules | undefined): JsonSchema {
  const own = ownOf(rules, "repeated");
  if (own === undefined) return {};
  const minItems = own.has("min_items") ? Number(own.get("min_items")) : undefined;
  return {
    // An empty list is left out of JSON; where it is spared the rules it may stand there.
    minItems: rules!.get("ignore") === "IGNORE_IF_ZERO_VALUE" ? undefined : minItems,
    maxItems: own.has("max_items") ? Number(own.get("max_items")) : undefined,
    uniqueItems: own.get("unique") === true ? true : undefined,
  };
}

/** Of maps. */
function mapKeywords(rules: Rules | undefined): JsonSchema {
  const own = ownOf(rules, "map");
  if (own === undefined) return {};
  const minProperties = own.has("min_pairs") ? Number(own.get("min_pairs")) : undefined;
  return {
    minProperties: rules!.get("ignore") === "IGNORE_IF_ZERO_VALUE" ? undefined : minProperties,
    maxProperties: own.has("max_pairs") ? Number(own.get("max_pairs")) : undefined,
  };
}

function ownOf(rules: Rules | undefined, kind: "repeated" | "map"): Rules | undefined {
  return rules?.get("ignore") === "IGNORE_ALWAYS" ? undefined : (rules?.get(kind) as Rules | undefined);
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

/** A pattern of RE2 where it means the same in JSON Schema; undefined for one with what only RE2 has, or what the two read differently. */
function toEcma(pattern: string): string | undefined {
  if (/\(\?|\\[^dwDWnrt.\\^$*+?()[\]{}|/-]|\[\[:|\[\^?\]|\$./.test(pattern)) return undefined;
  try {
    // As validators of JSON Schema compile it.
    return new RegExp(pattern, "u").source === "" ? undefined : pattern;
  } catch {
    return undefined;
  }
}
