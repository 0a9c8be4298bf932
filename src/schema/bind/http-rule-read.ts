// One google.api.HttpRule, from an annotation or YAML, as the flat list of its patterns; everything is still text.
import { didYouMean } from "../../diagnostic.ts";
import type { Diagnostic, Position } from "../../diagnostic.ts";
import type { Profile } from "../binding.ts";
import type { Method, OptionMessage, OptionValue } from "../descriptor.ts";
import type { Doubt } from "../link/doubt.ts";

export type Report = (diagnostic: Diagnostic) => void;

export interface RuleSource {
  readonly rule: OptionMessage;
  /** Where a key was written: `get`, `custom.path`, `additional_bindings[0].body`; empty for the rule itself. */
  locate(path: string): Position;
}

export interface RuleContext {
  readonly method: Method;
  readonly profile: Profile;
  readonly report: Report;
  /** Of a schema with errors. */
  readonly doubt?: Doubt | undefined;
}

/** Text of a rule and where its key was written. */
export interface RuleText {
  readonly text: string;
  readonly position: Position;
}

export interface HttpRule {
  /** Upper case; `*` for any. */
  readonly httpMethod: string;
  readonly path: RuleText;
  readonly body: RuleText | undefined;
  readonly responseBody: RuleText | undefined;
  readonly position: Position;
  /** 0 for the rule itself, 1… for its additional_bindings. */
  readonly index: number;
}

const verbs = ["get", "put", "post", "delete", "patch"];
const knownKeys = [...verbs, "custom", "selector", "body", "response_body", "additional_bindings"];
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;

/** The rule and its additional bindings, without those that were reported as errors. */
export function readHttpRule(source: RuleSource, context: RuleContext): HttpRule[] {
  const rules = [readOne(source, context, 0)];
  const additional = source.rule.get("additional_bindings") ?? [];
  if (!Array.isArray(additional)) {
    reportError(
      context,
      source.locate("additional_bindings"),
      "additional_bindings is not a list",
      "write a list of rules",
      "http-rule-type",
    );
    return definedOnly(rules);
  }
  additional.forEach((entry: OptionValue, at) => {
    const prefix = `additional_bindings[${at}]`;
    const locate = (path: string): Position => source.locate(path === "" ? prefix : `${prefix}.${path}`);
    if (!isMessage(entry)) {
      reportError(
        context,
        locate(""),
        `${prefix} is not a rule`,
        `write a pattern such as get: "/v1/things"`,
        "http-rule-type",
      );
      return;
    }
    if (entry.has("additional_bindings")) {
      reportError(
        context,
        locate("additional_bindings"),
        "additional_bindings inside additional_bindings",
        "list them all in the outer rule",
        "http-rule-nested",
      );
      return;
    }
    rules.push(readOne({ rule: entry, locate }, context, at + 1));
  });
  return definedOnly(rules);
}

function readOne(source: RuleSource, context: RuleContext, index: number): HttpRule | undefined {
  for (const key of source.rule.keys()) {
    if (knownKeys.includes(key)) continue;
    const hint = didYouMean(key, knownKeys) ?? `known keys: ${knownKeys.join(", ")}`;
    reportError(
      context,
      source.locate(key),
      `google.api.HttpRule has no field "${key}"`,
      hint,
      "http-rule-unknown-key",
    );
    return undefined;
  }
  const pattern = readPattern(source, context);
  if (pattern === undefined) return undefined;
  const body = readText(source, "body", context);
  const responseBody = readText(source, "response_body", context);
  if (body === null || responseBody === null) return undefined;
  return { ...pattern, body, responseBody, index, position: source.locate("") };
}

type Pattern = Pick<HttpRule, "httpMethod" | "path">;

