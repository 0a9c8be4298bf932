// One pattern of an HttpRule checked against its method's messages: text to Binding, every field name resolved.
import { didYouMean } from "../../diagnostic.ts";
import type { Position } from "../../diagnostic.ts";
import type { Binding, BodyBinding, BoundVariable, Template, Variable } from "../binding.ts";
import type { Field, MessageType } from "../descriptor.ts";
import { report, reportError } from "./http-rule-read.ts";
import type { HttpRule, RuleContext, RuleText } from "./http-rule-read.ts";
import { isTemplateError, parseTemplate } from "./template.ts";

/** Messages whose ProtoJSON form is one string, so that a path segment can hold them. */
const scalarMessages = new Set(
  "Timestamp Duration FieldMask DoubleValue FloatValue Int64Value UInt64Value Int32Value UInt32Value BoolValue StringValue BytesValue"
    .split(" ")
    .map((name) => `google.protobuf.${name}`),
);

/** Undefined when anything was reported as an error. */
export function resolveRule(rule: HttpRule, origin: Binding["origin"], context: RuleContext): Binding | undefined {
  const template = parseTemplate(rule.path.text);
  if (isTemplateError(template)) {
    // The position is that of the whole option; the character counts within its text, from 1.
    const message = `path ${JSON.stringify(rule.path.text.slice(0, 200))}, character ${template.offset + 1}: ${template.message}`;
    reportError(context, rule.path.position, message, template.hint, "path-template");
    return undefined;
  }
  const variables = resolveVariables(template, rule, context);
  const body = resolveBody(rule, variables ?? [], context);
  const responseBody = resolveResponseBody(rule.responseBody, context);
  if (variables === undefined || body === undefined || responseBody === undefined) return undefined;
  return {
    method: context.method,
    httpMethod: rule.httpMethod,
    template,
    variables,
    body,
    responseBody: responseBody.field,
    position: rule.path.position,
    origin,
    index: rule.index,
  };
}

function resolveVariables(template: Template, rule: HttpRule, context: RuleContext): BoundVariable[] | undefined {
  const bound: BoundVariable[] = [];
  for (const variable of template.variables) {
    const fields = resolveVariable(variable, rule.path, context);
    if (fields === undefined) continue;
    bound.push({ variable, fields });
  }
  const isWhole = bound.length === template.variables.length;
  return !hasOverlap(bound, rule.path, context) && isWhole ? bound : undefined;
}

function resolveVariable(variable: Variable, path: RuleText, context: RuleContext): Field[] | undefined {
  const { position } = path;
  const fields = walk({ text: variable.path, position }, context.method.input, context);
  if (fields === undefined) return undefined;
  const last = fields[fields.length - 1];
  const name = `the path variable "${variable.path}"`;
  if (
    last.cardinality === "map" ||
    (last.cardinality === "repeated" && (context.profile === "strict" || last.type.kind === "message"))
  ) {
    const what = last.cardinality === "map" ? "a map" : "repeated";
    reportError(
      context,
      position,
      `${name} is ${what}`,
      "a path holds one value; bind it by the query or the body",
      "path-variable-type",
    );
    return undefined;
  }
  if (last.type.kind === "message" && !scalarMessages.has(last.type.message.name)) {
    const inner = last.type.message.fields.find(
      (field) => field.type.kind === "scalar" && field.cardinality === "singular",
    );
    const hint =
      inner === undefined
        ? "bind a scalar field"
        : `bind one of its fields, e.g. "{${variable.path}.${inner.protoName}}"`;
    reportError(context, position, `${name} is the message ${last.type.message.name}`, hint, "path-variable-type");
    return undefined;
  }
  return fields;
}

/** Dotted names to fields; all but the last are singular messages. */
function walk(path: RuleText, root: MessageType, context: RuleContext): Field[] | undefined {
  const fields: Field[] = [];
  let message = root;
  for (const [at, name] of path.text.split(".").entries()) {
    if (at > 0) {
      const parent = fields[at - 1];
      if (parent.type.kind !== "message" || parent.cardinality !== "singular") {
        const what =
          parent.cardinality === "singular" ? "no message" : parent.cardinality === "map" ? "a map" : "repeated";
        reportError(
          context,
          path.position,
          `"${path.text}": ${parent.name} is ${what}, so it has no field "${name}" to bind`,
          undefined,
          "field-path",
        );
        return undefined;
      }
      message = parent.type.message;
    }
    const field = lookUp(name, message, path.position, context);
    if (field === undefined) return undefined;
    fields.push(field);
  }
  return fields;
}

