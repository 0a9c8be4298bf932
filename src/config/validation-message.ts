// One ajv error -> one sentence a person can act on: the key, what was expected, what was found, the nearest valid name.
import type { ErrorObject } from "ajv";
import { didYouMean } from "../diagnostic.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { formProblem, suggestForm } from "./form.ts";
import type { FormSpec } from "./form.ts";
import type { SchemaNode } from "./schema-node.ts";
import type { KeyPath, YamlSource } from "./yaml-source.ts";

export function toDiagnostic(error: ErrorObject, source: YamlSource, root: SchemaNode): Diagnostic {
  const path = toKeyPath(error.instancePath, source.value);
  const node = (error.parentSchema ?? {}) as SchemaNode;
  if (error.keyword === "additionalProperties")
    return unknownKey(path, String(error.params["additionalProperty"]), node, { source, root });
  if (error.propertyName !== undefined) {
    const at = [...path, error.propertyName];
    const problem = error.keyword === "x-form" ? describeForm(error) : describe(error, node, error.propertyName);
    return {
      severity: "error",
      position: source.keyPositionOf(at),
      message: `${formatPath(path)}: ${quote(error.propertyName)}: ${problem}`,
      rule: "config-key",
    };
  }
  const problem = isSecret(path) ? describe(error, node, hidden) : describe(error, node, error.data);
  const message = `${formatPath(path)}: ${problem}`;
  const hint = hintFor(error, node, path);
  return { severity: "error", position: source.positionOf(path), message, hint, rule: "config-value" };
}

/** What a message never shows. */
const secretKeys: ReadonlySet<unknown> = new Set(["secret", "client_secret", "password"]);

function isSecret(path: KeyPath): boolean {
  return secretKeys.has(path.at(-1));
}

/** Stands for a value that is not shown. */
const hidden = Symbol("hidden");

function hintFor({ keyword, schema, data }: ErrorObject, node: SchemaNode, path: KeyPath): string | undefined {
  if (keyword === "x-form") return suggestForm(schema as FormSpec, data);
  const isBare = typeof data === "number" || typeof data === "boolean";
  const takesAnyText = node.type === "string" && node.enum === undefined && node["x-form"] === undefined;
  if (keyword === "type" && takesAnyText && isBare) return "put it in quotes";
  if (typeof data !== "string") return undefined;
  if (keyword === "enum") return didYouMean(data, (node.enum ?? []).map(String));
  return path.length === 0 ? "a setting is written as key, colon, blank, value: `listen: 127.0.0.1:8080`" : undefined;
}

function unknownKey(
  path: KeyPath,
  key: string,
  node: SchemaNode,
  { source, root }: { source: YamlSource; root: SchemaNode },
): Diagnostic {
  const names = Object.keys(node.properties ?? {});
  const where = path.length === 0 ? "" : ` in ${formatPath(path)}`;
  return {
    severity: "error",
    position: source.keyPositionOf([...path, key]),
    message: `unknown key ${quote(key)}${where}`,
    hint:
      didYouMean(key, names) ??
      wordWithin(key, names) ??
      suggestHome(key, path, root) ??
      `the keys here are ${names.join(", ")}`,
    rule: "unknown-key",
  };
}

/** `origins` for `allowed_origins`: with a word more than there should be, or one less. */
function wordWithin(key: string, names: readonly string[]): string | undefined {
  const isPart = (part: string, whole: string): boolean => `_${whole}_`.includes(`_${part}_`);
  const [one, ...others] = names.filter((name) => isPart(name, key) || isPart(key, name));
  return one === undefined || others.length > 0 ? undefined : `did you mean "${one}"?`;
}

/** Where a key of exactly this name belongs: of one at the top level that may be the entries of a list, too. */
function suggestHome(key: string, path: KeyPath, root: SchemaNode): string | undefined {
  const properties = root.properties ?? {};
  if (Object.hasOwn(properties, key)) return "it belongs to the top level";
  const has = (node: SchemaNode | undefined): boolean => Object.hasOwn(node?.properties ?? {}, key);
  const homes = Object.entries(properties).flatMap(([group, node]) =>
    has(node) ? [group] : path.length === 0 && has(node.items) ? [`an entry of ${group}`] : [],
  );
  return homes.length === 0 ? undefined : `it belongs to ${homes.join(" or ")}`;
}

function describe(error: ErrorObject, node: SchemaNode, value: unknown): string {
  switch (error.keyword) {
    case "type":
      if (isUpstream(node)) return `host:port, or a mapping with target, is expected, found ${found(value)}`;
      return `${expectedOf(node)} is expected, found ${found(value)}`;
    case "enum":
      return `one of ${(node.enum ?? []).join(", ")} is expected, found ${found(value)}`;
    case "minimum":
    case "maximum":
      return `must be between ${node.minimum} and ${node.maximum}, found ${found(value)}`;
    case "required":
      return `the key ${quote(String(error.params["missingProperty"]))} is missing`;
    case "minLength":
    case "minItems":
      return "must not be empty";
    case "maxLength":
      return `is longer than ${node.maxLength} characters`;
    case "maxItems":
      return `has more than ${node.maxItems} entries`;
    case "maxProperties":
      return `has more than ${node.maxProperties} keys`;
    case "x-form":
      return `${describeForm(error)}; found ${found(value)}`;
    default:
      return `does not hold what the schema asks for (${error.keyword})`;
  }
}

function describeForm({ schema, data }: ErrorObject): string {
  return formProblem(schema as FormSpec, data) ?? "is not valid";
}

function isUpstream(node: SchemaNode): boolean {
  return Array.isArray(node.type) && node.properties?.["target"] !== undefined;
}

function expectedOf(node: SchemaNode): string {
  const form = node["x-form"];
  const types = [node.type ?? []].flat();
  if (form?.kind === "size") return `a size such as ${found(node.default ?? "64KiB").replaceAll('"', "")}`;
  if (form?.kind === "duration") return `a duration such as ${found(node.default ?? "15s").replaceAll('"', "")}`;
  if (form?.kind === "off") return "a number or off";
  if (form?.kind === "auto") return "a number or auto";
  if (form?.kind === "switch") return "on, off or a mapping";
  if (form?.kind === "rate") return "a rate such as 50/s";
  if (node.enum !== undefined) return `one of ${node.enum.join(", ")}`;
  const words: Record<string, string> = {
    object: "a mapping",
    array: "a list",
    string: "text",
    integer: "a whole number",
    number: "a number",
    boolean: "true or false",
  };
  return types.map((type) => words[type] ?? type).join(" or ");
}

function found(value: unknown): string {
  if (value === hidden) return "something else";
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return quote(value);
  return `${value as number | boolean}`;
}

/** Quoted and escaped, so that control characters never reach a terminal; cut when long; without the password of a URL. */
function quote(text: string): string {
  const shown = text.replaceAll(/(:\/\/)[^/?#\s]*@/g, "$1[redacted]@");
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 77)}...` : shown);
}

/** `http.rules[2].get`; the whole file is "the file". */
export function formatPath(path: KeyPath): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (/^[A-Za-z_]\w*$/.test(key)) text += text === "" ? key : `.${key}`;
    else text += `[${quote(key)}]`;
  }
  return text === "" ? "the file" : text;
}

/** A JSON pointer as keys; a number only where the value is a list. */
function toKeyPath(pointer: string, root: unknown): KeyPath {
  const keys: (string | number)[] = [];
  let value = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    keys.push(Array.isArray(value) ? Number(key) : key);
    value = (value as Record<string, unknown> | undefined)?.[key];
  }
  return keys;
}
