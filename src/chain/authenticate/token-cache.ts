// What is known of tokens that came before: whose they are, or why they are refused; bounded in entries and in bytes.
import { hash } from "node:crypto";
import type { Identity } from "../../caller.ts";
import type { GatewayError } from "../../status.ts";
import type { VerificationKey } from "./json-web-keys.ts";

/** `key`: what it was checked with; what is known ends with it. `until`: in Unix milliseconds. */
export type Known = KnownIdentity | KnownRefusal;

export interface KnownIdentity {
  readonly kind: "identity";
  readonly identity: Identity;
  readonly key: VerificationKey;
  readonly until: number;
}

export interface KnownRefusal {
  readonly kind: "refusal";
  readonly error: GatewayError;
  readonly key: VerificationKey;
  readonly until: number;
}

/** Of the whole token, the signature with it. No token stays in memory. */
export function toTokenHash(token: string): string {
  return hash("sha256", token, "base64url");
}

export interface CacheBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/**
 * Two generations, each half of the bounds: what is asked for moves to the younger one, and when that is full, the older one is
 * forgotten. Close to "least recently used", for the price of a look-up.
 */
export class TokenCache {
  readonly #bounds: CacheBounds;
  #young = new Map<string, Known>();
  #old = new Map<string, Known>();
  #youngBytes = 0;
  #oldBytes = 0;

  constructor(bounds: CacheBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** As counted: an estimate of what the entries hold. */
  get bytes(): number {
    return this.#youngBytes + this.#oldBytes;
  }

  get(tokenHash: string, now: number): Known | undefined {
    const young = this.#young.get(tokenHash);
    const known = young ?? this.#old.get(tokenHash);
    if (known === undefined) return undefined;
    if (known.until <= now || known.key.isGone) {
      this.#forget(tokenHash);
      return undefined;
    }
    if (young === undefined) this.set(tokenHash, known);
    return known;
  }

  set(tokenHash: string, known: Known): void {
    const bytes = sizeOf(known);
    this.#forget(tokenHash);
    if (bytes > this.#bounds.maxBytes / 2) return;
    if (this.#young.size >= this.#bounds.maxEntries / 2 || this.#youngBytes + bytes > this.#bounds.maxBytes / 2) {
      this.#old = this.#young;
      this.#oldBytes = this.#youngBytes;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(tokenHash, known);
    this.#youngBytes += bytes;
  }

  #forget(tokenHash: string): void {
    const young = this.#young.get(tokenHash);
    if (young !== undefined && this.#young.delete(tokenHash)) this.#youngBytes -= sizeOf(young);
    const old = this.#old.get(tokenHash);
    if (old !== undefined && this.#old.delete(tokenHash)) this.#oldBytes -= sizeOf(old);
  }

  forgetPrincipal(principal: string): void {
    for (const generation of [this.#young, this.#old])
      for (const [tokenHash, known] of generation)
        if (known.kind === "identity" && known.identity.principal === principal) this.#forget(tokenHash);
  }
}

const sizes = new WeakMap<Known, number>();

/** An entry never changes: its claims are written out once. */
function sizeOf(known: Known): number {
  let bytes = sizes.get(known);
  if (bytes === undefined) {
    // Objects take more than their text; a refusal is one with headers.
    bytes = known.kind === "refusal" ? 2048 : 512 + 4 * JSON.stringify(known.identity.claims ?? {}).length;
    sizes.set(known, bytes);
  }
  return bytes;
}
