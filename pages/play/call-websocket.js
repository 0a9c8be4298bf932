// Simple mode: one call on one WebSocket at the method's REST path, bare JSON frames (docs/websocket.md).
import { toLaterBody, toRequest } from "./address.js";
import { describeClose } from "./status-names.js";
import { needsVerb } from "./schema.js";
import { membersOf } from "./json-text.js";

export function openWebSocket(request, sink) {
  const { method, text, sendsFirst, token } = request;
  const { url, hasFirst, toFrame } = toSimpleCall(request, text);
  const protocols = ["sluice.v1.json", ...(token === "" ? [] : [`bearer.${toBase64Url(token)}`])];
  const socket = new WebSocket(url, protocols);
  const waiting = [];
  let failure;
  const put = (kind, frame) => {
    if (socket.readyState === WebSocket.CONNECTING) waiting.push([kind, frame]);
    else if (socket.readyState === WebSocket.OPEN) {
      socket.send(frame);
      sink.frame("up", kind, frame);
    }
  };
  sink.state("opening");
  sink.frame("up", "WebSocket", url);
  socket.addEventListener("open", () => {
    sink.frame("down", "open", socket.protocol);
    sink.state("open");
    for (const [kind, frame] of waiting.splice(0)) put(kind, frame);
  });
  socket.addEventListener("message", ({ data }) => {
    const isOwn = typeof data === "string" && data.startsWith('{"@');
    const [kind, shown] = isOwn
      ? membersOf(data)[0]
      : ["message", typeof data === "string" ? data : `${data.size} bytes`];
    sink.frame("down", kind, shown);
    if (kind === "@status") failure = JSON.parse(shown);
  });
  socket.addEventListener("close", (event) => sink.outcome(toOutcome(event, failure)));
  const end = () => {
    put("half-close", "");
    sink.state("half-closed");
  };
  const send = (message) => put("message", toFrame(message));
  if (method.sendsMany ? sendsFirst : hasFirst) send(text);
  return { send, end, cancel: () => socket.close(1000, "cancelled"), grant: () => {} };
}

/** The URL, whether the call needs a first frame, and what a frame of a message is. */
export function toSimpleCall({ api, method, binding }, text) {
  // Without a body in the rule a client stream takes whole requests: the URL then has the path alone.
  const isWhole = method.sendsMany && binding.body === undefined;
  const used = isWhole ? { ...binding, body: "*" } : binding;
  const { path } = toRequest(api, method, used, text);
  const verb = needsVerb(api, method, binding) ? `${path.includes("?") ? "&" : "?"}$verb=${binding.verb}` : "";
  const url = `${location.origin.replace(/^http/, "ws")}${path}${verb}`;
  return { url, hasFirst: used.body !== undefined, toFrame: (message) => toLaterBody(api, method, used, message) };
}

/** base64url of the token's UTF-8, without padding: fit for the name of a sub-protocol. */
function toBase64Url(token) {
  const bytes = String.fromCharCode(...new TextEncoder().encode(token));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function toOutcome(event, failure) {
  const note = `close ${event.code}`;
  if (failure !== undefined) return { ...failure, note };
  if (event.code === 1000) return { code: event.reason === "cancelled" ? 1 : 0, message: "", note };
  const code = event.code > 4000 && event.code <= 4016 ? event.code - 4000 : 14;
  return { code, message: describeClose(event), note };
}
