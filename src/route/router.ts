// (HTTP method, raw path) → Binding and captures, or why there is none: 404, 405 with Allow, 400. OPEN FIRST in route/.
import type { Binding, Profile, UrlUnescape } from "../schema/binding.ts";
import { captureAll } from "./capture.ts";
import { decodeAll } from "./percent.ts";
import { createPathScan, dotSegment, hashRange, hashText, isDotSegment, scanPath } from "./scan-path.ts";
import type { BadPath, PathScan } from "./scan-path.ts";
import { buildTrie } from "./trie.ts";
import type { Endpoint, Entry, MultiNode, Trie, TrieNode } from "./trie.ts";

export interface RouterOptions {
  readonly profile: Profile;
  /** How captures of multi-segment variables are decoded. */
  readonly urlUnescape: UrlUnescape;
  /** Longer paths are refused unread. */
  readonly maxPathLength?: number;
}

export interface RouteMatch {
  readonly kind: "match";
  readonly binding: Binding;
  /** Decoded, one per `binding.template.variables`, in that order. */
  readonly captures: readonly string[];
}

export type RouteResult =
  | RouteMatch
  | { readonly kind: "not-found" }
  | {
      readonly kind: "method-not-allowed";
      /** Sorted; HEAD where there is GET, always OPTIONS. */ readonly allow: readonly string[];
    }
  | BadPath;

export interface Router {
  /** `path` is the raw request target up to its `?`. Never throws; the work is bounded by path length plus trie size. */
  match(httpMethod: string, path: string): RouteResult;
}

export const defaultMaxPathLength = 16_384;

const notFound: RouteResult = Object.freeze({ kind: "not-found" });
const noCaptures: readonly string[] = Object.freeze([]);

/**
 * Throws on two bindings for the same requests in strict (bindMethods reports them first) and on a limit that is none.
 *
 * Strict: at each template segment a literal is tried before `*` before `**`, the reading with a verb before the one where
 * `:` is text, and a dead end (also one of HTTP method) falls back to the next choice. grpc-gateway: of all bindings that
 * match, the one registered last.
 */
export function createRouter(bindings: readonly Binding[], options: RouterOptions): Router {
  const maxLength = options.maxPathLength ?? defaultMaxPathLength;
  if (!Number.isInteger(maxLength) || maxLength < 1)
    throw new RangeError(`maxPathLength is ${maxLength}, expected a positive integer`);
  const search = new Search(buildTrie(bindings, options.profile), options, bindings);
  const limits = { maxLength, allowEmptySegments: options.profile === "grpc-gateway" };
  const decodesFirst = options.profile === "grpc-gateway" && options.urlUnescape === "all";
  return {
    match(httpMethod, path) {
      const problem = scanPath(search.scan, decodesFirst ? decodeSeparators(path) : path, limits);
      if (problem !== undefined) return problem;
      return search.scan.hasTrailingSlash ? notFound : search.run(httpMethod);
    },
  };
}

/** grpc-gateway's default decodes the whole path before it looks for segments and verbs: `a%2Fb` is two of them. */
function decodeSeparators(path: string): string {
  return path.includes("%") ? path.replaceAll(/%2f/gi, "/").replaceAll(/%3a/gi, ":") : path;
}

/** One search at a time, its state in fields: a closure or an object per request would cost more than the search. */
class Search {
  readonly scan: PathScan = createPathScan();
  readonly #trie: Trie;
  readonly #isStrict: boolean;
  readonly #mode: UrlUnescape;
  readonly #constants = new Map<Binding, RouteMatch>();
  #httpMethod = "";
  #verb: string | undefined;
  #best: Entry | undefined;
  #found: RouteMatch | BadPath | undefined;
  /** Endpoints on the path without the HTTP method. */
  #missed: Endpoint[] = [];
  /** `POST verb` → the last binding of both; only profile grpc-gateway asks. */
  readonly #lastOfVerb = new Map<string, number>();
  /** The last binding whose verb is the whole last segment: grpc-gateway gives up when it comes to it. */
  #givesUpAt = -1;

  constructor(trie: Trie, options: RouterOptions, bindings: readonly Binding[]) {
    for (const [order, { httpMethod, template }] of bindings.entries())
      if (template.verb !== undefined) this.#lastOfVerb.set(`${httpMethod} ${template.verb}`, order);
    this.#trie = trie;
    this.#isStrict = options.profile === "strict";
    this.#mode = options.urlUnescape;
  }

