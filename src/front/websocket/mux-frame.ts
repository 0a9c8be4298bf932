// The frames of the multiplexed protocol (docs/websocket.md), whatever form they are written in: what a client may send, what it gets.
import type { Metadata } from "../../metadata.ts";
import type { GatewayError } from "../../status.ts";

/** 2^31-1: of ids, of credit. */
export const largestInteger = 0x7fff_ffff;
/** Of `auth`. */
export const longestAuth = 8192;
/** Of the `d` of a ping. */
export const longestPing = 125;

export interface InitFrame {
  readonly kind: "init";
  readonly auth: string | undefined;
  readonly metadata: Metadata;
}

export interface OpenFrame {
  readonly kind: "open";
  readonly id: number;
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly credit: number;
  readonly metadata: Metadata;
  readonly timeout: string | undefined;
  /** As it came: JSON text or protobuf bytes. */
  readonly message: Uint8Array | undefined;
  readonly end: boolean;
}

export type ClientFrame =
  | InitFrame
  | OpenFrame
  | { readonly kind: "msg"; readonly id: number; readonly message: Uint8Array }
  | { readonly kind: "credit"; readonly id: number; readonly n: number }
  | { readonly kind: "end"; readonly id: number }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "auth"; readonly auth: string }
  /** `d` as it is to be echoed. */
  | { readonly kind: "ping"; readonly d: Uint8Array | undefined }
  | { readonly kind: "pong" };

export interface Ready {
  readonly session: string;
  readonly maxStreams: number;
  readonly maxMessage: number;
  readonly upCredit: number;
  readonly upBytes: number;
  readonly pingMs: number;
  readonly lifetimeMs: number | undefined;
  /** Unix time in milliseconds. */
  readonly authExpiresAt: number | undefined;
}

export interface GoAway {
  readonly reason: "shutdown" | "lifetime";
  readonly lastId: number;
  readonly deadlineMs: number;
  readonly retryAfterMs: number;
}

/** One form of the frames. What it returns are whole WebSocket messages. */
export interface MuxCodec {
  readonly form: "json" | "proto";
  /** Throws FrameFault for what is no frame of a client. Messages in it are views into the bytes. */
  read(bytes: Buffer): ClientFrame;
  ready(ready: Ready): Uint8Array;
  head(id: number, metadata: Metadata): Uint8Array;
  /** What stands before each message of a stream. */
  messagePrefix(id: number): Uint8Array;
  message(prefix: Uint8Array, message: Uint8Array): Uint8Array;
  credit(id: number, n: number): Uint8Array;
  /** `error` undefined for OK. */
  status(id: number, error: GatewayError | undefined, trailers: Metadata): Uint8Array;
  expiring(what: "auth" | "lifetime", at: number): Uint8Array;
  goaway(goaway: GoAway): Uint8Array;
  pong(d: Uint8Array | undefined): Uint8Array;
}

/** The bytes are no frame: the socket ends with 4150 and this as its reason. Not an Error: no stack is wanted. */
export class FrameFault {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}
