// How many sockets and streams there are and what became of them: for the metrics.
import type { Method } from "../../schema/descriptor.ts";
import { countsByCode, isCode } from "../../status.ts";
import { BacklogPool } from "./backlog-pool.ts";

/** How a client got to a stream. */
export type StreamWay = "websocket" | "mux" | "sse" | "ndjson" | "array" | "raw" | "body" | "grpc";

/** Of one method on one way; the counts only grow, but for `open`. */
export interface StreamTally {
  readonly method: string;
  readonly kind: string;
  readonly way: StreamWay;
  /** Of all methods and ways. */
  readonly backlogs: BacklogPool;
  open: number;
  opened: number;
  messagesIn: number;
  messagesOut: number;
  /** Forgotten by an overflow policy. */
  dropped: number;
  /** Times that the backend had to wait for the client's room or credit. */
  waits: number;
  /** Streams of which a message waits for the client now. */
  waiting: number;
  /** How long such messages have waited, those that wait now not counted. */
  waitedMs: number;
  /** Taken up where an earlier one was cut off. */
  resumed: number;
  /** By gRPC status code. */
  readonly endedBy: number[];
}

/** Where it is counted that clients are waited for, and what is kept for them. */
export type WaitTally = Pick<StreamTally, "waiting" | "waitedMs" | "backlogs">;

export class Census {
  /** What overflow policies keep back. */
  readonly backlogs = new BacklogPool();
  #sockets = 0;
  readonly #tallies = new Map<string, StreamTally>();
  readonly #closes = new Map<number, number>();
  readonly #refusals = new Map<string, number>();
  /** Times that reading from a socket was paused because its client sent too fast. */
  pauses = 0;

  get sockets(): number {
    return this.#sockets;
  }

  /** Streams and sockets together. */
  get open(): number {
    let open = this.#sockets;
    for (const tally of this.#tallies.values()) open += tally.open;
    return open;
  }

  /** Each is to be followed by `closeSocket`. */
  openSocket(): void {
    this.#sockets++;
  }

  closeSocket(code: number): void {
    this.#sockets--;
    const known = isCloseCode(code) ? code : 0;
    this.#closes.set(known, (this.#closes.get(known) ?? 0) + 1);
  }

  /** A handshake that came to nothing; `reason` is one of the front's own, never the client's text. */
  refuse(reason: string): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }

  /** The tally to count in; keep it. There are as many as methods and ways, whatever clients do. */
  tallyOf({ name, kind }: Pick<Method, "name" | "kind">, way: StreamWay): StreamTally {
    const key = `${name} ${way}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = {
        method: name,
        kind,
        way,
        backlogs: this.backlogs,
        open: 0,
        opened: 0,
        messagesIn: 0,
        messagesOut: 0,
        dropped: 0,
        waits: 0,
        waiting: 0,
        waitedMs: 0,
        resumed: 0,
        endedBy: countsByCode(),
      };
      this.#tallies.set(key, tally);
    }
    return tally;
  }

  /** Sorted, for whoever prints them. */
  tallies(): readonly StreamTally[] {
    return [...this.#tallies.keys()].sort().map((key) => this.#tallies.get(key) as StreamTally);
  }

  /** Close code → how often; 0 for codes that clients make up. */
  closes(): readonly (readonly [number, number])[] {
    return [...this.#closes].sort(([a], [b]) => a - b);
  }

  refusals(): readonly (readonly [string, number])[] {
    return [...this.#refusals].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** The codes there are names for: labels of metrics are not the client's to choose. */
function isCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1015) || (code >= 4000 && code <= 4016) || (code >= 4100 && code <= 4199);
}

/** While a message waits for its client. */
export async function whileWaiting(tally: WaitTally, wait: () => Promise<void>): Promise<void> {
  const since = performance.now();
  tally.waiting++;
  try {
    await wait();
  } finally {
    tally.waiting--;
    tally.waitedMs += performance.now() - since;
  }
}

export function openStream(tally: StreamTally): void {
  tally.open++;
  tally.opened++;
}

export function endStream(tally: StreamTally, code: number): void {
  tally.open--;
  if (isCode(code)) tally.endedBy[code]++;
}
