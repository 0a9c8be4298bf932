// Elements made from data: text is always set as text, never as markup.

/** The element of this page with that id. */
export function byId(id) {
  return document.getElementById(id);
}

export function on(id, event, listener) {
  byId(id).addEventListener(event, listener);
}

/** `properties` are set on the element; those with a dash as attributes. Children are elements or text. */
export function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (key.includes("-")) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

/** The text of a comment, with `what it quotes` as code. */
export function toRichText(comment) {
  return comment.split(/`([^`]+)`/).map((text, index) => (index % 2 === 1 ? element("code", {}, text) : text));
}

export function sizeOf(text) {
  return new TextEncoder().encode(text).length;
}

export function formatSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
