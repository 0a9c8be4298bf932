// Tells when a file has become another: written anew, renamed over, or behind a symbolic link that now leads elsewhere, as Kubernetes swaps them.
import { statSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";

export interface FileListener {
  /** The file has changed and then stayed as it is for one interval: whoever writes it is done. */
  onChange(): void;
  /** It is not to be had any more; once, until it is back. */
  onGone(): void;
}

/**
 * Looks at the file now and then instead of being notified: notifications do not follow links, and network and overlay file
 * systems have none. To be made before the file is read for the first time, so that no change falls in between.
 */
export class WatchedFile {
  readonly #path: string;
  readonly #intervalMs: number;
  #told: string;
  #seen: string;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(path: string, intervalMs = 500) {
    this.#path = path;
    this.#intervalMs = intervalMs;
    this.#told = lookNow(path);
    this.#seen = this.#told;
  }

  /** Keeps no process alive. Idempotent. */
  start(listener: FileListener): void {
    this.#timer ??= setInterval(() => void this.#look(listener), this.#intervalMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(listener: FileListener): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const now = await look(this.#path);
    this.#isLooking = false;
    if (this.#timer === undefined) return;
    const isSettled = now === this.#seen;
    this.#seen = now;
    if (!isSettled || now === this.#told) return;
    this.#told = now;
    if (now === gone) listener.onGone();
    else listener.onChange();
  }
}

const gone = "gone";

async function look(path: string): Promise<string> {
  try {
    return toText(await stat(path, { bigint: true }));
  } catch {
    return gone;
  }
}

function lookNow(path: string): string {
  try {
    return toText(statSync(path, { bigint: true }));
  } catch {
    return gone;
  }
}

function toText({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}
