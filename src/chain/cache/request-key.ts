// What a call asks for, as one key, and what the backend gets of it: what is not part of the key does not reach the backend, so that nobody can put an answer there for others.
import { hash } from "node:crypto";
import type { UnaryCall } from "../../call.ts";
import type { Identity } from "../../caller.ts";
import type { Metadata } from "../../metadata.ts";
import { isNeverKeyed } from "../../schema/cache-rule.ts";
import type { CacheRule } from "../../schema/cache-rule.ts";
import type { MessageType, Method } from "../../schema/descriptor.ts";

export interface KeyingOptions {
  readonly rule: CacheRule;
  /** One form for messages that mean the same. */
  readonly toCanonical: (message: Uint8Array, type: MessageType) => Uint8Array;
  /** Lower case: metadata by which backends learn who calls. Those of a rule that is not public get it always, as part of the key. */
  readonly identityNames: readonly string[];
  /** Metadata that names a request. It goes on without being part of the key, where it is no more than a name. */
  readonly requestIdNames: readonly string[];
  /** What else answers depend on, the same for all calls: where they outlive the process, or others find them. Absent: they do not. */
  readonly world?: string | undefined;
}

/** A question that the backend is asked once for all who ask the same. */
export interface Question {
  /** SHA-256. */
  readonly key: string;
  readonly metadata: Metadata;
  readonly message: Uint8Array;
}

/** Larger requests are not looked up: the key would cost more than the answer. */
const maxRequestBytes = 65_536;

/** Where a client sits, and what else proxies say: no answer is about that, unless `vary` says so. */
const aboutTheWay: ReadonlySet<string> = new Set([
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "baggage",
]);

/** `keyed` is part of the key; `named` goes on beside it; `kept-back` is not for the backend. */
type Fate = "keyed" | "named" | "kept-back";

/** Undefined for a call that has no key, and asks for itself. */
export type ToQuestion = (call: Pick<UnaryCall, "message" | "metadata" | "identity">) => Question | undefined;

export function compileQuestion(method: Method, options: KeyingOptions): ToQuestion {
  const fateOf = compileFate(options);
  const { toCanonical } = options;
  const { isPublic } = options.rule;
  const place = [...toWorld(options), method.path];
  return ({ message, metadata, identity }) => {
    if (message.length > maxRequestBytes) return undefined;
    const canonical = toCanonical(message, method.input);
    const keyed: (readonly [string, string])[] = [];
    const named: string[] = [];
    for (let i = 0; i < metadata.length; i += 2) {
      const fate = fateOf(metadata[i], metadata[i + 1]);
      if (fate === "keyed") keyed.push([metadata[i], metadata[i + 1]]);
      else if (fate === "named") named.push(metadata[i], metadata[i + 1]);
    }
    // Stable: the values of one name stay in their order.
    keyed.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
    const texts = keyed.flat();
    const owner = isPublic ? "*" : identity === undefined ? "-" : textOf(identity);
    return {
      key: toKey([...place, owner, ...texts], canonical),
      metadata: [...texts, ...named],
      message: canonical,
    };
  };
}

/** Whether metadata of this name reaches the backend without being part of the key. */
export function isUnkeyed({ requestIdNames }: Pick<KeyingOptions, "requestIdNames">, name: string): boolean {
  return name === "traceparent" || requestIdNames.includes(name);
}

function compileFate(options: KeyingOptions): (name: string, value: string) => Fate {
  const { rule, identityNames } = options;
  const listed = new Set([...rule.vary, ...(rule.isPublic ? [] : identityNames)]);
  const takesAll = !rule.isPublic && rule.vary.length === 0;
  return (name, value) => {
    if (isUnkeyed(options, name)) return isPlainName(value) ? "named" : "kept-back";
    if (isNeverKeyed(name)) return "kept-back";
    if (listed.has(name)) return "keyed";
    return takesAll && !aboutTheWay.has(name) ? "keyed" : "kept-back";
  };
}

function toWorld({ world, rule }: KeyingOptions): readonly string[] {
  return world === undefined ? [] : [hash("sha256", JSON.stringify([world, rule]))];
}

const known = new WeakMap<Identity, string>();

/** All that is known of a caller: compositions may ask for any of it. Once for an identity, which is the same for all calls with one token. */
function textOf(identity: Identity): string {
  let text = known.get(identity);
  if (text === undefined) {
    const { principal, scopes, roles, claims } = identity;
    text = JSON.stringify([principal, scopes ?? null, roles ?? null, claims ?? null]);
    known.set(identity, text);
  }
  return text;
}

/** Nothing that would mean something where a backend repeats it. */
function isPlainName(value: string): boolean {
  return /^[\w.:-]{1,128}$/.test(value);
}

/** Each part behind its length, and how many there are before all: no two lists have the same bytes. */
function toKey(texts: readonly string[], message: Uint8Array): string {
  let size = 4 + message.length;
  for (const text of texts) size += 4 + Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(size);
  let at = bytes.writeUInt32BE(texts.length, 0);
  for (const text of texts) {
    const length = bytes.write(text, at + 4);
    at = bytes.writeUInt32BE(length, at) + length;
  }
  bytes.set(message, at);
  return hash("sha256", bytes, "base64url");
}
