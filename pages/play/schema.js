// What /-/api.json says, with the questions the page has to it.

export const transportNames = { rest: "REST", sse: "SSE", websocket: "WebSocket", mux: "Multiplexed" };

export const kindNames = {
  unary: "unary",
  "server-streaming": "server stream",
  "client-streaming": "client stream",
  "bidi-streaming": "bidirectional",
};

export async function loadApi() {
  const response = await fetch("/-/api.json");
  if (!response.ok) throw new Error(`/-/api.json answered ${response.status}`);
  const api = await response.json();
  const methods = api.services.flatMap((service) => service.methods.map((method) => toMethod(method, service)));
  return { ...api, methods };
}

function toMethod(method, service) {
  const slash = method.name.indexOf("/");
  return {
    ...method,
    service: service.name,
    localName: method.name.slice(slash + 1),
    without: method.without ?? [],
    sendsMany: method.kind === "client-streaming" || method.kind === "bidi-streaming",
    getsMany: method.kind === "server-streaming" || method.kind === "bidi-streaming",
  };
}

/** Transport → why it cannot be used for the method, or undefined where it can. */
export function obstaclesOf(api, method) {
  const { bindings, kind, without, getsMany } = method;
  const hasRule = bindings.some(({ verb }) => verb !== "WEBSOCKET");
  const noRule = hasRule ? undefined : "the method has no HTTP rule";
  const noSocket = api.webSocket.enabled ? undefined : "websocket.enabled is off";
  const turnedOff = without.includes("ws") ? "(sluice.stream) turns it off" : undefined;
  const unaryOnly =
    kind === "unary" && !api.webSocket.unary ? "the method is unary, and websocket.unary is off" : undefined;
  const oneOnly = getsMany ? undefined : "the server sends one message only";
  const noEvents = api.profile === "grpc-gateway" ? "profile grpc-gateway has no server-sent events" : oneOnly;
  return {
    rest: noRule,
    sse: noRule ?? noEvents ?? (without.includes("sse") ? "(sluice.stream) turns it off" : undefined),
    websocket: bindings.length === 0 ? "the method has no HTTP rule" : (noSocket ?? turnedOff ?? unaryOnly),
    mux: noSocket ?? turnedOff,
  };
}

/** The bindings a transport can use: HTTP knows no verb WEBSOCKET. */
export function bindingsFor(method, transport) {
  if (transport === "mux") return [];
  if (transport === "websocket") return method.bindings;
  return method.bindings.filter(({ verb }) => verb !== "WEBSOCKET");
}

/** Whether a WebSocket at the binding's path has to say `$verb`: another method streams there under another verb. */
export function needsVerb(api, method, binding) {
  const shape = shapeOf(binding);
  return api.methods.some(
    (other) =>
      other !== method &&
      (other.kind !== "unary" || api.webSocket.unary) &&
      other.bindings.some((found) => found.verb !== binding.verb && shapeOf(found) === shape),
  );
}

function shapeOf({ parts }) {
  return parts.map((part) => (typeof part === "string" ? part : part.pattern)).join("");
}

export function fieldOf(api, typeName, name) {
  return api.messages[typeName]?.fields.find((field) => field.name === name || field.protoName === name);
}
