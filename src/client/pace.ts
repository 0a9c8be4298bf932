// When the next connection may be tried: after a growing, random pause, not before the gateway wants it, and only while there is a network.
import type { Environment } from "./environment.ts";

const firstMs = 1_000;
const baseMs = 500;
const longestMs = 30_000;

export class Pace {
  readonly #environment: Environment;
  /** Failures in a row. */
  #failures = 0;
  #backOffUntil = 0;
  #holdUntil = 0;
  #wake: (() => void) | undefined;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** After `failures` earlier ones: the first time anything up to a second, so that clients do not come back all at once. */
  delay(failures: number): number {
    const random = this.#environment.random();
    if (failures <= 0) return firstMs * random;
    return Math.min(longestMs, baseMs * 2 ** failures) * (0.5 + random / 2);
  }

  /** A connection was lost; `wasHealthy` one that had lived for a while. */
  backOff(wasHealthy: boolean): void {
    if (wasHealthy) this.#failures = 0;
    this.#backOffUntil = this.#environment.now() + this.delay(this.#failures++);
  }

  /** The gateway's word: no wake shortens it. */
  holdUntil(time: number): void {
    this.#holdUntil = Math.max(this.#holdUntil, time);
  }

  /** The network is back, or somebody looks at the page: no reason to wait on. */
  wake(): void {
    this.#backOffUntil = 0;
    this.hurry();
  }

  /** Lets `due` look again whether anybody waits. */
  hurry(): void {
    this.#wake?.();
  }

  /** Resolves when it is time, or nobody waits any more. */
  async due(isWanted: () => boolean): Promise<void> {
    const environment = this.#environment;
    for (;;) {
      const left = Math.max(this.#backOffUntil, this.#holdUntil) - environment.now();
      const isOnline = environment.isOnline();
      if (!isWanted() || (isOnline && left <= 0)) return;
      await new Promise<void>((resolve) => {
        const stop = isOnline ? environment.after(left, resolve) : undefined;
        this.#wake = () => {
          stop?.();
          resolve();
        };
      });
    }
  }
}
