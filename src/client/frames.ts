// The frames of the multiplexed protocol (docs/websocket.md) as the client handles them, whatever form they have on the wire. A key
// whose value is undefined is not written.
import type { Metadata } from "./contract.ts";
import { invalidArgument, toError } from "./error.ts";
import type { Failure } from "./error.ts";

export type ClientFrame =
  | { readonly t: "init"; readonly auth?: string; readonly metadata?: Metadata; readonly client?: ClientName }
  | OpenFrame
  | { readonly t: "msg"; readonly id: number; readonly m: unknown }
  | { readonly t: "credit"; readonly id: number; readonly n: number }
  | { readonly t: "end"; readonly id: number }
  | { readonly t: "cancel"; readonly id: number; readonly reason?: string }
  | { readonly t: "auth"; readonly auth: string }
  | { readonly t: "ping" };

export interface ClientName {
  readonly name: string;
  readonly version: string;
}

export interface OpenFrame {
  readonly t: "open";
  readonly id: number;
  readonly method: string;
  readonly credit: number;
  readonly metadata?: Metadata;
  readonly timeout?: string;
  readonly m?: unknown;
  readonly end?: boolean;
}

/** Keys that the client does not read are left out. */
export type ServerFrame =
  | ReadyFrame
  | { readonly t: "head"; readonly id: number; readonly metadata: Metadata }
  | { readonly t: "msg"; readonly id: number; readonly m: unknown }
  | { readonly t: "credit"; readonly id: number; readonly n: number }
  | StatusFrame
  | { readonly t: "expiring"; readonly what: string }
  | GoAwayFrame
  | { readonly t: "ping"; readonly d?: unknown }
  | { readonly t: "pong" };

export interface ReadyFrame {
  readonly t: "ready";
  readonly maxStreams: number;
  readonly maxMessage: number;
  readonly upCredit: number;
  readonly upBytes: number;
}

export interface GoAwayFrame {
  readonly t: "goaway";
  readonly lastId: number;
  readonly retryAfterMs: number;
}

export interface StatusFrame extends Failure {
  readonly t: "status";
  readonly id: number;
}

/** One form of the frames on the wire. */
export interface Codec {
  /** The sub-protocol to ask for. */
  readonly protocol: string;
  encode(frame: ClientFrame | { readonly t: "pong"; readonly d?: unknown }): string | Uint8Array<ArrayBuffer>;
  /** Throws for what is no frame. A frame whose `t` the client does not know is let through, to be ignored. */
  decode(data: unknown): ServerFrame;
}

/** ProtoJSON has strings where JSON has no number: it would say `null`, or throw. Throws ClientError for what is no JSON. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === "bigint" || (typeof inner === "number" && !isFinite(inner)) ? String(inner) : inner,
    );
  } catch (error) {
    throw toError(error, invalidArgument);
  }
}

export const jsonCodec: Codec = {
  protocol: "sluice.mux.v1.json",
  encode: toJson,
  decode(data) {
    const frame: unknown = JSON.parse(data as string);
    if (typeof frame !== "object" || frame === null) throw new TypeError();
    return frame as ServerFrame;
  },
};
