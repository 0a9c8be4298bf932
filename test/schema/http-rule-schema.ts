// A hand-made schema for rule tests: messages by a short notation, options as the linker gives them, positions by option path.
import type { Position } from "../../src/diagnostic.ts";
import type {
  Field,
  MessageType,
  Method,
  Oneof,
  OptionMessage,
  OptionValue,
  Schema,
  Service,
} from "../../src/schema/descriptor.ts";

/** `string`, `repeated string`, `map`, `.pkg.Message`, `repeated .pkg.Message`; `oneof` names its oneof. */
export type Notation = Readonly<Record<string, string>>;
export type PlainRule = { readonly [key: string]: string | PlainRule | readonly PlainRule[] };

export interface Rpc {
  readonly name: string;
  readonly input: string;
  readonly output?: string;
  readonly http?: PlainRule;
}

export function positionOf(what: string): Position {
  return { file: what, line: 1, column: 1 };
}

/** Service `t.S`; every position's file names the declaration or option it stands for. */
export function handMadeSchema(messages: Readonly<Record<string, Notation>>, rpcs: readonly Rpc[]): Schema {
  const types = new Map<string, MessageType>();
  const typeOf = (name: string): MessageType => {
    const found = types.get(name);
    if (found !== undefined) return found;
    const fields: Field[] = [];
    const field = (wanted: string) =>
      fields.find(({ protoName, jsonName }) => protoName === wanted || jsonName === wanted);
    const type = {
      ...declared(name),
      kind: "message",
      fields,
      extensions: [],
      oneofs: [],
      isMapEntry: false,
      isMessageSet: false,
      field,
    } as const;
    types.set(name, type);
    const oneofs = new Map<string, Oneof>();
    for (const [fieldName, text] of Object.entries(messages[name] ?? {}))
      fields.push(fieldOf(type, fieldName, text, oneofs, typeOf));
    return type;
  };
  const service = { ...declared("t.S"), kind: "service", methods: [] as Method[] } as const satisfies Service;
  for (const rpc of rpcs) service.methods.push(methodOf(service, rpc, typeOf));
  const methods = new Map(service.methods.map((method) => [method.name, method]));
  return {
    files: [],
    services: [service],
    messages: [...types.values()],
    message: (name) => types.get(name),
    enum: () => undefined,
    method: (name) => methods.get(name),
    extension: () => undefined,
  };
}

function declared(name: string) {
  const options: OptionMessage = new Map();
  return { name, position: positionOf(name), comment: "", options, deprecated: false, optionPosition: positionOf };
}

function methodOf(service: Service, rpc: Rpc, typeOf: (name: string) => MessageType): Method {
  const options = new Map<string, OptionValue>();
  if (rpc.http !== undefined) options.set("(google.api.http)", toOption(rpc.http));
  return {
    ...declared(`t.S.${rpc.name}`),
    options,
    optionPosition: (path) => positionOf(`${rpc.name} ${path}`),
    localName: rpc.name,
    path: `/t.S/${rpc.name}`,
    service,
    input: typeOf(rpc.input),
    output: typeOf(rpc.output ?? rpc.input),
    kind: "unary",
    idempotency: "unknown",
  };
}

function toOption(value: string | PlainRule | readonly PlainRule[]): OptionValue {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((entry: PlainRule) => toOption(entry));
  return new Map(Object.entries(value).map(([key, inner]) => [key, toOption(inner)]));
}

function fieldOf(
  parent: MessageType,
  protoName: string,
  text: string,
  oneofs: Map<string, Oneof>,
  typeOf: (name: string) => MessageType,
): Field {
  const [, cardinality = "singular", typeName, oneofName] =
    /^(?:(repeated|map) )?(\S+)(?: in (\w+))?$/.exec(text) ?? [];
  const isMessage = typeName.startsWith(".");
  let oneof: Oneof | undefined;
  if (oneofName !== undefined) {
    oneof = oneofs.get(oneofName) ?? { ...declared(oneofName), name: oneofName, fields: [] };
    oneofs.set(oneofName, oneof);
  }
  return {
    ...declared(`${parent.name}.${protoName}`),
    protoName,
    jsonName: protoName.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    number: 1,
    cardinality: cardinality as Field["cardinality"],
    type: isMessage ? { kind: "message", message: typeOf(typeName.slice(1)) } : { kind: "scalar", scalar: "string" },
    hasPresence: isMessage,
    required: false,
    packed: false,
    delimited: false,
    validateUtf8: true,
    oneof,
    isProto3Optional: false,
    parent,
  };
}