function lookUp(name: string, message: MessageType, position: Position, context: RuleContext): Field | undefined {
  const field = message.fields.find((candidate) => candidate.protoName === name);
  if (field !== undefined) return field;
  const byJsonName = message.fields.find((candidate) => candidate.jsonName === name);
  if (byJsonName !== undefined) {
    const found = {
      position,
      message: `"${name}" is the JSON name of a field`,
      hint: `write "${byJsonName.protoName}"`,
      rule: "json-name-in-rule",
    };
    report(context, "warning", found);
    return byJsonName;
  }
  if (context.doubt?.mayHaveField(message, name) === true) return undefined;
  const names = message.fields.map((candidate) => candidate.protoName);
  const all =
    names.length === 0
      ? "it has no fields"
      : `its fields are: ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}`;
  const hint = didYouMean(name, names) ?? (context.doubt?.mayLackFields(message) === true ? undefined : all);
  reportError(context, position, `${message.name} has no field "${name}"`, hint, "unknown-field");
  return undefined;
}

function hasOverlap(bound: readonly BoundVariable[], path: RuleText, context: RuleContext): boolean {
  for (const [at, later] of bound.entries()) {
    for (const earlier of bound.slice(0, at)) {
      const problem = overlapOf(earlier, later, context.profile === "strict");
      if (problem === undefined) continue;
      reportError(context, path.position, problem, "bind each field once", "path-variable-twice");
      return true;
    }
  }
  return false;
}

function overlapOf(a: BoundVariable, b: BoundVariable, checkOneofs: boolean): string | undefined {
  let shared = 0;
  while (shared < a.fields.length && shared < b.fields.length && a.fields[shared] === b.fields[shared]) shared++;
  const [left, right] = [a.fields[shared], b.fields[shared]];
  if (left === undefined && right === undefined) return `the path binds the field "${a.variable.path}" twice`;
  if (left === undefined || right === undefined)
    return `the path binds both "${a.variable.path}" and "${b.variable.path}", and one contains the other`;
  if (!checkOneofs || left.oneof === undefined || left.oneof !== right.oneof) return undefined;
  return `the path binds "${a.variable.path}" and "${b.variable.path}", two cases of the oneof "${left.oneof.name}"`;
}

function resolveBody(
  rule: HttpRule,
  variables: readonly BoundVariable[],
  context: RuleContext,
): BodyBinding | undefined {
  const { body, httpMethod } = rule;
  if (body === undefined || body.text === "") return { kind: "none" };
  if (httpMethod === "GET" || httpMethod === "HEAD") {
    const hint = "leave body out: the fields are bound by the query";
    reportError(
      context,
      body.position,
      `${httpMethod} has a body (${JSON.stringify(body.text.slice(0, 80))})`,
      hint,
      "body-of-get",
    );
    return undefined;
  }
  if (body.text === "*") return { kind: "all" };
  if (body.text.includes(".") && context.profile === "strict") {
    const hint = `name a top-level field of ${context.method.input.name}, or "*"`;
    reportError(context, body.position, `the body "${body.text}" is not a top-level field`, hint, "body-nested");
    return undefined;
  }
  const fields = walk(body, context.method.input, context);
  if (fields === undefined) return undefined;
  const captured = variables.find((variable) => variable.fields.every((field, at) => field === fields[at]));
  if (captured !== undefined) {
    const message = `the body field "${body.text}" is also the path variable "${captured.variable.path}"`;
    reportError(context, body.position, message, "bind it once", "body-and-path");
    return undefined;
  }
  const field = fields[fields.length - 1];
  return fields.length === 1 ? { kind: "field", field } : { kind: "field", field, parents: fields.slice(0, -1) };
}

/** A box around the field, so that "none" differs from "reported". */
function resolveResponseBody(
  text: RuleText | undefined,
  context: RuleContext,
): { readonly field: Field | undefined } | undefined {
  if (text === undefined || text.text === "") return { field: undefined };
  if (text.text === "*" && context.profile === "grpc-gateway") return { field: undefined };
  if (text.text === "*" || text.text.includes(".")) {
    const hint =
      text.text === "*"
        ? "leave it out for the whole message"
        : `name a top-level field of ${context.method.output.name}`;
    reportError(
      context,
      text.position,
      `the response_body "${text.text}" is not a top-level field`,
      hint,
      "response-body",
    );
    return undefined;
  }
  const field = lookUp(text.text, context.method.output, text.position, context);
  return field === undefined ? undefined : { field };
}
