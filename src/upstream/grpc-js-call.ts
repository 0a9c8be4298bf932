// One call on a grpc-js channel: pulls and pushes message bytes, turns its end into a GatewayError.
import {
  type Channel,
  type InterceptingListener,
  Metadata as GrpcMetadata,
  status as grpcStatus,
  type StatusObject,
} from "@grpc/grpc-js";
import type { StreamCall, UnaryCall } from "../call.ts";
import { emptyMetadata, type Metadata } from "../metadata.ts";
import { Code, GatewayError } from "../status.ts";
import type { ChannelLink } from "./grpc-js-channel.ts";
import type { TransportLimits } from "./transport.ts";
import { isTransportText, toUpstreamError, upstreamUnavailable } from "./upstream-status.ts";
import { toReplyMetadata } from "./wire-metadata.ts";

type GrpcCall = ReturnType<Channel["createCall"]>;

/** Longest timer of Node; to grpc-js a deadline beyond it is none. */
const maxDelayMs = 2_147_483_647;

export interface CallEvents {
  onHeaders(headers: Metadata): void;
  onMessage(message: Uint8Array): void;
  /** Once. `isLocal`: this side ended the call, what the backend sent is of no interest any more. */
  onEnd(error: GatewayError | undefined, headers: Metadata, trailers: Metadata, isLocal: boolean): void;
}

/** One call on the wire. Nothing here may throw: grpc-js calls it from timers and socket events. */
export class RunningCall implements InterceptingListener {
  readonly #link: ChannelLink;
  readonly #call: GrpcCall;
  readonly #deadline: number;
  readonly #limits: TransportLimits;
  readonly #events: CallEvents;
  #headers: Metadata | undefined;
  #isGrpc = true;
  #isEnded = false;
  #onSent: (() => void) | undefined;

  /** Throws when the channel is closed. */
  constructor(link: ChannelLink, call: UnaryCall | StreamCall, limits: TransportLimits, events: CallEvents) {
    this.#link = link;
    this.#call = link.channel.createCall(call.method.path, toGrpcDeadline(call.deadline), null, null, null);
    this.#deadline = call.deadline;
    this.#limits = limits;
    this.#events = events;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Once, first; with what `readRequestMetadata` has let through. */
  start(metadata: Metadata): void {
    this.#call.start(toGrpcMetadata(metadata), this);
  }

  /** Lets one more message come in. */
  read(): void {
    if (!this.#isEnded) this.#call.startRead();
  }

  /** Resolves when the message has left, as fast as the backend takes it, or when the call has ended. */
  send(message: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#onSent = resolve;
      this.#call.sendMessageWithContext({ callback: () => resolve() }, toBuffer(message));
    });
  }

  halfClose(): void {
    if (!this.#isEnded) this.#call.halfClose();
  }

  cancel(error: GatewayError): void {
    if (this.#isEnded) return;
    this.#end(error, emptyMetadata, true);
    this.#call.cancelWithStatus(grpcStatus.CANCELLED, "cancelled by the gateway");
  }

  onReceiveMetadata(metadata: GrpcMetadata): void {
    if (this.#isEnded) return;
    const type = metadata.get("content-type")[0];
    this.#isGrpc = type === undefined || /^application\/grpc(?:[+;]|$)/i.test(String(type));
    this.#headers = toReplyMetadata(entriesOf(metadata), this.#limits.maxMetadataBytes);
    if (this.#headers !== undefined) return this.#events.onHeaders(this.#headers);
    this.cancel(
      new GatewayError(Code.RESOURCE_EXHAUSTED, "the upstream's metadata is larger than the gateway's limit", {
        reason: "UPSTREAM_METADATA_TOO_LARGE",
      }),
    );
  }

  onReceiveMessage(message: Buffer | null): void {
    if (!this.#isEnded && message !== null) this.#events.onMessage(message);
  }

  onReceiveStatus(status: StatusObject): void {
    if (this.#isEnded) return;
    // Trailers over the limit never hide how the call ended.
    const trailers = toReplyMetadata(entriesOf(status.metadata), this.#limits.maxMetadataBytes) ?? emptyMetadata;
    this.#end(this.#toError(status, trailers), trailers, false);
  }

  #end(error: GatewayError | undefined, trailers: Metadata, isLocal: boolean): void {
    this.#isEnded = true;
    this.#onSent?.();
    this.#events.onEnd(error, this.#headers ?? emptyMetadata, trailers, isLocal);
  }

  #toError(status: StatusObject, trailers: Metadata): GatewayError | undefined {
    if (status.code === grpcStatus.OK) return undefined;
    const isFromBackend = this.#isFromBackend(status);
    if (!isFromBackend && status.details.startsWith("No connection established"))
      return upstreamUnavailable(new Error(this.#link.describe(status.details)));
    const details = status.metadata.get("grpc-status-details-bin")[0];
    const error = toUpstreamError({
      code: status.code,
      message: status.details,
      isFromBackend,
      isLate: this.#deadline <= performance.now(),
      statusBytes: Buffer.isBuffer(details) ? details : undefined,
      headers: this.#headers ?? emptyMetadata,
      trailers,
    });
    if (this.#isGrpc || error.reason === "UPSTREAM_UNAVAILABLE" || error.reason === "DEADLINE_EXCEEDED") return error;
    return error.reason === "UPSTREAM_PROTOCOL"
      ? error
      : new GatewayError(Code.UNKNOWN, "the upstream did not answer with gRPC", {
          reason: "UPSTREAM_PROTOCOL",
          cause: error,
        });
  }

  /** grpc-js does not say whether it made a status up. Without headers the backend's own has at least a content type. */
  #isFromBackend(status: StatusObject): boolean {
    const fields = entriesOf(status.metadata);
    if (/^Received HTTP status code \d/.test(status.details)) return false;
    if (this.#headers === undefined) return fields.some(([name]) => name === "content-type");
    return fields.length > 0 || !isTransportText(status.details);
  }
}

function toGrpcMetadata(metadata: Metadata): GrpcMetadata {
  const sent = new GrpcMetadata();
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i];
    sent.add(name, name.endsWith("-bin") ? Buffer.from(metadata[i + 1], "base64") : metadata[i + 1]);
  }
  return sent;
}

function entriesOf(metadata: GrpcMetadata): [string, (string | Buffer)[]][] {
  return Object.entries(metadata.toJSON());
}

function toGrpcDeadline(deadline: number): number {
  const remaining = deadline - performance.now();
  return remaining > maxDelayMs ? Infinity : Date.now() + remaining;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
