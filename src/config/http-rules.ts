// google.api.HttpRule from YAML: `http.rules` of sluice.yaml, and whole google.api.Service files.
import type { Position } from "../diagnostic.ts";
import type { YamlHttpRule } from "../schema/bind/http-rule.ts";
import { httpRuleSchema } from "./http-rule-schema.ts";
import { readTextFile } from "./read-file.ts";
import type { SchemaNode } from "./schema-node.ts";
import { isValid, validateSource } from "./validate.ts";
import { parseYaml } from "./yaml-source.ts";
import type { KeyPath, Report, YamlSource } from "./yaml-source.ts";

const serviceSchema: SchemaNode = {
  type: "object",
  properties: {
    type: { type: "string", enum: ["google.api.Service"] },
    config_version: { type: "integer", minimum: 1, maximum: 3 },
    // A key without a value is a field that is not set, as in ProtoJSON: services without a rule have `rules:` and nothing.
    http: {
      type: ["object", "null"],
      additionalProperties: false,
      properties: {
        rules: { type: ["array", "null"], maxItems: 10_000, items: httpRuleSchema },
        fully_decode_reserved_expansion: { type: "boolean" },
        fullyDecodeReservedExpansion: { type: "boolean" },
      },
    },
  },
};

/** The rules of a google.api.Service file; where it is wrong, which is reported, those that are right. */
export function readRulesFile(path: string, report: Report): YamlHttpRule[] {
  const text = readTextFile(path, report);
  const source = text === undefined ? undefined : parseYaml(text, path, undefined, report);
  if (source === undefined) return [];
  if (source.value === undefined) {
    report({
      severity: "error",
      position: source.positionOf([]),
      message: "the file is empty",
      hint: "a google.api.Service with http: rules: is expected",
      rule: "rules-file",
    });
    return [];
  }
  if (!validateSource(source, report, serviceSchema)) return readSoundRules(source, ["http", "rules"]);
  warnOfIgnored(source, report);
  return readRules(source, ["http", "rules"]);
}

/** The rules at a path of a source that is known to be valid. */
export function readRules(source: YamlSource, path: KeyPath): YamlHttpRule[] {
  const rules = valueAt(source.value, path) as readonly Record<string, unknown>[] | undefined;
  return (rules ?? []).map((rule, index) => toRule(source, [...path, index], rule));
}

/** Those rules at a path of a source with errors that have none: they are checked in the same run. */
export function readSoundRules(source: YamlSource, path: KeyPath): YamlHttpRule[] {
  const rules = valueAt(source.value, path);
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: unknown, index) =>
    isValid(rule, httpRuleSchema) ? [toRule(source, [...path, index], rule as Record<string, unknown>)] : [],
  );
}

function toRule(source: YamlSource, path: KeyPath, rule: Readonly<Record<string, unknown>>): YamlHttpRule {
  return {
    selector: String(rule["selector"]),
    rule,
    position: (inner: string): Position => source.positionOf([...path, ...toKeys(inner)]),
  };
}

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<string | number, unknown> | null | undefined)?.[key],
    value,
  );
}

/** `additional_bindings[0].custom.path` as keys. */
function toKeys(path: string): KeyPath {
  return [...path.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map((match) =>
    match[1] === undefined ? match[0] : Number(match[1]),
  );
}

function warnOfIgnored(source: YamlSource, report: Report): void {
  const ignore = (path: KeyPath, hint: string | undefined): void => {
    report({
      severity: "warning",
      position: source.keyPositionOf(path),
      message: `"${path.join(".")}" is ignored`,
      hint,
      rule: "rules-file-ignored",
    });
  };
  for (const key of Object.keys(source.value as object)) {
    if (!Object.hasOwn(serviceSchema.properties ?? {}, key))
      ignore([key], "only http.rules of a google.api.Service is read");
  }
  const http = (source.value as Record<string, Record<string, unknown> | undefined>)["http"] ?? {};
  for (const key of ["fully_decode_reserved_expansion", "fullyDecodeReservedExpansion"]) {
    if (Object.hasOwn(http, key)) ignore(["http", key], "set http.url_unescape in sluice.yaml");
  }
}
