// `/pkg.Service/Method` → the method, exactly as the protos spell it, or the refusal gRPC clients know.
import type { MessageType, Method, Schema, Service } from "../../schema/descriptor.ts";
import { Code, GatewayError } from "../../status.ts";

/** Throws GatewayError (UNIMPLEMENTED) for what cannot be called. */
export type MethodOf = (path: string) => Method;

export function createMethodTable(schema: Schema, methods: readonly Method[], proxyUnknown: boolean): MethodOf {
  const byPath = new Map<string, Method>();
  // The first wins: the gateway's own services stand before a backend's of the same name.
  for (const method of methods) if (!byPath.has(method.path)) byPath.set(method.path, method);
  const services = new Set([...byPath.values()].map((method) => method.service.name));
  return (path) => {
    const method = byPath.get(path);
    if (method !== undefined) return method;
    const parts = /^\/([A-Za-z_][\w.]{0,511})\/([A-Za-z_]\w{0,255})$/.exec(path);
    if (parts === null) throw malformedPath();
    const [, service, name] = parts;
    if (services.has(service)) throw unimplemented(`unknown method ${name} for service ${service}`);
    if (!proxyUnknown) throw unimplemented(`unknown service ${service}`);
    return toOpaqueMethod(schema, service, name);
  };
}

/** Whether only the name of the method is known. */
export function isOpaque({ service }: Method): boolean {
  return service.methods.length === 0;
}

function malformedPath(): GatewayError {
  return new GatewayError(Code.UNIMPLEMENTED, "malformed method name: /package.Service/Method is expected", {
    reason: "METHOD_UNKNOWN",
  });
}

function unimplemented(message: string): GatewayError {
  return new GatewayError(Code.UNIMPLEMENTED, message, { reason: "METHOD_UNKNOWN" });
}

/** A method of which only the name is known: a stream both ways, of messages nobody here looks into. */
function toOpaqueMethod(schema: Schema, serviceName: string, localName: string): Method {
  const nowhere = { file: serviceName, line: 0, column: 0 };
  const declared = {
    position: nowhere,
    comment: "",
    options: new Map(),
    optionPosition: () => nowhere,
    deprecated: false,
  };
  const service: Service = { ...declared, kind: "service", name: serviceName, methods: [] };
  const anything = standIn(schema);
  return {
    ...declared,
    name: `${serviceName}.${localName}`,
    localName,
    path: `/${serviceName}/${localName}`,
    service,
    input: anything,
    output: anything,
    kind: "bidi-streaming",
    idempotency: "unknown",
  };
}

/** Every schema has it: the linker adds it. */
function standIn(schema: Schema): MessageType {
  const empty = schema.message("google.protobuf.Empty");
  if (empty === undefined) throw new Error("the schema is without google.protobuf.Empty");
  return empty;
}
