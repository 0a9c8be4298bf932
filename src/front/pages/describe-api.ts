// What /-/api.json says: services, methods, their bindings and types, as the playground needs them to make up requests.
import type { Binding, Profile, Template } from "../../schema/binding.ts";
import type { Method, MethodKind, Schema, Service } from "../../schema/descriptor.ts";
import type { StreamRule } from "../../schema/stream-rule.ts";
import { cutComment } from "./comment.ts";
import { describeTypes, type TypesDescription } from "./describe-types.ts";

const maxMethods = 5000;
const maxBindings = 20;

/** Text of a path, or a place for the value of a field; a wildcard that fills no field has an empty `field`. */
export type PathPart = string | { readonly field: readonly string[]; readonly pattern: string };

export interface BindingDescription {
  readonly verb: string;
  /** The template as written. */
  readonly template: string;
  readonly parts: readonly PathPart[];
  /** `*` for the whole request; absent for none. */
  readonly body?: string;
}

export interface MethodDescription {
  /** `pkg.Service/Method` */
  readonly name: string;
  readonly kind: MethodKind;
  readonly input: string;
  readonly output: string;
  readonly comment?: string;
  readonly deprecated?: true;
  readonly bindings: readonly BindingDescription[];
  /** What is turned off for it. */
  readonly without?: readonly string[];
  /** The request field that takes a resume token. */
  readonly resumeFrom?: string;
}

export interface ServiceDescription {
  readonly name: string;
  readonly comment?: string;
  readonly methods: readonly MethodDescription[];
}

export interface ApiDescription extends Omit<TypesDescription, "leftOut"> {
  /** How streams over HTTP are framed depends on it. */
  readonly profile: Profile;
  /** Whether the gateway takes WebSockets at all, and for unary methods. */
  readonly webSocket: { readonly enabled: boolean; readonly unary: boolean };
  readonly services: readonly ServiceDescription[];
  /** How much there was no room for. */
  readonly leftOut: { readonly methods: number; readonly types: number };
}

export interface ApiSource {
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
  readonly profile: Profile;
  readonly webSocket: ApiDescription["webSocket"];
  /** What is in force for a method. */
  readonly streamRuleOf: (method: Method) => StreamRule;
}

export function describeApi({ schema, bindings, profile, webSocket, ...rules }: ApiSource): ApiDescription {
  const bindingsOf = new Map<Method, Binding[]>();
  for (const binding of bindings) {
    const known = bindingsOf.get(binding.method);
    if (known === undefined) bindingsOf.set(binding.method, [binding]);
    else known.push(binding);
  }
  const shown: Method[] = [];
  let leftOut = 0;
  const services = schema.services.map((service) => {
    const methods = service.methods.slice(0, maxMethods - shown.length);
    leftOut += service.methods.length - methods.length;
    shown.push(...methods);
    return describeService(service, methods, bindingsOf, rules);
  });
  const { messages, enums, leftOut: typesLeftOut } = describeTypes(shown);
  const kept = services.filter(({ methods }) => methods.length > 0);
  return { profile, webSocket, services: kept, messages, enums, leftOut: { methods: leftOut, types: typesLeftOut } };
}

function describeService(
  { name, comment }: Service,
  methods: readonly Method[],
  bindingsOf: ReadonlyMap<Method, readonly Binding[]>,
  rules: Pick<ApiSource, "streamRuleOf">,
): ServiceDescription {
  const described = methods.map((method) => describeMethod(method, bindingsOf.get(method) ?? [], rules));
  return { name, ...cutComment(comment), methods: described };
}

function describeMethod(
  method: Method,
  bindings: readonly Binding[],
  { streamRuleOf }: Pick<ApiSource, "streamRuleOf">,
): MethodDescription {
  return {
    name: method.path.slice(1),
    kind: method.kind,
    input: method.input.name,
    output: method.output.name,
    ...cutComment(method.comment),
    ...(method.deprecated ? { deprecated: true } : {}),
    bindings: bindings.slice(0, maxBindings).map(describeBinding),
    ...describeStream(method, streamRuleOf(method)),
  };
}

/** What matters to who tries a method. */
function describeStream(
  { input }: Method,
  { webSocket, sse, ndjson, resume }: StreamRule,
): Pick<MethodDescription, "without" | "resumeFrom"> {
  const without = Object.entries({ ws: webSocket, sse, ndjson }).flatMap(([form, isOn]) => (isOn ? [] : [form]));
  const field = resume === "off" ? undefined : input.field(resume.from);
  return {
    ...(without.length === 0 ? {} : { without }),
    ...(field === undefined ? {} : { resumeFrom: field.jsonName }),
  };
}

function describeBinding(binding: Binding): BindingDescription {
  const { httpMethod, template, body } = binding;
  return {
    verb: httpMethod,
    template: template.text,
    parts: toParts(binding, template),
    ...(body.kind === "none" ? {} : { body: body.kind === "all" ? "*" : body.field.jsonName }),
  };
}

function toParts({ variables }: Binding, { segments, verb }: Template): PathPart[] {
  const parts: PathPart[] = [];
  let text = "";
  for (let index = 0; index < segments.length;) {
    const bound = variables.find(({ variable }) => variable.start === index);
    const segment = segments[index];
    const end = bound?.variable.end ?? index + 1;
    if (bound === undefined && segment.kind === "literal") text += `/${encodeSegment(segment.value)}`;
    else {
      parts.push(`${text}/`, {
        field: bound === undefined ? [] : bound.fields.map((field) => field.jsonName),
        pattern: segments.slice(index, end).map(formatSegment).join("/"),
      });
      text = "";
    }
    index = end;
  }
  const rest = `${text}${verb === undefined ? "" : `:${encodeSegment(verb)}`}`;
  const path = rest === "" ? parts : [...parts, rest];
  return path.length === 0 ? ["/"] : path;
}

function formatSegment(segment: Template["segments"][number]): string {
  if (segment.kind === "literal") return segment.value;
  return segment.kind === "single" ? "*" : "**";
}

function encodeSegment(text: string): string {
  return encodeURIComponent(text);
}
