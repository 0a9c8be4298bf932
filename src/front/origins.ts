// Origins of pages (RFC 6454): scheme, host and port as browsers send them, and lists of those that may do something.

/** With the default port left out; undefined for `null` and whatever has no origin. */
export function toOrigin(text: string): string | undefined {
  if (text.length > 512 || !/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/i.test(text)) return undefined;
  if (!URL.canParse(text)) return undefined;
  const { origin } = new URL(text);
  // Of schemes that are not the web's (browser extensions) URL tells no origin.
  return origin === "null" ? text.toLowerCase() : origin;
}

/** `origin` is one that `toOrigin` gave. */
export type IsListedOrigin = (origin: string) => boolean;

/**
 * `https://app.example` exactly, `https://*.app.example` for one level of names, `*` for every origin but those that are none.
 * Throws RangeError for anything else.
 */
export function compileOriginList(listed: readonly string[]): IsListedOrigin {
  const exact = new Set<string>();
  const families: (readonly [head: string, tail: string])[] = [];
  let takesAll = false;
  for (const text of listed) {
    const family = toFamily(text);
    if (text === "*") takesAll = true;
    else if (family !== undefined) families.push(family);
    else exact.add(toListed(text));
  }
  return (origin) => takesAll || exact.has(origin) || families.some((family) => isOfFamily(family, origin));
}

function toListed(text: string): string {
  const origin = text.includes("*") ? undefined : toOrigin(text);
  if (origin === undefined) throw new RangeError(`"${text}" is not an origin; expected e.g. https://app.example`);
  return origin;
}

/** `https://*.app.example:8443` as `https://` and `.app.example:8443`. */
function toFamily(text: string): readonly [head: string, tail: string] | undefined {
  const match = /^(https?:\/\/)\*(\.[^.*/]+\.[^*/]+)$/i.exec(text);
  if (match === null) return undefined;
  const [, scheme, tail] = match;
  const origin = toOrigin(`${scheme}x${tail}`);
  return origin === undefined ? undefined : [scheme.toLowerCase(), origin.slice(scheme.length + 1)];
}

/** The name in place of the star is one label: `https://evil.example/.app.example` is no origin, and `a.b` is two. */
function isOfFamily([head, tail]: readonly [string, string], origin: string): boolean {
  if (!origin.startsWith(head) || !origin.endsWith(tail)) return false;
  return /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/i.test(origin.slice(head.length, -tail.length));
}
