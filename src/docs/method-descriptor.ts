// What the browser client has to know of a method at run time: its name and kind, how to resume it, and its REST route for when
// no WebSocket can be opened.
import type { Binding } from "../schema/binding.ts";
import type { Field, Method, MessageType } from "../schema/descriptor.ts";
import type { ResumeRule, StreamRule } from "../schema/stream-rule.ts";
import { followTextPath } from "../schema/text-path.ts";
import { hasOpenKeys } from "../translate/reply/reserved-keys.ts";
import { memberOf } from "./type-expression.ts";
import type { JsonShape } from "./type-expression.ts";

/** The twin of MethodInfo in src/client/contract.ts; every value is a string or an array of strings, so that it is safe as a literal. */
export interface MethodDescriptor {
  /** `pkg.Service/Method` */
  readonly name: string;
  readonly kind: Method["kind"];
  /** Whether a call may be sent twice without harm. */
  readonly repeatable?: true;
  /** Paths of JSON keys: the token in a reply, and the key of a request that takes it. */
  readonly resume?: { readonly token: readonly string[]; readonly from: string };
  readonly http?: HttpDescriptor;
}

export interface HttpDescriptor {
  readonly verb: string;
  /** The template, its variables named by JSON keys. */
  readonly path: string;
  /** `*` or the key whose value is the body; absent for none. */
  readonly body?: string;
  /** The key whose value the answer is; absent when it is the whole reply. */
  readonly reply?: string;
  /** Streams come as server-sent events, as lines of JSON are off. */
  readonly sse?: true;
  /** Each message of a stream comes as `{"result":…}`, since it might look like the protocol's words otherwise. */
  readonly wrapped?: true;
}

export interface DescriptorContext {
  readonly bindings: readonly Binding[];
  readonly json: JsonShape;
}

export function describeMethod(method: Method, stream: StreamRule, context: DescriptorContext): MethodDescriptor {
  const resume = stream.resume === "off" ? undefined : describeResume(method, stream.resume, context.json);
  const http = describeHttp(method, stream, context);
  return {
    name: method.path.slice(1),
    kind: method.kind,
    ...(method.idempotency === "unknown" ? {} : { repeatable: true }),
    ...(resume === undefined ? {} : { resume }),
    ...(http === undefined ? {} : { http }),
  };
}

function describeResume(method: Method, { token, from }: ResumeRule, json: JsonShape): MethodDescriptor["resume"] {
  const fields = followTextPath(method.output, token);
  const fromField = method.input.field(from);
  if (typeof fields === "string" || fromField === undefined) return undefined;
  return { token: fields.map((field) => memberOf(field, json)), from: memberOf(fromField, json) };
}

/** Of the first rule that a page can follow: answers as JSON, and a body of JSON if any. */
function describeHttp(
  method: Method,
  { ndjson, sse }: StreamRule,
  { bindings, json }: DescriptorContext,
): HttpDescriptor | undefined {
  if (method.kind === "client-streaming" || method.kind === "bidi-streaming") return undefined;
  const isStream = method.kind === "server-streaming";
  if (isStream && !ndjson && !sse) return undefined;
  const binding = bindings.find((candidate) => candidate.method === method && isPlain(candidate));
  if (binding === undefined) return undefined;
  const { body, responseBody } = binding;
  return {
    verb: binding.httpMethod,
    path: renameVariables(binding, json),
    ...(body.kind === "none" ? {} : { body: body.kind === "all" ? "*" : memberOf(body.field, json) }),
    ...(responseBody === undefined ? {} : { reply: memberOf(responseBody, json) }),
    ...(isStream && !ndjson ? { sse: true } : {}),
    ...(isStream && hasOpenKeys(binding) ? { wrapped: true } : {}),
  };
}

function isPlain({ httpMethod, body, responseBody, variables, method }: Binding): boolean {
  const raw = (type: MessageType): boolean => type.name === "google.api.HttpBody";
  const rawField = (field: Field): boolean => field.type.kind === "message" && raw(field.type.message);
  if (!/^(?:GET|PUT|POST|PATCH|DELETE)$/.test(httpMethod)) return false;
  if (variables.some(({ fields }) => fields.some((field) => field.cardinality !== "singular"))) return false;
  if (body.kind === "field" && (rawField(body.field) || (body.parents?.length ?? 0) > 0)) return false;
  if (body.kind === "all" && raw(method.input)) return false;
  return responseBody === undefined ? !raw(method.output) : !rawField(responseBody);
}

/** The variables stand in the template in the order in which they are bound. */
function renameVariables({ template, variables }: Binding, json: JsonShape): string {
  const names = new Map(
    variables.map(({ variable, fields }) => [variable.path, fields.map((field) => memberOf(field, json)).join(".")]),
  );
  return template.text.replaceAll(/\{([^={}]+)/g, (_, path: string) => `{${names.get(path) ?? path}`);
}
