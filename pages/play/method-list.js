// The searchable list of methods, by service.
import { byId, element } from "./element.js";
import { kindNames } from "./schema.js";

export function createMethodList(api, onPick) {
  const list = byId("methods-list");
  const search = byId("search");
  const entries = api.methods.map((method) => ({ method, words: wordsOf(method), button: toButton(method, onPick) }));
  const groups = api.services.map((service) => {
    const own = entries.filter(({ method }) => method.service === service.name);
    const heading = element("h3", { className: "mono", title: service.comment }, service.name);
    const items = element("ul", {}, ...own.map(({ button }) => element("li", {}, button)));
    return { own, section: element("section", {}, heading, items) };
  });
  list.replaceChildren(...groups.map(({ section }) => section));

  const filter = () => {
    const wanted = search.value.toLowerCase().split(/\s+/);
    let found = 0;
    for (const { own, section } of groups) {
      for (const { words, button } of own) button.parentElement.hidden = !wanted.every((word) => words.includes(word));
      const shown = own.filter(({ button }) => !button.parentElement.hidden).length;
      section.hidden = shown === 0;
      found += shown;
    }
    byId("methods-found").textContent = toFound(api, found);
  };
  search.addEventListener("input", filter);
  byId("methods-panel").addEventListener("keydown", (event) => moveFocus(event, search, list));
  filter();

  return {
    mark(method) {
      for (const { method: own, button } of entries) {
        if (own === method) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
      }
    },
  };
}

function toFound({ methods, leftOut }, found) {
  const cut = leftOut.methods === 0 ? "" : `; ${leftOut.methods} more are not listed`;
  return found === methods.length ? `${found} methods${cut}` : `${found} of ${methods.length} methods${cut}`;
}

function wordsOf({ name, kind, comment, bindings }) {
  const rules = bindings.map(({ verb, template }) => `${verb} ${template}`).join(" ");
  return `${name} ${kindNames[kind]} ${rules} ${comment ?? ""}`.toLowerCase();
}

function toButton(method, onPick) {
  const [first] = method.bindings;
  const rule = first === undefined ? "no HTTP rule" : `${first.verb} ${first.template}`;
  return element(
    "button",
    { type: "button", className: method.deprecated ? "method deprecated" : "method", onclick: () => onPick(method) },
    element("span", { className: "name" }, method.localName),
    element("span", { className: `kind ${method.kind}` }, kindNames[method.kind]),
    element("span", { className: "rule mono", title: rule }, rule),
  );
}

/** From the search field into the list and back, by arrows; Enter in the field picks the first. */
function moveFocus(event, search, list) {
  const buttons = [...list.querySelectorAll("button")].filter((button) => button.offsetParent !== null);
  const at = buttons.indexOf(document.activeElement);
  if (event.key === "Enter" && document.activeElement === search) buttons[0]?.click();
  else if (event.key === "ArrowDown") buttons[at + 1]?.focus();
  else if (event.key === "ArrowUp") (at <= 0 ? search : buttons[at - 1]).focus();
  else return;
  event.preventDefault();
}
