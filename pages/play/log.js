// The list of frames: bounded, written in portions so that a fast stream cannot stop the page.
import { byId, element, formatSize, sizeOf } from "./element.js";
import { indentJson, problemOf } from "./json-text.js";

const maxShown = 500;
/** Of one frame. */
const maxText = 100_000;
const maxPreview = 300;
const paintMs = 50;

const arrows = { up: "↑", down: "↓", note: "·" };
const spoken = { up: "sent", down: "received", note: "note" };

export function createLog() {
  const list = byId("log");
  let pending = [];
  let timer;
  let settled = [];
  let counts = { up: 0, down: 0, left: 0 };
  let startedAt = 0;

  const paint = () => {
    timer = undefined;
    const skipped = Math.max(0, pending.length - maxShown);
    list.append(...pending.slice(skipped).map(toItem));
    pending = [];
    const tooMany = Math.max(0, list.childElementCount - maxShown);
    for (let index = 0; index < tooMany; index++) list.firstElementChild.remove();
    counts.left += skipped + tooMany;
    showCounts(counts);
    if (byId("follow").checked) list.scrollTop = list.scrollHeight;
    const resolvers = settled;
    settled = [];
    for (const resolve of resolvers) resolve();
  };
  const schedule = () => (timer ??= setTimeout(paint, paintMs));

  return {
    start() {
      startedAt = performance.now();
    },
    clear() {
      list.replaceChildren();
      pending = [];
      counts = { up: 0, down: 0, left: 0 };
      showCounts(counts);
    },
    add(direction, kind, text) {
      if (direction !== "note") counts[direction] += 1;
      pending.push({ direction, kind, text, at: performance.now() - startedAt });
      if (pending.length > 2 * maxShown) counts.left += pending.splice(0, maxShown).length;
      schedule();
    },
    /** Resolves when everything added so far is on the page. */
    settled: () => (timer === undefined ? Promise.resolve() : new Promise((resolve) => settled.push(resolve))),
  };
}

function showCounts({ up, down, left }) {
  const all = `↑ ${up}  ↓ ${down}`;
  byId("counts").textContent = left === 0 ? all : `${all}  (${left} older left out)`;
  byId("log-empty").hidden = up + down > 0;
}

function toItem({ direction, kind, text, at }) {
  const summary = element(
    "summary",
    {},
    element(
      "span",
      { className: "arrow", title: spoken[direction], "aria-label": spoken[direction] },
      arrows[direction],
    ),
    element("span", { className: "what" }, kind),
    element("span", { className: "preview" }, text.slice(0, maxPreview)),
    element("span", { className: "size" }, formatSize(sizeOf(text))),
    element("time", { title: new Date().toISOString() }, `${(at / 1000).toFixed(3)} s`),
  );
  const details = element("details", {}, summary);
  // Most frames are never opened.
  details.addEventListener("toggle", () => details.append(element("pre", {}, toShown(text))), { once: true });
  return element("li", { className: direction }, details);
}

function toShown(text) {
  if (text === "") return "(empty)";
  const cut = text.length > maxText ? `${text.slice(0, maxText)}… (${text.length} characters)` : text;
  return text.length <= maxText && /^[[{]/.test(text) && problemOf(text) === undefined ? indentJson(text) : cut;
}
