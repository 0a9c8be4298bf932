// Text of others on one line of a log: quoted as JSON, in printable ASCII only, so that it can neither end the line nor steer a terminal.

/** As JSON; everything but printable ASCII escaped. `max` is in UTF-16 units; what is cut off leaves an ellipsis. */
export function quote(text: string, max = Infinity): string {
  const kept = text.length > max ? `${text.slice(0, max)}…` : text;
  return unsafe.test(kept) ? escapeAscii(JSON.stringify(kept)) : `"${kept}"`;
}

/** JSON that stays the same JSON, in printable ASCII only. */
export function escapeAscii(json: string): string {
  return json.replace(beyondAscii, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

const unsafe = /[^\x20-\x21\x23-\x5b\x5d-\x7e]/;
const beyondAscii = /[^\x20-\x7e]/g;
