// How the messages of a streaming method reach clients: as `(sluice.stream)` and `stream` of a policy write it, and settled.

/** As written; what is absent is not said, and an empty text is none. */
export interface StreamSettings {
  readonly resume_token?: string;
  readonly resume_from?: string;
  readonly overflow?: string;
  readonly key?: string;
  readonly keep?: number;
  readonly idle?: string;
  readonly max_lifetime?: string;
  readonly ws?: boolean;
  readonly sse?: boolean;
  readonly ndjson?: boolean;
}

/** What to do when a message comes that the client has no room for. */
export type OverflowRule =
  | { readonly kind: "block" }
  /** The path of a field of the reply. */
  | { readonly kind: "conflate"; readonly key: string }
  | { readonly kind: "drop-oldest"; readonly limit: number }
  | { readonly kind: "disconnect" };

/** How a client that was cut off goes on: paths of fields of the reply and of the request. */
export interface ResumeRule {
  readonly token: string;
  readonly from: string;
}

/** Several parts, of which each is said by itself. */
export interface StreamRule {
  readonly overflow: OverflowRule;
  /** `off`: a client that was cut off starts anew. */
  readonly resume: ResumeRule | "off";
  /** Undefined: as the gateway has it for all. */
  readonly idleMs: number | undefined;
  readonly lifetimeMs: number | undefined;
  readonly webSocket: boolean;
  readonly sse: boolean;
  readonly ndjson: boolean;
}

/** Where nobody says anything. */
export const plainStream: StreamRule = Object.freeze({
  overflow: Object.freeze({ kind: "block" }),
  resume: "off",
  idleMs: undefined,
  lifetimeMs: undefined,
  webSocket: true,
  sse: true,
  ndjson: true,
});

/** As the enum in protos numbers them. */
export const overflowNames = ["BLOCK", "CONFLATE", "DROP_OLDEST", "DISCONNECT"] as const;

const maxKeep = 10_000;

/** How many messages `DROP_OLDEST` keeps. */
export const keepBounds = Object.freeze({ min: 1, max: maxKeep, fallback: 16 });
