// A request that a binding accepts, made up from its message types: the curl lines printed at start.
import type { Binding, BoundVariable } from "../schema/binding.ts";
import type { EnumType, Field, FieldType, MessageType } from "../schema/descriptor.ts";

const maxDepth = 3;
const maxFields = 6;

/** Their JSON is no object of their fields. Undefined: left out of samples. */
const wellKnown: Readonly<Record<string, unknown>> = {
  "google.protobuf.Timestamp": "2026-01-02T03:04:05Z",
  "google.protobuf.Duration": "1.500s",
  "google.protobuf.FieldMask": undefined,
  "google.protobuf.Any": undefined,
  "google.protobuf.Empty": {},
  "google.protobuf.Struct": { key: "value" },
  "google.protobuf.Value": "value",
  "google.protobuf.ListValue": ["value"],
  "google.protobuf.StringValue": "text",
  "google.protobuf.BytesValue": "AQID",
  "google.protobuf.BoolValue": true,
  "google.protobuf.Int32Value": 1,
  "google.protobuf.UInt32Value": 1,
  "google.protobuf.Int64Value": "1",
  "google.protobuf.UInt64Value": "1",
  "google.protobuf.FloatValue": 1.5,
  "google.protobuf.DoubleValue": 1.5,
  "google.api.HttpBody": undefined,
};

export interface SampleRequest {
  readonly httpMethod: string;
  readonly path: string;
  /** JSON; undefined for no body. */
  readonly body: string | undefined;
}

/** Undefined where no plain JSON request can be made up: streams, raw bodies. */
export function createSample(binding: Binding): SampleRequest | undefined {
  const { method, body } = binding;
  if (method.kind !== "unary") return undefined;
  const httpMethod = binding.httpMethod === "*" ? "GET" : binding.httpMethod;
  const path = samplePath(binding);
  if (body.kind === "none" || httpMethod === "GET" || httpMethod === "HEAD")
    return { httpMethod, path, body: undefined };
  if (body.kind === "field") {
    const value = sampleField(
      body.field,
      new Set([method.input]),
      binding.variables.filter(({ fields }) => fields[0] === body.field),
      1,
    );
    return value === undefined ? undefined : { httpMethod, path, body: JSON.stringify(value) };
  }
  const value = Object.hasOwn(wellKnown, method.input.name)
    ? wellKnown[method.input.name]
    : sampleMessage(method.input, new Set(), binding.variables, 0);
  return value === undefined ? undefined : { httpMethod, path, body: JSON.stringify(value) };
}

/** Undefined where the stream needs more than its URL to say something. */
export function createStreamSample(binding: Binding): SampleRequest | undefined {
  const { method, body, httpMethod } = binding;
  if (method.kind !== "server-streaming" || body.kind !== "none" || httpMethod !== "GET") return undefined;
  return { httpMethod, path: samplePath(binding), body: undefined };
}

/** A bidirectional stream to open by hand: its URL over WebSocket. */
export function createChatSample(binding: Binding): string | undefined {
  return binding.method.kind === "bidi-streaming" ? samplePath(binding) : undefined;
}

/** A line for a POSIX shell; `socket` is the file the gateway listens on, if it is one. */
export function formatCurl(base: string, { httpMethod, path, body }: SampleRequest, socket?: string): string {
  const method =
    httpMethod === "GET" || (httpMethod === "POST" && body !== undefined)
      ? ""
      : httpMethod === "HEAD"
        ? " -I"
        : ` -X ${httpMethod}`;
  const url = `${base}${path}`;
  const target = /^[\w.:/%~-]+$/.test(url) ? url : quoteShell(url);
  return `curl${socket === undefined ? "" : ` --unix-socket ${quoteShell(socket)}`}${method} ${target}${body === undefined ? "" : ` -H 'content-type: application/json' -d ${quoteShell(body)}`}`;
}

export function formatWscat(base: string, path: string): string {
  const url = `${base.replace(/^http/, "ws")}${path}`;
  return `npx wscat -c ${/^[\w.:/%~-]+$/.test(url) ? url : quoteShell(url)}`;
}

function quoteShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function samplePath({ template, variables }: Binding): string {
  const segments = template.segments.map((segment, index) => {
    if (segment.kind === "literal") return encodeSegment(segment.value);
    const bound = variables.find(({ variable }) => variable.start <= index && index < variable.end);
    return encodeSegment(bound === undefined || bound.variable.isMulti ? "1" : String(samplePathValue(bound)));
  });
  return `/${segments.join("/")}${template.verb === undefined ? "" : `:${encodeSegment(template.verb)}`}`;
}

function samplePathValue(bound: BoundVariable): unknown {
  const { type } = bound.fields[bound.fields.length - 1];
  if (type.kind === "scalar" && type.scalar === "string") return "1";
  return sampleType(type, new Set(), [], maxDepth) ?? "1";
}

function encodeSegment(text: string): string {
  return encodeURIComponent(text).replaceAll(/%(3A|40|24|2C|2B|3B|3D)/g, decodeURIComponent);
}

/** `seen` stops recursion; `bound` are the variables of the path, whose fields must not stand in the body. */
function sampleMessage(
  message: MessageType,
  seen: ReadonlySet<MessageType>,
  bound: readonly BoundVariable[],
  depth: number,
): Record<string, unknown> {
  const value: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const inside = new Set(seen).add(message);
  const oneofs = new Set<unknown>();
  let count = 0;
  for (const field of message.fields) {
    if (count >= maxFields) break;
    const isOutput =
      isOutputOnly(field) || bound.some(({ fields }) => fields[depth] === field && fields.length === depth + 1);
    if (isOutput || field.deprecated || (field.oneof !== undefined && oneofs.has(field.oneof))) continue;
    // Deeper variables still matter inside this field only.
    const inner = bound.filter(({ fields }) => fields[depth] === field);
    const sample = sampleField(field, inside, inner, depth + 1);
    if (sample === undefined) continue;
    oneofs.add(field.oneof ?? field);
    value[field.jsonName] = sample;
    count += 1;
  }
  return value;
}

function sampleField(
  field: Field,
  seen: ReadonlySet<MessageType>,
  bound: readonly BoundVariable[],
  depth: number,
): unknown {
  if (field.cardinality === "map") {
    const entry = field.type.kind === "message" ? field.type.message : undefined;
    const [key, inner] = [entry?.field("key"), entry?.field("value")];
    if (key === undefined || inner === undefined) return undefined;
    const value = sampleType(inner.type, seen, [], depth);
    return value === undefined ? undefined : { [String(sampleType(key.type, seen, [], depth))]: value };
  }
  const value = sampleType(field.type, seen, bound, depth);
  return value !== undefined && field.cardinality === "repeated" ? [value] : value;
}

function sampleType(
  type: FieldType,
  seen: ReadonlySet<MessageType>,
  bound: readonly BoundVariable[],
  depth: number,
): unknown {
  if (type.kind === "scalar") return sampleScalar(type.scalar);
  if (type.kind === "enum") return sampleEnum(type.enum);
  if (Object.hasOwn(wellKnown, type.message.name)) return wellKnown[type.message.name];
  if (seen.has(type.message) || depth >= maxDepth) return undefined;
  return sampleMessage(type.message, seen, bound, depth);
}

function sampleScalar(scalar: string): unknown {
  if (scalar === "string") return "text";
  if (scalar === "bytes") return "AQID";
  if (scalar === "bool") return true;
  if (scalar === "double" || scalar === "float") return 1.5;
  return scalar.includes("64") ? "1" : 1;
}

/** The first name that means something: zero is "unspecified" by convention. */
function sampleEnum({ values, name }: EnumType): unknown {
  if (name === "google.protobuf.NullValue") return null;
  return (values.find(({ number }) => number !== 0) ?? values[0])?.name;
}

function isOutputOnly(field: Field): boolean {
  const behavior = field.options.get("(google.api.field_behavior)");
  return Array.isArray(behavior) && behavior.some((value) => value === "OUTPUT_ONLY" || value === "IDENTIFIER");
}
