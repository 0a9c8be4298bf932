// What is kept, by key: bounded in bytes, the least recently used leaves first.
import type { Reply } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";

/** An answer. Times are of the cache's clock, in milliseconds. */
export interface KeptReply {
  readonly kind: "reply";
  /** Nobody writes into it. */
  readonly reply: Reply;
  readonly bornAt: number;
  readonly freshUntil: number;
  readonly staleUntil: number;
  readonly errorUntil: number;
}

/** The last answer was for one caller only: for a while nobody waits for what another asked. */
export interface KeptPass {
  readonly kind: "pass";
  readonly until: number;
}

export type Kept = KeptReply | KeptPass;

interface Entry {
  readonly kept: Kept;
  readonly bytes: number;
}

/** What an entry takes beside its texts and bytes: objects, arrays, its place in the map. */
const overhead = 640;
const overheadOfText = 32;
/** Looked at in one sweep, from the one that was not used for longest. */
const sweptAtOnce = 256;

export class EntryStore {
  readonly #maxBytes: number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #evictions = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of entries that were still good. */
  get evictions(): number {
    return this.#evictions;
  }

  get(key: string, now: number): Kept | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (endOf(entry.kept) <= now) {
      this.#bytes -= entry.bytes;
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry.kept;
  }

  /** In the place of what has that key. */
  set(key: string, kept: Kept, now: number): void {
    this.#delete(key);
    const bytes = sizeOf(kept) + key.length;
    if (bytes > this.#maxBytes) return;
    this.#entries.set(key, { kept, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return;
      if (endOf(entry.kept) > now) this.#evictions++;
      this.#delete(oldest);
    }
  }

  /** Lets go of some that are over. */
  sweep(now: number): void {
    let seen = 0;
    for (const [key, { kept }] of this.#entries) {
      if (seen++ === sweptAtOnce) return;
      if (endOf(kept) <= now) this.#delete(key);
    }
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}

function endOf(kept: Kept): number {
  return kept.kind === "pass" ? kept.until : Math.max(kept.freshUntil, kept.staleUntil, kept.errorUntil);
}

/** An estimate that is rather too large. */
export function sizeOf(kept: Kept): number {
  if (kept.kind === "pass") return overhead;
  const { message, headers, trailers } = kept.reply;
  return overhead + message.length + textSize(headers) + textSize(trailers);
}

function textSize(metadata: Metadata): number {
  let bytes = 0;
  for (const text of metadata) bytes += overheadOfText + text.length;
  return bytes;
}
