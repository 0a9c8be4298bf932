// The call as text for elsewhere: a shell with curl or wscat, a page with JavaScript. A token is never copied: `$TOKEN` stands for it.
import { toLaterBody, toRequest } from "./address.js";
import { muxUrl } from "./call-mux.js";
import { toSimpleCall } from "./call-websocket.js";
import { compactJson, indentJson } from "./json-text.js";

/** `request` as for openCall. All throw for a message that is no JSON. */
export function toCurl(transport, request) {
  const { api, method, binding, text, token } = request;
  const { verb, path, body } = toRequest(api, method, binding, text);
  const parts = ["curl", ...(method.getsMany ? ["-N"] : [])];
  if (verb !== "GET" && !(verb === "POST" && body !== undefined)) parts.push("-X", verb);
  // Brackets of maps in the query are ranges to curl.
  if (/[[\]{}]/.test(path)) parts.push("-g");
  parts.push(quote(location.origin + path));
  if (transport === "sse") parts.push("-H", quote("Accept: text/event-stream"));
  else if (method.getsMany) parts.push("-H", quote("Accept: application/x-ndjson"));
  if (token !== "") parts.push("-H", '"Authorization: Bearer $TOKEN"');
  if (body !== undefined) {
    const type = method.sendsMany ? "application/x-ndjson" : "application/json";
    parts.push("-H", quote(`Content-Type: ${type}`), "-d", quote(body));
  }
  return parts.join(" ");
}

/** The command, then the lines to type into it. */
export function toWscat(transport, request) {
  const { text, token, method } = request;
  const auth = token === "" ? [] : ["-H", '"Authorization: Bearer $TOKEN"'];
  if (transport !== "websocket") {
    const command = ["wscat", "-c", quote(muxUrl()), "-s", "sluice.mux.v1.json", ...auth].join(" ");
    return `${command}\n${muxFrames(method, text).join("\n")}\n`;
  }
  const { url, hasFirst, toFrame } = toSimpleCall(request, text);
  const command = ["wscat", "-c", quote(url), "-s", "sluice.v1.json", ...auth].join(" ");
  return hasFirst || method.sendsMany ? `${command}\n${toFrame(text)}\n` : `${command}\n`;
}

export function toScript(transport, request) {
  if (transport === "mux") return muxScript(request);
  if (transport === "websocket") return socketScript(request);
  const { api, method, binding, text } = request;
  const { verb, path, body } = toRequest(api, method, binding, text);
  if (transport === "sse" && verb === "GET" && request.token === "") return eventScript(path);
  return fetchScript(transport, request, { verb, path, body });
}

function quote(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function muxFrames({ name, sendsMany }, text) {
  const end = sendsMany ? "" : ',"end":true';
  return [
    '{"t":"init"}',
    `{"t":"open","id":1,"method":${JSON.stringify(name)},"credit":64,"m":${compactJson(text)}${end}}`,
  ];
}

/** With the client that the gateway serves; it is the same that the package has at `sluice/client`. */
function muxScript({ method, text, token }) {
  const { name, kind, sendsMany, getsMany } = method;
  const info = `{ name: ${JSON.stringify(name)}, kind: ${JSON.stringify(kind)} }`;
  const message = indentJson(text);
  const input = sendsMany ? "messages()" : message;
  const messages = sendsMany ? `async function* messages() {\n  yield ${message.replaceAll("\n", "\n  ")};\n}\n` : "";
  const options = token === "" ? "" : ", { getToken: () => token }";
  const call = getsMany
    ? `for await (const message of client.stream(${info}, ${input})) console.log(message);`
    : `console.log(await client.single(${info}, ${input}));`;
  return `const { connect } = await import(${JSON.stringify(`${location.origin}/-/sluice-client.js`)});
const client = connect(${JSON.stringify(location.origin)}${options});
${messages}${call}
`;
}

function socketScript(request) {
  const { method, text } = request;
  const { url, hasFirst, toFrame } = toSimpleCall(request, text);
  const protocols = request.token === "" ? "" : ', ["sluice.v1.json", `bearer.${base64UrlOfToken}`]';
  const sends = hasFirst || method.sendsMany;
  const first = sends ? `socket.onopen = () => {\n  socket.send(JSON.stringify(${toFrame(text)}));\n};\n` : "";
  const end = method.sendsMany ? 'const halfClose = () => socket.send("");\n' : "";
  return `const socket = new WebSocket(${JSON.stringify(url)}${protocols});
${first}socket.onmessage = ({ data }) => console.log(JSON.parse(data));
socket.onclose = ({ code, reason }) => console.log(code, reason);
${end}`;
}

function eventScript(path) {
  return `const events = new EventSource(${JSON.stringify(location.origin + path)});
events.onmessage = ({ data, lastEventId }) => console.log(JSON.parse(data), lastEventId);
events.addEventListener("status", ({ data }) => {
  console.log(JSON.parse(data));
  events.close();
});
`;
}

function fetchScript(transport, { api, method, binding, text, token }, { verb, path, body }) {
  const headers = method.getsMany ? { accept: transport === "sse" ? "text/event-stream" : "application/x-ndjson" } : {};
  const sent = method.sendsMany && body !== undefined ? toLaterBody(api, method, binding, text) : body;
  if (body !== undefined) headers["content-type"] = method.sendsMany ? "application/x-ndjson" : "application/json";
  const shownHeaders = JSON.stringify(headers).slice(1, -1);
  const auth = token === "" ? "" : "authorization: `Bearer ${token}`";
  const allHeaders = [shownHeaders, auth].filter(Boolean).join(", ");
  const lines = [`  method: ${JSON.stringify(verb)},`];
  if (allHeaders !== "") lines.push(`  headers: { ${allHeaders} },`);
  if (sent !== undefined) lines.push(`  body: JSON.stringify(${indentJson(sent).replaceAll("\n", "\n  ")}),`);
  const read = method.getsMany
    ? `for await (const text of response.body.pipeThrough(new TextDecoderStream())) console.log(text);\n`
    : `console.log(response.status, await response.json());\n`;
  return `const response = await fetch(${JSON.stringify(location.origin + path)}, {\n${lines.join("\n")}\n});\n${read}`;
}
