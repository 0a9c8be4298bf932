// What the bench asks of its clients' process, and what that answers.

/** How a client speaks: WebSocket in simple or multiplexed mode, HTTP lines or events. */
export type Form = "simple" | "simple-proto" | "mux" | "mux-proto" | "ndjson" | "sse";

/** `flood`: without an end; `hold`: one message, then silence; `echo`: what is sent comes back, and the next is sent. */
export type Task = "flood" | "hold" | "echo";

export interface OpenOrder {
  readonly kind: "open";
  readonly port: number;
  readonly form: Form;
  readonly task: Task;
  readonly sockets: number;
  /** Of a multiplexed socket; 1 by default. */
  readonly streams?: number;
  /** Of a flood; without an end by default. */
  readonly count?: number;
  /** Messages of an echo that are under way at a time on a socket; 1 by default. */
  readonly inFlight?: number;
  /** Messages come as `{"result": …}`, and paths take their HTTP method in `?method=`. */
  readonly isWrapped?: boolean;
  /** Nothing is read after the first message. */
  readonly isStalled?: boolean;
  /** Handshakes under way at a time; 64 by default. */
  readonly atOnce?: number;
}

export type Order =
  | OpenOrder
  /** Counts for so long what comes, and what it costs the process with that id. */
  | { readonly kind: "count"; readonly milliseconds: number; readonly pid: number }
  /** Until all connections have ended by the server's doing. */
  | { readonly kind: "await-end"; readonly milliseconds: number }
  /** Ends all connections as a client does, and waits for it. */
  | { readonly kind: "close"; readonly milliseconds: number };

export interface Opened {
  readonly milliseconds: number;
}

export interface Counted {
  readonly frames: number;
  readonly bytes: number;
  readonly milliseconds: number;
  readonly cpuMicros: number;
  /** Of echoes, in µs: from sending to the return. */
  readonly p50: number;
  readonly p99: number;
}

export interface Ended {
  readonly milliseconds: number;
  /** How many connections ended with which close code; 0: without one. */
  readonly codes: Readonly<Record<string, number>>;
  /** Messages that came in all. */
  readonly frames: number;
}

export type Answer = Opened | Counted | Ended;
