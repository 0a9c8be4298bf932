// The compiled routes: a tree by path segment, whose ends say which HTTP methods and verbs are bound there. Built once.
import type { Binding, Profile } from "../schema/binding.ts";
import { hashText } from "./scan-path.ts";

export interface TrieNode {
  /** By hash of the decoded text; equal hashes are chained. */
  readonly literals: Map<number, LiteralChild>;
  single: TrieNode | undefined;
  multi: MultiNode | undefined;
  /** What ends here without a verb, and with one. */
  plain: Endpoint | undefined;
  readonly verbs: Map<string, Endpoint>;
}

export interface LiteralChild {
  readonly text: string;
  readonly node: TrieNode;
  next: LiteralChild | undefined;
}

/**
 * A `**`. What follows it has a fixed number of segments, so a tail of that length can only start at one place of a path:
 * keeping the tails apart by length is what makes the search linear. The longest tail (the shortest `**`) comes first.
 */
export interface MultiNode {
  readonly tails: { readonly length: number; readonly root: TrieNode }[];
}

/** Everything bound at one path and verb. */
export interface Endpoint {
  /** By HTTP method; HEAD is there if GET is. */
  readonly entries: Map<string, Entry>;
  /** Custom kind `*`: every method that has no entry. */
  any: Entry | undefined;
  /** For a 405: methods by name, OPTIONS included. */
  allow: readonly string[];
}

export interface Entry {
  readonly binding: Binding;
  /** Place in the list of bindings; only profile grpc-gateway looks at it. */
  readonly order: number;
  /** 2 bound for this very method, 1 GET serving HEAD, 0 `*`. */
  readonly fit: 0 | 1 | 2;
  /** Index of the `**` in the template's segments, or -1. */
  readonly multi: number;
}

export interface Trie {
  readonly root: TrieNode;
  /** Every verb of any template. */
  readonly verbs: ReadonlySet<string>;
  /** The most `:` a verb has within it, plus the one before it; 0 without verbs. */
  readonly maxVerbColons: number;
}

export function buildTrie(bindings: readonly Binding[], profile: Profile): Trie {
  const root = createNode();
  const verbs = new Set<string>();
  const endpoints = new Set<Endpoint>();
  for (const [order, binding] of bindings.entries()) {
    const endpoint = endpointAt(insert(root, binding), binding.template.verb);
    if (binding.template.verb !== undefined) verbs.add(binding.template.verb);
    addBinding(endpoint, binding, order, profile);
    endpoints.add(endpoint);
  }
  for (const endpoint of endpoints) finish(endpoint);
  const colons = [...verbs].map((verb) => verb.split(":").length);
  return { root, verbs, maxVerbColons: Math.max(0, ...colons) };
}

function insert(root: TrieNode, binding: Binding): TrieNode {
  const { segments } = binding.template;
  let node = root;
  for (const [at, segment] of segments.entries()) {
    if (segment.kind === "literal") node = literalChild(node, segment.value);
    else if (segment.kind === "single") node = node.single ??= createNode();
    else node = tailOf((node.multi ??= { tails: [] }), segments.length - at - 1);
  }
  return node;
}

function literalChild(node: TrieNode, text: string): TrieNode {
  const hash = hashText(text);
  const first = node.literals.get(hash);
  for (let child = first; child !== undefined; child = child.next) if (child.text === text) return child.node;
  const created: LiteralChild = { text, node: createNode(), next: first };
  node.literals.set(hash, created);
  return created.node;
}

function tailOf(multi: MultiNode, length: number): TrieNode {
  const found = multi.tails.find((tail) => tail.length === length);
  if (found !== undefined) return found.root;
  const root = createNode();
  multi.tails.push({ length, root });
  multi.tails.sort((a, b) => b.length - a.length);
  return root;
}

function createNode(): TrieNode {
  return { literals: new Map(), single: undefined, multi: undefined, plain: undefined, verbs: new Map() };
}

function endpointAt(node: TrieNode, verb: string | undefined): Endpoint {
  const created: Endpoint = { entries: new Map(), any: undefined, allow: [] };
  if (verb === undefined) return (node.plain ??= created);
  const found = node.verbs.get(verb);
  if (found !== undefined) return found;
  node.verbs.set(verb, created);
  return created;
}

function addBinding(endpoint: Endpoint, binding: Binding, order: number, profile: Profile): void {
  const { httpMethod, template, method } = binding;
  const isAny = httpMethod === "*";
  const earlier = isAny ? endpoint.any : endpoint.entries.get(httpMethod);
  if (earlier !== undefined && profile === "strict") {
    // bindMethods reports this with positions; here it would silently make the order of declarations matter.
    throw new Error(
      `${httpMethod} "${template.text}" of ${method.name} is already bound by ${earlier.binding.method.name}`,
    );
  }
  const multi = template.segments.findIndex((segment) => segment.kind === "multi");
  const entry: Entry = { binding, order, fit: isAny ? 0 : 2, multi };
  if (isAny) endpoint.any = entry;
  else endpoint.entries.set(httpMethod, entry);
}

function finish(endpoint: Endpoint): void {
  const get = endpoint.entries.get("GET");
  if (get !== undefined && !endpoint.entries.has("HEAD")) endpoint.entries.set("HEAD", { ...get, fit: 1 });
  endpoint.allow = [...new Set([...endpoint.entries.keys(), "OPTIONS"])].sort();
}
