// Cache-Control, of requests and of replies (RFC 9111 section 5.2), read so that what is unclear keeps less.
import { getMetadata } from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";

/** Names lower case; empty text for a directive without an argument. */
export type Directives = ReadonlyMap<string, string>;

/** Longer ones are cut: nobody has so much to say. */
const maxLength = 1024;
/** RFC 9111 section 1.2.2 asks for no less. */
const maxSeconds = 2_147_483_648;

const directive = /([!#$%&'*+.^`|~\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;"]*)))?/g;

export function parseDirectives(text: string): Directives {
  const found = new Map<string, string>();
  for (const [, name, quoted, plain] of text.slice(0, maxLength).matchAll(directive)) {
    const key = name.toLowerCase();
    const value = quoted ?? plain ?? "";
    // Of two that differ neither is believed (section 4.2.1).
    found.set(key, found.has(key) && found.get(key) !== value ? "" : value);
  }
  return found;
}

/** Milliseconds of an argument; undefined without the directive, 0 for an argument that is no number. */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const text = directives.get(name);
  if (text === undefined) return undefined;
  return /^\d{1,15}$/.test(text) ? Math.min(Number(text), maxSeconds) * 1000 : 0;
}

/** All values of a name as one list, of header and trailer metadata. */
export function joinValues(parts: readonly Metadata[], name: string): string | undefined {
  let text: string | undefined;
  for (const metadata of parts) {
    if (getMetadata(metadata, name) === undefined) continue;
    for (let i = 0; i < metadata.length; i += 2)
      if (metadata[i] === name) text = text === undefined ? metadata[i + 1] : `${text}, ${metadata[i + 1]}`;
  }
  return text;
}
