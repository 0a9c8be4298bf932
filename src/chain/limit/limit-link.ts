// Somebody who counts limits for several processes: a Redis, or the process that started them.

export interface LimitLink {
  readonly isReady: boolean;
  /** Goes on until it is closed. Resolves with the first outcome, good or bad, or after a second without one. */
  connect(): Promise<void>;
  /**
   * One question, sent with all others of this turn; words and answer are those of redis-script.ts. Rejects at once when nobody is there
   * to be asked.
   */
  run(keys: readonly string[], args: readonly string[]): Promise<unknown>;
  close(): void;
}
