// What the errors of a .proto text may have cost: so that what they hide is not reported a second time as missing.
import type { Diagnostic, Position } from "../../diagnostic.ts";
import { flagSilent, tokenKind } from "./lex-token.ts";
import { symbol } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import type { Damage, ProtoFile } from "../proto-file.ts";

/** After one of these it is not certain what lies inside of what. */
const misnesting: ReadonlySet<string> = new Set([
  "unclosed",
  "unmatched-brace",
  "missing-brace",
  "missing-body",
  "nesting-too-deep",
  "unterminated-comment",
  "too-many-errors",
]);

/** Nothing is known of a file that could not be read as text. */
export const totalDamage: Damage = {
  hasLostImport: true,
  hasLostPackage: true,
  isEditionKnown: false,
  isMisnested: true,
  mayDeclare: () => true,
  mayName: () => true,
  touches: () => true,
  mentions: () => true,
};

type Draft = Pick<ProtoFile, "imports" | "messages" | "enums" | "services">;

/** `draft` is what was read; `diagnostics` what is wrong, at least one error. */
export function findDamage(
  cursor: Cursor,
  draft: Draft,
  isPackageRead: boolean,
  diagnostics: readonly Diagnostic[],
): Damage {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const isMisnested = errors.some(({ rule }) => misnesting.has(rule));
  const hasLostPackage = !isPackageRead && /\bpackage\b/.test(cursor.source);
  const isDisplaced = isMisnested || hasLostPackage;
  const names = collectNames(cursor);
  const read = countRead(draft);
  const spans = new Spans(cursor, draft, errors);
  return {
    hasLostImport: hasLostImport(cursor, draft.imports, names),
    hasLostPackage,
    isEditionKnown: !cursor.lenient,
    isMisnested,
    // As often as it was read it is not lost.
    mayDeclare: (name) =>
      (names.declared.get(lastPart(name)) ?? 0) > (isDisplaced ? 0 : (read.get(lastPart(name)) ?? 0)),
    mayName: (name) => names.members.has(lastPart(name)),
    touches: (position) => spans.at(position).hasError,
    mentions: (position, word) => spans.words(position).has(word),
  };
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

interface Names {
  /** Of messages, enums, groups, services, methods: after a keyword, or before what only follows such a name. */
  readonly declared: Map<string, number>;
  /** Of fields, extensions and enum values: before a "=". */
  readonly members: Set<string>;
}

const declaring: ReadonlySet<string> = new Set(["message", "enum", "group", "service", "rpc", "oneof"]);

function collectNames(cursor: Cursor): Names {
  const { kinds, flags, starts, ends, count, source } = cursor.tokens;
  const names: Names = { declared: new Map(), members: new Set() };
  let previous = "";
  for (let token = 0; token < count; token++) {
    // An unclosed string or comment may have swallowed anything.
    if ((flags[token] & flagSilent) !== 0) addWords(source.slice(starts[Math.max(0, token - 1)], starts[token]), names);
    const word = kinds[token] === tokenKind.word ? cursor.textOf(token) : "";
    const next = kinds[Math.min(token + 1, count - 1)];
    if (word !== "" && (declaring.has(previous) || next === symbol.braceOpen || next === symbol.parenOpen))
      countIn(names.declared, word);
    if (word !== "" && next === symbol.equals) names.members.add(word);
    previous = word;
  }
  addWords(source.slice(ends[count - 1]), names);
  return names;
}

function addWords(text: string, names: Names): void {
  for (const [word] of text.matchAll(/\w+/g)) {
    countIn(names.declared, word);
    names.members.add(word);
  }
}

function countIn(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** How often each name was read, wherever. */
function countRead({ messages, enums, services }: Draft): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const countMessages = (declared: Draft["messages"]): void => {
    for (const message of declared) {
      if (!message.isMapEntry) countIn(counts, message.name);
      for (const { name } of [...message.enums, ...message.oneofs]) countIn(counts, name);
      countMessages(message.messages);
    }
  };
  countMessages(messages);
  for (const { name } of [...enums, ...services, ...services.flatMap(({ methods }) => methods)]) countIn(counts, name);
  return counts;
}

/** A path that was not read as an import, or the word where it begins a line and led to none. */
function hasLostImport(cursor: Cursor, imports: ProtoFile["imports"], names: Names): boolean {
  const { kinds, count } = cursor.tokens;
  const read = new Set(imports.map(({ path }) => path));
  let statements = 0;
  for (let token = 0; token < count; token++) {
    if (kinds[token] === tokenKind.string) {
      const path = cursor.textOf(token).slice(1, -1);
      if (path.endsWith(".proto") && !read.has(path)) return true;
    }
    const begins = token === 0 || kinds[token - 1] === symbol.semicolon || cursor.startsLine(token);
    if (begins && cursor.isWord("import", token - cursor.at)) statements++;
  }
  return statements > imports.length || (statements === 0 && names.declared.has("import"));
}

interface Span {
  readonly start: number;
  end: number;
  hasError: boolean;
  words: ReadonlySet<string> | undefined;
}

/** The text cut before the name of each top-level declaration and of each rpc: what belongs to which. */
class Spans {
  readonly #cursor: Cursor;
  readonly #spans: Span[];

  constructor(cursor: Cursor, { messages, enums, services }: Draft, errors: readonly Diagnostic[]) {
    this.#cursor = cursor;
    const declared = [...messages, ...enums, ...services, ...services.flatMap((service) => service.methods)];
    const starts = declared.map(({ position }) => cursor.offsetOf(position)).sort((a, b) => a - b);
    this.#spans = [0, ...starts].map((start, index) => ({
      start,
      end: starts[index] ?? cursor.source.length,
      hasError: false,
      words: undefined,
    }));
    for (const { position } of errors) if (position !== undefined) this.at(position).hasError = true;
  }

  at(position: Position): Span {
    const offset = this.#cursor.offsetOf(position);
    let low = 0;
    let high = this.#spans.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#spans[middle].start <= offset) low = middle;
      else high = middle - 1;
    }
    return this.#spans[low];
  }

  /** None where nothing is wrong. */
  words(position: Position): ReadonlySet<string> {
    const span = this.at(position);
    if (!span.hasError) return noWords;
    span.words ??= new Set(this.#cursor.source.slice(span.start, span.end).match(/\w+/g));
    return span.words;
  }
}

const noWords: ReadonlySet<string> = new Set();
