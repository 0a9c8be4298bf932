// Lists with q-values: the grammar that Accept and Accept-Encoding share, of clients and of whoever asks for metrics.
import { parseMediaType } from "./translate/request/media-type.ts";

export interface WeightedItem {
  /** Lower case. */
  readonly value: string;
  readonly weight: number;
  /** Media type parameters other than `q`, names lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A browser sends 7. */
const maxItems = 64;
const maxLength = 2048;

/** `Weighted = [ Item ] { "," [ Item ] }` (RFC 9110 section 5.6.1 allows empty members); undefined for anything else. */
export function parseWeighted(text: string, isItem: (value: string) => boolean): readonly WeightedItem[] | undefined {
  if (text.length > maxLength) return undefined;
  const items: WeightedItem[] = [];
  for (const part of splitList(text)) {
    const member = part.trim();
    if (member === "") continue;
    const item = parseItem(member);
    if (item === undefined || !isItem(item.value) || items.length >= maxItems) return undefined;
    items.push(item);
  }
  return items;
}

/** At commas outside quoted strings. */
function splitList(text: string): string[] {
  if (!text.includes('"')) return text.split(",");
  return text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
}

function parseItem(member: string): WeightedItem | undefined {
  const semicolon = member.indexOf(";");
  if (semicolon < 0) return { value: member.toLowerCase(), weight: 1, parameters: new Map() };
  // Borrowed: an encoding's parameters follow the grammar of a media type's.
  const value = member.slice(0, semicolon).trimEnd().toLowerCase();
  const parsed = parseMediaType(`x/x${member.slice(semicolon)}`);
  if (parsed === undefined) return undefined;
  const parameters = new Map(parsed.parameters);
  const q = parameters.get("q");
  parameters.delete("q");
  if (q === undefined) return { value, weight: 1, parameters };
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q) ? { value, weight: Number(q), parameters } : undefined;
}

/** Remembers answers by header text: clients send the same few again and again. Bounded: an attacker only empties it. */
export function memoize<T>(compute: (text: string) => T): (text: string) => T {
  const maxEntries = 256;
  const maxKeyLength = 256;
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const value = compute(text);
    if (known.size >= maxEntries) known.clear();
    if (text.length <= maxKeyLength) known.set(text, value);
    return value;
  };
}
