// google.api.http, from annotations and YAML, to the bindings of a schema: which HTTP requests call which method.
import type { Position } from "../../diagnostic.ts";
import type { Binding, Profile } from "../binding.ts";
import { checkBindings } from "./check-bindings.ts";
import type { Method, OptionMessage, OptionValue, Schema } from "../descriptor.ts";
import type { Doubt } from "../link/doubt.ts";
import { isMessage, readHttpRule } from "./http-rule-read.ts";
import type { Report, RuleContext, RuleSource } from "./http-rule-read.ts";
import { resolveRule } from "./http-rule-resolve.ts";
import { isSelected, suggestSelector } from "../selector.ts";

/** One entry of `http.rules` in a google.api.Service YAML file, as parsed; nothing in it is checked yet. */
export interface YamlHttpRule {
  /** `pkg.Service.Method`, `pkg.Service.*`, or `*`. */
  readonly selector: string;
  /** get, put, post, delete, patch, custom, body, response_body, additional_bindings; camelCase spellings too. */
  readonly rule: Readonly<Record<string, unknown>>;
  /**
   * Where a key (or its value) was written: `selector`, `get`, `custom.path`, `additional_bindings[0].body`; empty for the rule.
   * Asked with the keys as written; for an unknown path it answers the nearest outer place.
   */
  position(path: string): Position;
}

export interface BindOptions {
  readonly profile: Profile;
  /** Serve methods without a rule at `POST /pkg.Service/Method` with body `*`. */
  readonly bindUnannotated: boolean;
  readonly yamlRules: readonly YamlHttpRule[];
  /** With a schema that has errors: what it may lack is not reported as missing. */
  readonly doubt?: Doubt | undefined;
}

const annotation = "(google.api.http)";
/** A rule is two levels deep; what is deeper is wrong anyway and stays unread. */
const maxYamlDepth = 4;

/** Every sound binding, services and methods in order, a method's rule before its additional ones; the rest is reported. */
export function bindMethods(schema: Schema, options: BindOptions, report: Report): Binding[] {
  const methods = schema.services.flatMap((service) => service.methods);
  const { doubt } = options;
  const replaced = selectMethods(methods, options, report);
  const bindings: Binding[] = [];
  for (const method of methods) {
    const context: RuleContext = { method, profile: options.profile, report, doubt };
    const yaml = replaced.get(method);
    const written = method.options.get(annotation);
    if (yaml !== undefined) bindRule(fromYaml(yaml), "yaml", context, bindings);
    else if (written !== undefined) bindRule(fromAnnotation(method, written), "annotation", context, bindings);
    else if (options.bindUnannotated && doubt?.mayLackOption(method, annotation) !== true)
      bindDefault(context, bindings);
  }
  checkBindings(bindings, options.profile, report);
  return bindings;
}

function bindRule(source: RuleSource, origin: Binding["origin"], context: RuleContext, bindings: Binding[]): void {
  for (const rule of readHttpRule(source, context)) {
    const binding = resolveRule(rule, origin, context);
    if (binding !== undefined) bindings.push(binding);
  }
}

function bindDefault(context: RuleContext, bindings: Binding[]): void {
  const { path, position } = context.method;
  const text = (value: string) => ({ text: value, position });
  const rule = { httpMethod: "POST", path: text(path), body: text("*"), responseBody: undefined, position, index: 0 };
  const binding = resolveRule(rule, "default", context);
  if (binding !== undefined) bindings.push(binding);
}

function fromAnnotation(method: Method, written: OptionValue): RuleSource {
  return {
    rule: isMessage(written) ? written : new Map(),
    locate: (path) => method.optionPosition(path === "" ? annotation : `${annotation}.${path}`),
  };
}

function fromYaml(yaml: YamlHttpRule): RuleSource {
  const writtenPaths = new Map<string, string>();
  const rule = toOptionMessage(yaml.rule, { path: "", written: "", depth: 0 }, writtenPaths);
  return { rule, locate: (path) => yaml.position(writtenPaths.get(path) ?? path) };
}

interface Place {
  /** With the proto's keys, and with the keys as written. */
  readonly path: string;
  readonly written: string;
  readonly depth: number;
}

function toOptionMessage(value: object, place: Place, writtenPaths: Map<string, string>): OptionMessage {
  const message = new Map<string, OptionValue>();
  for (const [key, inner] of Object.entries(value)) {
    const name = key === "additionalBindings" ? "additional_bindings" : key === "responseBody" ? "response_body" : key;
    const dot = place.path === "" ? "" : ".";
    const next = {
      path: `${place.path}${dot}${name}`,
      written: `${place.written}${dot}${key}`,
      depth: place.depth + 1,
    };
    message.set(name, toOptionValue(inner, next, writtenPaths));
  }
  return message;
}

function toOptionValue(value: unknown, place: Place, writtenPaths: Map<string, string>): OptionValue {
  writtenPaths.set(place.path, place.written);
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return value;
  if (typeof value !== "object" || value === null || place.depth > maxYamlDepth) return "";
  if (!Array.isArray(value)) return toOptionMessage(value, place, writtenPaths);
  return value.map((entry: unknown, at) => {
    const item = { path: `${place.path}[${at}]`, written: `${place.written}[${at}]`, depth: place.depth + 1 };
    return toOptionValue(entry, item, writtenPaths);
  });
}

/** The YAML rule of each selected method; the last that selects it wins. */
function selectMethods(
  methods: readonly Method[],
  { yamlRules, doubt }: BindOptions,
  report: Report,
): Map<Method, YamlHttpRule> {
  const selected = new Map<Method, YamlHttpRule>();
  for (const yaml of yamlRules) {
    const matching = methods.filter((method) => isSelected(yaml.selector, method.name));
    for (const method of matching) selected.set(method, yaml);
    if (matching.length > 0 || doubt?.mayDeclare(yaml.selector.replace(/\.\*$/, "")) === true) continue;
    const names = methods.map((method) => method.name);
    report({
      severity: "error",
      position: yaml.position("selector"),
      message: `the selector "${yaml.selector}" matches no method`,
      hint: suggestSelector(yaml.selector, names),
      rule: "http-rule-selector",
    });
  }
  return selected;
}
