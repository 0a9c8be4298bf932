// The left half: what is called, over which transport, with which message; and the buttons that do it.
import { toRequest } from "./address.js";
import { toCurl, toScript, toWscat } from "./copy.js";
import { byId, element, on, toRichText } from "./element.js";
import { insertField, showFields } from "./field-list.js";
import { indentJson, problemOf } from "./json-text.js";
import { sampleRequest } from "./sample.js";
import { bindingsFor, kindNames, obstaclesOf, transportNames } from "./schema.js";
import { muxUrl } from "./call-mux.js";

const transports = Object.keys(transportNames);

const hints = {
  rest: ({ sendsMany, getsMany }) =>
    sendsMany
      ? "Browsers send a request body as a whole: messages are kept and go out with the half-close."
      : getsMany
        ? "One line of JSON a message (NDJSON)."
        : "",
  sse: () => "Server-sent events, as EventSource reads them.",
  websocket: () => "One call on one socket at the REST path; a frame is a bare message.",
  mux: () => "Many calls on one socket, with credit both ways; here one call on a socket of its own.",
};

/** What is on the left: `request()` for openCall, `onChange` when another method or transport is chosen. */
export function createComposer(api, onChange) {
  const state = { method: undefined, transport: "rest", binding: undefined };
  /** Messages as they were edited, by method. */
  const drafts = new Map();
  const message = byId("message");

  const refresh = () => showAddress(api, state, message.value);
  const setText = (text) => {
    message.value = text;
    drafts.set(state.method.name, text);
    refresh();
  };
  const fill = (all) => setText(indentJson(JSON.stringify(sampleRequest(api, state.method, state.binding, all))));
  const chooseTransport = (transport) => {
    state.transport = transport;
    showBindings(state);
    showTransports(api, state, chooseTransport);
    refresh();
    onChange(state);
  };
  const pick = (method, transport) => {
    state.method = method;
    showMethod(method);
    state.transport = firstPossible(api, method, transport ?? state.transport);
    showBindings(state);
    showTransports(api, state, chooseTransport);
    showFields(api, method.input, (path, value) => {
      const text = insertField(message.value, path, value);
      if (text !== undefined) setText(text);
    });
    if (drafts.has(method.name)) setText(drafts.get(method.name));
    else fill(method.bindings[0]?.body !== undefined);
    onChange(state);
  };

  message.addEventListener("input", () => setText(message.value));
  byId("binding").addEventListener("change", ({ target }) => {
    state.binding = bindingsFor(state.method, state.transport)[target.selectedIndex];
    refresh();
  });
  on("fill-all", "click", () => fill(true));
  on("fill-minimal", "click", () => fill(false));
  on("tidy", "click", () => {
    if (problemOf(message.value) === undefined) setText(indentJson(message.value));
  });
  const request = () => ({ api, ...state, text: message.value, token: byId("token").value.trim() });
  bindCopies(request);
  return {
    pick,
    request,
    chooseTransportAt(index) {
      const transport = transports[index];
      if (transport !== undefined && obstaclesOf(api, state.method)[transport] === undefined)
        chooseTransport(transport);
    },
  };
}

/** The transport wished for, else the first that the method can be called over. */
function firstPossible(api, method, wished) {
  const obstacles = obstaclesOf(api, method);
  if (obstacles[wished] === undefined) return wished;
  return transports.find((transport) => obstacles[transport] === undefined) ?? wished;
}

function showMethod(method) {
  byId("composer").hidden = false;
  byId("frames").hidden = false;
  byId("service-name").textContent = method.service;
  byId("method-name").textContent = method.localName;
  byId("method-kind").textContent = kindNames[method.kind];
  byId("method-kind").className = `kind ${method.kind}`;
  byId("reference").hidden = false;
  byId("method-comment").replaceChildren(...toParagraphs(method.comment ?? ""));
}

/** Line breaks of a comment are where its author's line was full; blank lines mean something. */
function toParagraphs(comment) {
  const texts = comment.split(/\n\s*\n/).map((text) => text.replaceAll(/\s*\n\s*/g, " "));
  return texts.filter((text) => text !== "").map((text) => element("p", {}, ...toRichText(text)));
}

function showTransports(api, { method, transport }, onChoose) {
  const obstacles = obstaclesOf(api, method);
  const focused = document.activeElement?.name === "transport";
  byId("transports").replaceChildren(
    ...transports.map((name) => {
      const input = element("input", {
        type: "radio",
        name: "transport",
        value: name,
        checked: name === transport,
        disabled: obstacles[name] !== undefined,
        onchange: () => onChoose(name),
      });
      return element("label", { title: obstacles[name] }, input, element("span", {}, transportNames[name]));
    }),
  );
  if (focused) byId("transports").querySelector("input:checked")?.focus();
  byId("transport-hint").textContent = obstacles[transport] ?? hints[transport](method);
  byId("credit").hidden = transport !== "mux";
}

function showBindings(state) {
  const found = bindingsFor(state.method, state.transport);
  const select = byId("binding");
  select.replaceChildren(...found.map(({ verb, template }) => element("option", {}, `${verb} ${template}`)));
  select.selectedIndex = Math.max(0, found.indexOf(state.binding));
  state.binding = found[select.selectedIndex];
  byId("binding-label").hidden = found.length < 2;
  select.hidden = found.length < 2;
}

/** What would be requested with the message as it stands. */
function showAddress(api, { method, transport, binding }, text) {
  const problem = problemOf(text);
  byId("message-problem").textContent = problem ?? "";
  byId("message").setAttribute("aria-invalid", String(problem !== undefined));
  byId("address-problem").textContent = "";
  if (transport === "mux" || binding === undefined) byId("address").textContent = `${muxUrl()}  ${method.name}`;
  else if (problem === undefined) {
    const { verb, path, problems } = toRequest(api, method, binding, text);
    byId("address").textContent = transport === "websocket" ? `WebSocket ${path}` : `${verb} ${path}`;
    byId("address-problem").textContent = problems.join("; ");
  }
}

function bindCopies(request) {
  const bind = (id, toText) => {
    on(id, "click", async () => byId("copied").replaceChildren(await copy(() => toText(request()))));
  };
  bind("copy-curl", ({ transport, ...rest }) => {
    if (rest.method.bindings.length === 0) throw new Error("the method has no HTTP rule");
    return toCurl(transport, { ...rest, binding: rest.binding ?? rest.method.bindings[0] });
  });
  bind("copy-wscat", ({ transport, ...rest }) => toWscat(transport, rest));
  bind("copy-script", ({ transport, ...rest }) => toScript(transport, rest));
}

/** What to say about it. */
async function copy(toText) {
  try {
    const text = toText();
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch (error) {
    return `not copied: ${error.message}`;
  }
}
