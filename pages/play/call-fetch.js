// REST and server-sent events by fetch: the messages of a client stream are kept until the half-close and sent as one body.
import { toLaterBody, toRequest } from "./address.js";
import { piecesOf, readEvents, readLines, readText } from "./read-body.js";
import { fieldOf } from "./schema.js";

const maxQueued = 1000;

export function openFetch(request, sink, transport) {
  const { method, text, sendsFirst } = request;
  const abort = new AbortController();
  const start = (texts) => void run(request, texts, { sink, transport, signal: abort.signal });
  const cancel = () => {
    abort.abort();
    sink.outcome({ code: 1, message: "you have cancelled the call" });
  };
  if (!method.sendsMany) {
    start([text]);
    return { send: () => {}, end: () => {}, cancel, grant: () => {} };
  }
  const texts = [];
  const send = (message) => {
    if (texts.length >= maxQueued) throw new Error(`at most ${maxQueued} messages can wait for the half-close`);
    texts.push(message);
    sink.frame("note", "queued", message);
  };
  sink.state("open");
  if (sendsFirst) send(text);
  return { send, end: () => start(texts), cancel, grant: () => {} };
}

/** Never rejects. */
async function run(request, texts, { sink, transport, signal }) {
  try {
    const { verb, path, headers, body, shown } = toFetch(request, texts, transport);
    sink.frame("up", `${verb} ${path}`, shown);
    sink.state(request.method.sendsMany ? "half-closed" : "opening");
    const response = await fetch(path, { method: verb, headers, body, signal, cache: "no-store" });
    sink.frame("down", `HTTP ${response.status}`, [...response.headers].map((pair) => pair.join(": ")).join("\n"));
    if (response.ok) await receive(response, request, sink);
    else sink.outcome(toFailure(response.status, await readText(response)));
  } catch (error) {
    sink.outcome({ code: 14, message: `the connection broke: ${error.message}` });
  }
}

function toFetch(request, texts, transport) {
  const { api, method, binding, token } = request;
  const target = toRequest(api, method, binding, texts[0] ?? request.text);
  const headers = { accept: acceptOf(method, transport) };
  if (token !== "") headers.authorization = `Bearer ${token}`;
  const bodies = texts.map((text, index) => (index === 0 ? target.body : toLaterBody(api, method, binding, text)));
  const hasBody = binding.body !== undefined && bodies.some((body) => body !== undefined);
  if (!hasBody) return { ...target, headers, body: undefined, shown: "" };
  if (bodyType(api, method, binding) === "google.api.HttpBody")
    return { ...target, headers, ...toRaw(bodies, headers) };
  const shown = bodies.map((body) => body ?? "{}").join("\n");
  headers["content-type"] = method.sendsMany ? "application/x-ndjson" : "application/json";
  return { ...target, headers, body: shown, shown };
}

function acceptOf({ getsMany, without }, transport) {
  if (transport === "sse") return "text/event-stream";
  return getsMany && !without.includes("ndjson") ? "application/x-ndjson, */*;q=0.1" : "*/*";
}

function bodyType(api, { input }, { body }) {
  return body === "*" ? input : fieldOf(api, input, body)?.type.name;
}

/** An HttpBody is no JSON on the way: its bytes are the body. */
function toRaw(bodies, headers) {
  const values = bodies.map((body) => JSON.parse(body ?? "{}"));
  headers["content-type"] = values[0]?.contentType || "application/octet-stream";
  const body = new Blob(values.map(({ data }) => fromBase64(data ?? "")));
  return { body, shown: `${body.size} bytes of ${headers["content-type"]}` };
}

export function fromBase64(text) {
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(bytes, (character) => character.charCodeAt(0));
}

async function receive(response, { api, method }, sink) {
  const type = (response.headers.get("content-type") ?? "").split(";", 1)[0];
  // grpc-gateway calls its lines application/json.
  const isLegacy = api.profile === "grpc-gateway" && method.getsMany && type === "application/json";
  if (method.getsMany) sink.state("open");
  if (response.status === 204 || response.body === null) sink.frame("note", "no body", "");
  else if (type === "text/event-stream") await receiveEvents(response, sink);
  else if (isLegacy || type === "application/x-ndjson" || type === "application/jsonl")
    await receiveLines(response, isLegacy ? "error" : "@status", sink);
  else if (type !== "" && !/json|text|xml|javascript/.test(type))
    sink.frame("down", "message", `${(await response.arrayBuffer()).byteLength} bytes of ${type}`);
  else if (method.getsMany) await receivePieces(response, sink);
  else sink.frame("down", "message", await readText(response));
  sink.outcome({ code: 0, message: "" });
}

/** `failure` is the only key of a last line that tells of a failure. */
async function receiveLines(response, failure, sink) {
  for await (const line of readLines(response)) {
    if (line.trim() === "") continue;
    if (line.startsWith(`{"${failure}":`)) {
      sink.frame("down", failure, line);
      sink.outcome(JSON.parse(line)[failure]);
      return;
    }
    sink.frame("down", "message", line);
    await sink.settled();
  }
}

/** Text without frames of its own, an array or a file: as it comes. */
async function receivePieces(response, sink) {
  for await (const piece of piecesOf(response)) {
    sink.frame("down", "part", piece);
    await sink.settled();
  }
}

async function receiveEvents(response, sink) {
  for await (const { name, id, data, note } of readEvents(response)) {
    const suffix = id === undefined ? "" : ` id ${id}`;
    if (note !== undefined) sink.frame("note", "comment", note);
    else if (name === "status") {
      const status = JSON.parse(data);
      sink.frame("down", `event: status${suffix}`, data);
      sink.outcome(status["@status"] ?? status);
      return;
    } else sink.frame("down", `event: ${name}${suffix}`, data);
    await sink.settled();
  }
}

/** Error bodies come in several shapes, by `http.errors`. */
function toFailure(httpStatus, text) {
  try {
    const body = JSON.parse(text);
    const { code, message, detail, title, details } = typeof body.error === "object" ? body.error : body;
    const isCode = Number.isInteger(code) && code <= 16;
    return {
      code: isCode ? code : 2,
      message: message ?? detail ?? title ?? text,
      details,
      note: `HTTP ${httpStatus}`,
    };
  } catch {
    return { code: 2, message: text.slice(0, 1000), note: `HTTP ${httpStatus}` };
  }
}