function readPattern(source: RuleSource, context: RuleContext): Pattern | undefined {
  const { rule } = source;
  const isGateway = context.profile === "grpc-gateway";
  const present = [...verbs, "custom"].filter((key) => rule.has(key) && !(isGateway && rule.get(key) === ""));
  if (present.length === 0 && isReported(context)) return undefined;
  if (present.length === 0) {
    const hint = `add one of get, put, post, delete, patch, custom`;
    // grpc-gateway leaves such a method unbound without a word.
    report(context, isGateway ? "warning" : "error", {
      position: source.locate(""),
      message: "the rule has no pattern",
      hint,
      rule: "http-rule-no-pattern",
    });
    return undefined;
  }
  if (present.length > 1) {
    const hint = "one pattern per rule; move the others to additional_bindings";
    reportError(
      context,
      source.locate(present[1]),
      `the rule has several patterns: ${present.join(", ")}`,
      hint,
      "http-rule-several-patterns",
    );
    return undefined;
  }
  if (present[0] === "custom") return readCustom(source, context);
  const path = readText(source, present[0], context);
  return path === null || path === undefined ? undefined : { httpMethod: present[0].toUpperCase(), path };
}

/** What the rule lacks may be what was wrong with it. */
function isReported({ doubt, method }: RuleContext): boolean {
  return doubt?.mayLackOption(method, "(google.api.http)") === true;
}

function readCustom(source: RuleSource, context: RuleContext): Pattern | undefined {
  const custom = source.rule.get("custom");
  const hint = `write custom: { kind: "HEAD", path: "/v1/things" }`;
  if (custom === undefined || !isMessage(custom)) {
    reportError(context, source.locate("custom"), "custom is not a pattern", hint, "http-rule-type");
    return undefined;
  }
  for (const key of custom.keys()) {
    if (key === "kind" || key === "path") continue;
    reportError(
      context,
      source.locate(`custom.${key}`),
      `google.api.CustomHttpPattern has no field "${key}"`,
      hint,
      "http-rule-unknown-key",
    );
    return undefined;
  }
  const inner: RuleSource = { rule: custom, locate: (path) => source.locate(`custom.${path}`) };
  const kind = readText(inner, "kind", context);
  const path = readText(inner, "path", context);
  if (kind === null || path === null) return undefined;
  if ((kind === undefined || path === undefined) && isReported(context)) return undefined;
  if (kind === undefined || path === undefined) {
    const missing = kind === undefined ? "kind" : "path";
    reportError(context, source.locate("custom"), `the custom pattern has no ${missing}`, hint, "http-rule-custom");
    return undefined;
  }
  const httpMethod = readKind(kind, context);
  return httpMethod === undefined ? undefined : { httpMethod, path };
}

function readKind(kind: RuleText, context: RuleContext): string | undefined {
  const { text, position } = kind;
  if (!token.test(text)) {
    reportError(
      context,
      position,
      `${JSON.stringify(text.slice(0, 80))} is no HTTP method`,
      `write one such as "HEAD", or "*" for any`,
      "http-rule-custom",
    );
    return undefined;
  }
  const upper = text.toUpperCase();
  if (upper === "CONNECT") {
    reportError(
      context,
      position,
      "CONNECT cannot be bound",
      "it opens a tunnel and has no path; use another method",
      "http-rule-custom",
    );
    return undefined;
  }
  // `websocket` is written so by those who came up with it (docs/websocket.md, "The path").
  if (upper !== text && text !== "websocket") {
    report(context, "warning", {
      position,
      message: `the HTTP method "${text}" is served as "${upper}"`,
      hint: "write it in upper case",
      rule: "http-rule-method-case",
    });
  }
  return upper;
}

/** Undefined when absent, null when it is no text (reported). */
function readText(source: RuleSource, key: string, context: RuleContext): RuleText | undefined | null {
  const text = source.rule.get(key);
  if (text === undefined) return undefined;
  const position = source.locate(key);
  if (typeof text === "string") return { text, position };
  reportError(context, position, `${key} is not a text`, "write it in quotes", "http-rule-type");
  return null;
}

export function reportError(
  context: RuleContext,
  position: Position,
  message: string,
  hint: string | undefined,
  rule: string,
): void {
  report(context, "error", { position, message, hint, rule });
}

export function report(
  context: RuleContext,
  severity: Diagnostic["severity"],
  found: Omit<Diagnostic, "severity">,
): void {
  context.report({ ...found, severity, message: `http rule of ${context.method.name}: ${found.message}` });
}

export function isMessage(value: OptionValue): value is OptionMessage {
  return value instanceof Map;
}

function definedOnly(rules: readonly (HttpRule | undefined)[]): HttpRule[] {
  return rules.filter((rule) => rule !== undefined);
}
