// The Location header of a created resource: what the reply calls it, as a path of this gateway.

const maxLength = 2048;

/**
 * The URL of the resource `name` that the request to `path` answered with; undefined when there is none to tell.
 *
 * A URL or an absolute path stays as it is. Otherwise `name` continues the request's path where the two overlap
 * (`/v1/users/ada/orders` and `users/ada/orders/7` → `/v1/users/ada/orders/7`); a bare identifier is appended
 * (`/v1/books` and `7` → `/v1/books/7`); a longer name that overlaps nowhere follows the path's version (`/v1/…`).
 */
export function toLocation(name: string, path: string, verb: string | undefined): string | undefined {
  if (name === "" || name.length > maxLength) return undefined;
  if (/^(?:https?:\/)?\//i.test(name)) return name.replaceAll(/[^\x21-\x7e]+/g, (text) => encodeURIComponent(text));
  const segments = withoutVerb(path, verb).split("/").slice(1);
  const names = name.split("/");
  const overlap = overlapOf(segments, names);
  const base =
    overlap > 0
      ? segments.slice(0, -overlap)
      : names.length === 1
        ? segments
        : segments.slice(0, isVersion(segments[0]) ? 1 : 0);
  return `/${[...base, ...names.map(encodeSegment)].join("/")}`;
}

function withoutVerb(path: string, verb: string | undefined): string {
  return verb === undefined ? path : path.slice(0, path.lastIndexOf(":"));
}

/** How many segments at the end of the one are those at the start of the other. */
function overlapOf(segments: readonly string[], names: readonly string[]): number {
  const decoded = segments.map(decodeSegment);
  for (let length = Math.min(decoded.length, names.length); length > 0; length--) {
    const from = decoded.length - length;
    if (decoded.slice(from).every((segment, index) => segment === names[index])) return length;
  }
  return 0;
}

function isVersion(segment: string | undefined): boolean {
  return segment !== undefined && /^v\d+(?:(?:alpha|beta|p)\d*)*$/.test(segment);
}

// Names come out of UTF-8 bytes, so no lone surrogate can make the encoding throw.
/** The router has decoded it already, so it can be decoded. */
function decodeSegment(segment: string): string {
  return segment.includes("%") ? decodeURIComponent(segment) : segment;
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment);
}
