// OPEN FIRST: puts the parts of the playground together. Left: methods, then what is called (composer.js); right: frames (log.js).
import { openCall } from "./call.js";
import { createComposer } from "./composer.js";
import { byId, element, on } from "./element.js";
import { indentJson, problemOf } from "./json-text.js";
import { createLog } from "./log.js";
import { createMethodList } from "./method-list.js";
import { loadApi } from "./schema.js";
import { codeName } from "./status-names.js";

const log = createLog();
/** The call under way, and what it can take. */
let call;
let canSend = false;
/** Counts calls: what an older one still has to say is not about the one that is shown. */
let generation = 0;

try {
  start(await loadApi());
} catch (error) {
  notify(`The playground does not start: ${error.message}`);
}

function start(api) {
  if (api.methods.length === 0) notify("The protos have no methods.");
  const composer = createComposer(api, ({ method, transport }) => {
    list.mark(method);
    history.replaceState(undefined, "", `#${method.name}:${transport}`);
    document.title = `${method.localName} · Sluice playground`;
    showButtons(composer?.request());
  });
  const list = createMethodList(api, (method) => {
    // Another method is another call: what is under way is given up.
    abandon();
    composer.pick(method);
    openMethods(false);
    byId("message").focus({ preventScroll: true });
  });
  bindButtons(composer);
  bindKeys(composer);
  on("methods-toggle", "click", () => openMethods(byId("methods-toggle").getAttribute("aria-expanded") !== "true"));
  on("clear", "click", () => {
    log.clear();
    byId("outcome").hidden = true;
  });
  const [name, transport] = decodeURIComponent(location.hash.slice(1)).split(":");
  const first = api.methods.find((method) => method.name === name) ?? firstToShow(api);
  if (first !== undefined) composer.pick(first, transport);
  showButtons(composer.request());
}

/** A stream: what nothing else lets people try so easily. */
function firstToShow({ methods }) {
  return methods.find(({ kind }) => kind !== "unary") ?? methods[0];
}

function openMethods(isOpen) {
  byId("methods-toggle").setAttribute("aria-expanded", String(isOpen));
}

function abandon() {
  generation += 1;
  call?.cancel();
  call = undefined;
  canSend = false;
  showState("idle");
}

function notify(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = false;
}

function bindButtons(composer) {
  on("send", "click", () => send(composer));
  on("half-close", "click", () => halfClose(composer));
  on("cancel", "click", () => call?.cancel());
  on("credit-window", "input", ({ target }) => (byId("credit-amount").textContent = target.value));
  on("credit-grant", "click", () => call?.grant(readWindow()));
  on("credit-auto", "change", ({ target }) => call?.setAutomatic?.(target.checked));
}

function bindKeys(composer) {
  addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, shiftKey, altKey, target } = event;
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
    if (key === "Enter" && (ctrlKey || metaKey)) (shiftKey ? halfClose : send)(composer);
    else if (key === "Escape" && call !== undefined) call.cancel();
    else if (altKey && /^[1-4]$/.test(key)) composer.chooseTransportAt(Number(key) - 1);
    else if (key === "/" && !isTyping) {
      openMethods(true);
      byId("search").focus();
    } else return;
    event.preventDefault();
  });
}

function readWindow() {
  return Math.min(4096, Math.max(1, Math.trunc(Number(byId("credit-window").value)) || 1));
}

function send(composer) {
  if (call === undefined) open(composer, true);
  else if (canSend && isJson(composer)) sendLater(composer.request().text);
}

/** A message that cannot be sent does not end the call. */
function sendLater(text) {
  try {
    call.send(text);
  } catch (error) {
    log.add("note", "not sent", error.message);
  }
}

/** Without a call under way it opens one that has no message at all. */
function halfClose(composer) {
  const { method } = composer.request();
  if (!method.sendsMany) return;
  if (call === undefined) open(composer, false);
  if (!canSend || call === undefined) return;
  canSend = false;
  call.end();
  showButtons(composer.request());
}

function isJson(composer) {
  return problemOf(composer.request().text) === undefined;
}

function open(composer, sendsFirst) {
  const { transport, ...request } = composer.request();
  if (!isJson(composer)) {
    byId("message").focus();
    return;
  }
  log.clear();
  log.start();
  byId("outcome").hidden = true;
  canSend = request.method.sendsMany;
  const credit = { window: readWindow(), isAutomatic: byId("credit-auto").checked };
  try {
    call = openCall(transport, { ...request, ...credit, sendsFirst }, createSink(composer));
  } catch (error) {
    showOutcome({ code: 3, message: error.message, note: "nothing was sent" });
  }
  showButtons(request);
  // Side by side they are both in view; below each other, somebody who is done with the message wants to see what comes.
  const { left } = byId("frames").getBoundingClientRect();
  if (!canSend && left < byId("composer").getBoundingClientRect().right) byId("frames").scrollIntoView();
}

function createSink(composer) {
  const own = (generation += 1);
  const whileShown =
    (tell) =>
    (...values) => {
      if (own === generation) tell(...values);
    };
  return {
    frame: whileShown((direction, kind, text) => log.add(direction, kind, text)),
    state: whileShown(showState),
    credit: whileShown(({ down, up, waiting }) => {
      byId("credit-down").textContent = down;
      byId("credit-up").textContent = up;
      byId("credit-waiting").textContent = waiting;
    }),
    settled: () => log.settled(),
    outcome: whileShown((result) => {
      call = undefined;
      canSend = false;
      showOutcome(result);
      showButtons(composer.request());
    }),
  };
}

function showState(name) {
  byId("state").textContent = name;
  byId("state").className = `state ${name}`;
}

function showOutcome({ code, message, details, note }) {
  const name = codeName(code);
  showState(code === 0 ? "ok" : "failed");
  const head = element(
    "p",
    {},
    element("strong", { className: "mono" }, `${name} (${code})`),
    note === undefined ? "" : element("span", { className: "quiet small mono" }, note),
  );
  const outcome = byId("outcome");
  outcome.className = `outcome ${code === 0 ? "ok" : "failed"}`;
  outcome.replaceChildren(head);
  if (message) outcome.append(element("p", {}, message));
  if (details?.length > 0) {
    const text = indentJson(JSON.stringify(details));
    outcome.append(
      element("details", { open: text.length < 1500 }, element("summary", {}, "Details"), element("pre", {}, text)),
    );
  }
  outcome.hidden = false;
}

function showButtons(request) {
  if (request?.method === undefined) return;
  const { sendsMany, getsMany } = request.method;
  const isOpen = call !== undefined;
  const idle = sendsMany ? "Open and send" : getsMany ? "Open" : "Send";
  byId("send").textContent = isOpen && sendsMany ? "Send message" : idle;
  byId("send").disabled = isOpen && !canSend;
  byId("half-close").hidden = !sendsMany;
  byId("half-close").disabled = isOpen && !canSend;
  byId("cancel").disabled = !isOpen;
  byId("credit-grant").disabled = !isOpen;
}
