// One binding as an operation of OpenAPI: its parameters, body, answers, and what callers must bring.
import type { Binding } from "../schema/binding.ts";
import type { Field, MessageType, Method, Schema } from "../schema/descriptor.ts";
import type { StreamRule } from "../schema/stream-rule.ts";
import { toText } from "./openapi-schema.ts";
import type { OpenApiParameter, SchemaObject, Schemas } from "./openapi-schema.ts";
import { listQueryParameters } from "./openapi-query.ts";
import type { JsonShape } from "./type-expression.ts";

type Content = Readonly<Record<string, { readonly schema?: SchemaObject }>>;

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: boolean; readonly description?: string; readonly content: Content };
  readonly responses: Readonly<Record<string, object>>;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

export interface OperationContext {
  readonly schemas: Schemas;
  readonly json: JsonShape;
  /** Names of the security schemes. */
  readonly schemes: readonly string[];
  readonly streamsAsResults: boolean;
  readonly authOf: (method: Method) => "required" | "optional" | "public";
  /** Its answers have entity tags, of GET and HEAD. */
  readonly isCached: (method: Method) => boolean;
  /** Of a success. */
  readonly statusOf: (method: Method) => number;
  readonly streamRuleOf: (method: Method) => StreamRule;
  /** Its answers may lack parts, and say which. */
  readonly isPartial: (method: Method) => boolean;
}

/** Ids that no two operations share: `Orders_GetOrder`, with its package where services share a name; `_2` for its second route. */
export function nameOperations({ services }: Schema): (method: Method) => string {
  const short = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
  const counts = new Map<string, number>();
  for (const { name } of services) counts.set(short(name), (counts.get(short(name)) ?? 0) + 1);
  const given = new Map<string, number>();
  return ({ service, localName }) => {
    const isShared = (counts.get(short(service.name)) ?? 0) > 1;
    const id = `${isShared ? service.name.replaceAll(".", "_") : short(service.name)}_${localName}`;
    const count = (given.get(id) ?? 0) + 1;
    given.set(id, count);
    return count === 1 ? id : `${id}_${count}`;
  };
}

export function describeOperation(
  binding: Binding,
  path: readonly OpenApiParameter[],
  operationId: string,
  context: OperationContext,
): Operation {
  const { method } = binding;
  const parameters = [...path, ...listQueryParameters(binding, context.json, context.schemas)];
  const body = describeBody(binding, context);
  return {
    operationId,
    tags: [method.service.name],
    ...describeText(method),
    ...(method.deprecated ? { deprecated: true } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      [String(context.statusOf(method))]: describeReply(binding, context),
      ...describeNotModified(binding, context),
      default: { $ref: "#/components/responses/Error" },
    },
    ...describeSecurity(method, context),
  };
}

function describeText(method: Method): Pick<Operation, "summary" | "description"> {
  const { description = "" } = toText(method);
  const [first] = description.split(/\n\s*\n/);
  const summary = first.replaceAll(/\s+/g, " ").trim();
  const more = [description, describeKind(method)].filter((part) => part !== "").join("\n\n");
  return {
    ...(summary === "" ? {} : { summary: summary.slice(0, 120) }),
    ...(more === "" ? {} : { description: more }),
  };
}

function describeKind({ kind, path }: Method): string {
  switch (kind) {
    case "server-streaming":
      return "Streams its answers, in the form that Accept asks for. Also over WebSocket at this path.";
    case "client-streaming":
      return "Takes a stream of messages: a JSON array of them, or one after the other. Also over WebSocket at this path.";
    case "bidi-streaming":
      return `Streams both ways: over WebSocket at this path, or as the gRPC method ${path}.`;
    case "unary":
    default:
      return "";
  }
}

function takesMany({ kind }: Method): boolean {
  return kind === "client-streaming" || kind === "bidi-streaming";
}

function describeBody({ body, method }: Binding, { schemas }: OperationContext): Operation["requestBody"] {
  if (body.kind === "none") return undefined;
  const type = body.kind === "all" ? method.input : singularMessage(body.field);
  if (isHttpBody(type)) return { required: false, content: { "*/*": {} } };
  const schema = body.kind === "all" ? schemas.ofMessage(method.input) : schemas.ofField(body.field);
  if (takesMany(method)) {
    return {
      required: false,
      content: {
        "application/json": { schema: { type: "array", items: schema } },
        "application/x-ndjson": { schema },
      },
    };
  }
  const text = body.kind === "all" ? {} : toText(body.field);
  return { required: true, ...text, content: { "application/json": { schema } } };
}

function describeReply(
  binding: Binding,
  { schemas, streamsAsResults, isPartial, streamRuleOf }: OperationContext,
): object {
  const { method, responseBody } = binding;
  const headers = isPartial(method) ? { headers: partialHeaders } : {};
  const shown = responseBody === undefined ? method.output : singularMessage(responseBody);
  const { description = "" } = toText(responseBody ?? method.output);
  const schema = responseBody === undefined ? schemas.ofMessage(method.output) : schemas.ofField(responseBody);
  const text = description === "" ? "The call has succeeded." : description;
  if (isHttpBody(shown)) return { description: text, content: { "*/*": {} } };
  if (method.kind === "unary" || method.kind === "client-streaming")
    return { description: text, ...headers, content: { "application/json": { schema } } };
  const content = streamsAsResults
    ? { "application/json": { schema: { type: "object", properties: { result: schema } } } }
    : streamContent(streamRuleOf(method), schema);
  return { description: `${text}\n\nMany of them, one after the other.`, content };
}

function streamContent({ ndjson, sse }: StreamRule, schema: SchemaObject): Content {
  return {
    "application/json": { schema: { type: "array", items: schema } },
    ...(ndjson ? { "application/x-ndjson": { schema } } : {}),
    ...(sse ? { "text/event-stream": { schema } } : {}),
  };
}

function singularMessage({ type, cardinality }: Field): MessageType | undefined {
  return type.kind === "message" && cardinality === "singular" ? type.message : undefined;
}

function isHttpBody(type: MessageType | undefined): boolean {
  return type?.name === "google.api.HttpBody";
}

const partialHeaders = {
  "x-sluice-partial": {
    description: "Names of the parts that could not be had; absent where nothing is missing.",
    schema: { type: "string" },
  },
};

const notModified = {
  description: "What `If-None-Match` names is still the answer.",
  headers: { etag: { description: "Of the answer.", schema: { type: "string" } } },
};

function describeNotModified(
  { method, httpMethod }: Binding,
  { isCached, statusOf }: OperationContext,
): Operation["responses"] {
  return httpMethod === "GET" && statusOf(method) === 200 && isCached(method) ? { "304": notModified } : {};
}

/** Any one of the schemes will do; an empty one is nobody in particular. */
function describeSecurity(method: Method, { schemes, authOf }: OperationContext): Pick<Operation, "security"> {
  if (schemes.length === 0) return {};
  const level = authOf(method);
  if (level === "public") return { security: [] };
  const any = schemes.map((name) => ({ [name]: [] }));
  return { security: level === "optional" ? [{}, ...any] : any };
}
