// The transport on @grpc/grpc-js: raw message bytes on its call layer, below generated clients, codecs, retries and service configs.
import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import type { MessageReader, Reply, StreamCall, StreamReply, UnaryCall } from "../call.ts";
import { emptyMetadata, type Metadata } from "../metadata.ts";
import { Code, deadlineExceeded, GatewayError } from "../status.ts";
import { Connection, type StateListener } from "./connection.ts";
import { type CallEvents, RunningCall } from "./grpc-js-call.ts";
import { ChannelLink } from "./grpc-js-channel.ts";
import { createDeferred } from "./deferred.ts";
import { MessageQueue } from "./message-queue.ts";
import { Replay, ReplayPool } from "./retry/replay.ts";
import type { AttemptWatch, ConnectionState, TargetAddress, Transport } from "./transport.ts";
import type { TransportFactory, TransportLimits } from "./transport.ts";
import { checkSize, upstreamProtocolError, upstreamUnavailable } from "./upstream-status.ts";
import { readRequestMetadata } from "./wire-metadata.ts";

/** Received and not yet read, per stream: what HTTP/2 holds in one default window. */
const readAheadBytes = 65_536;

/** Throws when the TLS material or the target cannot be used; connects with the first call or `connect`. */
export const createGrpcJsTransport: TransportFactory = (address, limits, watch) =>
  new GrpcJsTransport(address, limits, watch);

class GrpcJsTransport implements Transport {
  readonly #limits: TransportLimits;
  readonly #watch: AttemptWatch | undefined;
  readonly #connection: Connection<ChannelLink>;
  readonly #running = new Set<RunningCall>();
  readonly #replays = new ReplayPool();

  constructor(address: TargetAddress, limits: TransportLimits, watch: AttemptWatch | undefined) {
    this.#watch = watch;
    // grpc-js prints what a backend sends; its own variable still turns that on for debugging.
    if (process.env["GRPC_VERBOSITY"] === undefined) setLogVerbosity(logVerbosity.NONE);
    this.#limits = limits;
    this.#connection = new Connection(() => new ChannelLink(address, limits), limits.connectTimeoutMs);
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  unary(call: UnaryCall): Promise<Reply> {
    return this.#unary(call, true);
  }

  #unary(call: UnaryCall, isFirst: boolean): Promise<Reply> {
    return new Promise((resolve, reject) => {
      let message: Uint8Array | undefined;
      let isBegun = false;
      const running = this.#start(call, {
        onHeaders: () => {
          isBegun = true;
        },
        onMessage: (received) => {
          if (message === undefined) {
            message = received;
            running?.read();
          } else
            running?.cancel(upstreamProtocolError("the upstream answered a unary call with more than one message"));
        },
        onEnd: (error, headers, trailers) => {
          // gRFC A6: what the backend has not begun is sent again, once.
          // Not in this turn, in which the channel may not have heard yet of the GOAWAY.
          if (error !== undefined && isFirst && !isBegun && isRefused(error))
            setImmediate(() => resolve(this.#unary(call, false)));
          else if (error !== undefined) reject(error);
          else if (message === undefined) reject(upstreamProtocolError("the upstream answered OK without a message"));
          else resolve({ message, headers, trailers });
        },
      });
      if (running === undefined) return;
      running.read();
      void running.send(call.message);
      running.halfClose();
    });
  }

  stream(call: StreamCall): StreamReply {
    const headers = createDeferred<Metadata>();
    const trailers = createDeferred<Metadata>();
    const replay = new Replay(call.messages, this.#replays);
    let running: RunningCall | undefined;
    let isReading = false;
    const read = (): void => {
      isReading = true;
      running?.read();
    };
    const queue = new MessageQueue({
      window: readAheadBytes,
      onRoom: () => {
        if (!isReading) read();
      },
    });
    const begin = (isFirst: boolean): void => {
      running = this.#start(call, {
        onHeaders: (received) => {
          replay.release();
          headers.resolve(received);
        },
        onMessage: (message) => {
          isReading = false;
          queue.push(message);
          if (queue.hasRoom) read();
        },
        onEnd: (error, received, sent, isLocal) => {
          if (error !== undefined && isFirst && replay.canRepeat && isRefused(error)) {
            setImmediate(() => begin(false));
            return;
          }
          replay.release();
          if (error === undefined) {
            headers.resolve(received);
            trailers.resolve(sent);
            queue.end();
            return;
          }
          headers.reject(error);
          trailers.reject(error);
          if (isLocal) queue.abort(error);
          else queue.end(error);
        },
      });
      if (running === undefined) return;
      read();
      void pump(replay.open(), running, this.#limits.maxMessageBytes);
    };
    begin(true);
    return { headers: headers.promise, messages: queue, trailers: trailers.promise };
  }

  connect(timeoutMs: number): Promise<boolean> {
    return this.#connection.connect(timeoutMs);
  }

  onStateChange(listener: StateListener): void {
    this.#connection.onStateChange(listener);
  }

  /** Calls still running end as UNAVAILABLE: whoever drains waits for them first. */
  close(): Promise<void> {
    this.#connection.close();
    for (const running of this.#running) {
      running.cancel(new GatewayError(Code.UNAVAILABLE, "the gateway is shutting down", { reason: "SHUTTING_DOWN" }));
    }
    return Promise.resolve();
  }

  /** Undefined when the call ended before anything was sent; `onEnd` has been called then. */
  #start(call: UnaryCall | StreamCall, unwatched: CallEvents): RunningCall | undefined {
    const events = this.#watched(unwatched);
    try {
      this.#refuse(call);
      const metadata = readRequestMetadata(call.metadata, this.#limits.maxMetadataBytes);
      const running: RunningCall = new RunningCall(this.#connection.link, call, this.#limits, {
        ...events,
        onEnd: (...end) => {
          this.#running.delete(running);
          events.onEnd(...end);
        },
      });
      this.#running.add(running);
      running.start(metadata);
      call.cancellation.onCancel((error) => running.cancel(error));
      return running;
    } catch (error) {
      events.onEnd(GatewayError.from(error), emptyMetadata, emptyMetadata, true);
      return undefined;
    }
  }

  #watched(events: CallEvents): CallEvents {
    const watch = this.#watch;
    if (watch === undefined) return events;
    const startedAt = performance.now();
    watch.began();
    return {
      ...events,
      onEnd(error, ...rest) {
        watch.ended(startedAt, error?.code ?? Code.OK);
        events.onEnd(error, ...rest);
      },
    };
  }

  #refuse(call: UnaryCall | StreamCall): void {
    if (call.cancellation.error !== undefined) throw call.cancellation.error;
    if (this.#connection.state === "closed") throw upstreamUnavailable(new Error("the transport is closed"));
    if (call.deadline <= performance.now()) throw deadlineExceeded();
    if (this.#connection.isStalled) throw upstreamUnavailable(new Error("connecting takes longer than the limit"));
    if (call.kind === "unary") checkSize(call.message, this.#limits.maxMessageBytes);
  }
}

/** With REFUSED_STREAM, or by a GOAWAY that leaves it out: to Node both are the same. */
function isRefused({ cause }: GatewayError): boolean {
  return cause instanceof Error && cause.message.startsWith("Stream refused by server");
}

async function pump(messages: MessageReader, running: RunningCall, maxBytes: number): Promise<void> {
  try {
    while (!running.isEnded) {
      const message = await messages.read();
      if (message === undefined) return running.halfClose();
      checkSize(message, maxBytes);
      if (!running.isEnded) await running.send(message);
    }
  } catch (error) {
    running.cancel(GatewayError.from(error));
  }
}