  run(httpMethod: string): RouteResult {
    this.#httpMethod = httpMethod;
    this.#best = undefined;
    this.#found = undefined;
    this.#givesUpAt = -1;
    if (this.#missed.length > 0) this.#missed = [];
    if (this.scan.lastColon > 0 && this.#trie.maxVerbColons > 0) {
      const settled = this.#runVerbs();
      if (settled !== undefined) return settled;
    }
    this.#verb = undefined;
    this.#visit(this.#trie.root, 0);
    if (!this.#isStrict && this.scan.path === "/") this.#visitEmptyRoot();
    if (this.#givesUpAt >= 0 && this.#givesUpAt > this.#bestOrder()) return notFound;
    return this.#found ?? this.#refuse();
  }

  #bestOrder(): number {
    return this.#best?.order ?? -1;
  }

  /** Every reading of the last segment's end as a registered verb, the longest first. */
  #runVerbs(): RouteResult | undefined {
    const { scan } = this;
    const last = scan.count - 1;
    const { path, starts } = scan;
    const start = starts[last];
    if (scan.lastColon < start) return undefined;
    const [end, hash, text] = [scan.ends[last], scan.hashes[last], scan.decoded[last]];
    for (const at of this.#verbColons(start)) {
      const raw = path.slice(at + 1);
      const verb = raw.includes("%") ? decodeAll(raw) : raw;
      if (!this.#trie.verbs.has(verb)) continue;
      const stripped = this.#strip(last, start, at);
      if (stripped === "skip") {
        if (!this.#isStrict) this.#giveUpAt(this.#lastOfVerb.get(`${this.#httpMethod} ${verb}`) ?? -1);
        continue;
      }
      if (stripped !== undefined) return stripped;
      this.#verb = verb;
      this.#visit(this.#trie.root, 0);
      if (this.#isStrict && this.#found !== undefined) return this.#found;
      scan.count = last + 1;
      scan.ends[last] = end;
      scan.hashes[last] = hash;
      if (scan.hasEscapes) scan.decoded[last] = text;
    }
    return undefined;
  }

  #giveUpAt(order: number): void {
    if (order > this.#givesUpAt) this.#givesUpAt = order;
  }

  /** Positions of the `:` a verb may start at, leftmost first: at most as many as the longest verb has. */
  #verbColons(start: number): number[] {
    const { path, lastColon } = this.scan;
    const colons = [lastColon];
    while (colons.length < this.#trie.maxVerbColons) {
      const before = path.lastIndexOf(":", colons[0] - 1);
      if (before < start) break;
      colons.unshift(before);
    }
    return colons;
  }

  /** Ends the last segment before its verb. */
  #strip(last: number, start: number, end: number): BadPath | "skip" | undefined {
    const { scan } = this;
    if (start === end) {
      // `/:verb` is the root with a verb; `/a/:verb` is `/a/` with one, and a trailing slash is not found.
      if (last > 0) return "skip";
      scan.count = 0;
      return undefined;
    }
    scan.ends[last] = end;
    const decoded = scan.hasEscapes ? scan.decoded[last] : undefined;
    if (decoded === undefined) {
      if (isDotSegment(scan.path, start, end)) return dotSegment(start);
      scan.hashes[last] = hashRange(scan.path, start, end);
      return undefined;
    }
    const text = decodeAll(scan.path.slice(start, end));
    if (isDotSegment(text, 0, text.length)) return dotSegment(start);
    scan.decoded[last] = text;
    scan.hashes[last] = hashText(text);
    return undefined;
  }

  /** grpc-gateway reads `/` as one empty segment, too. */
  #visitEmptyRoot(): void {
    const { scan } = this;
    scan.count = 1;
    scan.starts[0] = 1;
    scan.ends[0] = 1;
    scan.hashes[0] = hashText("");
    this.#visit(this.#trie.root, 0);
  }

  /**
   * True when the search is over. Every node of the trie is entered at most once per reading of the verb: below a `**`, too,
   * because a tail starts at one place only. So a hostile path costs its length, not its square.
   */
  #visit(node: TrieNode, at: number): boolean {
    const { scan } = this;
    if (at === scan.count) {
      const endpoint = this.#verb === undefined ? node.plain : node.verbs.get(this.#verb);
      if (endpoint !== undefined && this.#tryEndpoint(endpoint)) return true;
    } else {
      const literal = this.#literalAt(node, at);
      if (literal !== undefined && this.#visit(literal, at + 1)) return true;
      // In strict no segment is empty: the scan has refused it.
      if (node.single !== undefined && this.#visit(node.single, at + 1)) return true;
    }
    return node.multi !== undefined && this.#visitTails(node.multi, at);
  }

  #visitTails(multi: MultiNode, at: number): boolean {
    const { count } = this.scan;
    for (const tail of multi.tails) {
      if (count - tail.length >= at && this.#visit(tail.root, count - tail.length)) return true;
    }
    return false;
  }

  #literalAt(node: TrieNode, at: number): TrieNode | undefined {
    const { scan } = this;
    let child = node.literals.get(scan.hashes[at]);
    if (child === undefined) return undefined;
    const decoded = scan.hasEscapes ? scan.decoded[at] : undefined;
    const start = scan.starts[at];
    const length = scan.ends[at] - start;
    for (; child !== undefined; child = child.next) {
      const { text } = child;
      if (decoded === undefined ? text.length === length && scan.path.startsWith(text, start) : text === decoded)
        return child.node;
    }
    return undefined;
  }

  #tryEndpoint(endpoint: Endpoint): boolean {
    const entry = endpoint.entries.get(this.#httpMethod) ?? endpoint.any;
    if (entry === undefined) {
      this.#missed.push(endpoint);
      return false;
    }
    const best = this.#best;
    if (best !== undefined && (best.fit > entry.fit || (best.fit === entry.fit && best.order > entry.order)))
      return false;
    this.#best = entry;
    this.#found = this.#capture(entry);
    return this.#isStrict;
  }

  #capture(entry: Entry): RouteMatch | BadPath {
    const { binding } = entry;
    if (binding.template.variables.length > 0) {
      const captures = captureAll(this.scan, entry, this.#mode);
      return "kind" in captures ? captures : { kind: "match", binding, captures };
    }
    let constant = this.#constants.get(binding);
    if (constant === undefined) {
      constant = Object.freeze({ kind: "match" as const, binding, captures: noCaptures });
      this.#constants.set(binding, constant);
    }
    return constant;
  }

  #refuse(): RouteResult {
    const missed = this.#missed;
    if (missed.length === 0) return notFound;
    const allow =
      missed.length === 1 ? missed[0].allow : [...new Set(missed.flatMap((endpoint) => endpoint.allow))].sort();
    return { kind: "method-not-allowed", allow };
  }
}
