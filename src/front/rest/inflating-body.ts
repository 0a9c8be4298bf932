// A compressed body that is a stream of messages: inflated as it comes, no faster than the messages are taken, and no further than its size is worth.
import { createGunzip, createInflate } from "node:zlib";
import type { Gunzip, Inflate } from "node:zlib";
import { Code, GatewayError } from "../../status.ts";
import type { BodyReceiver, Exchange } from "../front.ts";
import { encodingInvalid, encodingTrailing } from "./decompress.ts";

/** Encodings whose window is small whatever the client says: brotli's may be 16 MiB for a few bytes. */
export const streamedEncodings: readonly string[] = ["gzip", "x-gzip", "deflate"];

/** Beyond `server.max_body`: what a compressed byte may become, on average. The 100× rule of THREAT_MODEL.md. */
const maxExpansion = 100;
/** Inflated and not yet dealt with, before no more is. */
const maxUnconsumed = 64 * 1024;

/** What a receiver of inflated bytes says it has dealt with. */
export type Consuming = Pick<Exchange, "consumed">;

export interface InflatingOptions {
  /** One of `streamedEncodings`. */
  readonly encoding: string;
  readonly exchange: Consuming;
  /** Inflated bytes that are granted before expansion is looked at. */
  readonly grantedBytes: number;
}

/** Between an exchange, which it receives the body of, and the receiver of what is in it. To be destroyed when the call has ended. */
export class InflatingBody implements BodyReceiver, Consuming {
  readonly #options: InflatingOptions;
  readonly #engine: Gunzip | Inflate;
  #receiver: BodyReceiver | undefined;
  #receivedBytes = 0;
  #inflatedBytes = 0;
  #unconsumed = 0;

  constructor(options: InflatingOptions) {
    this.#options = options;
    this.#engine = options.encoding === "deflate" ? createInflate() : createGunzip();
    this.#engine.on("data", (chunk: Buffer) => this.#onInflated(chunk));
    this.#engine.on("end", () => this.#onEnded());
    this.#engine.on("error", () => this.#fail(encodingInvalid(options.encoding)));
  }

  /** Once, before the body comes. */
  pipe(receiver: BodyReceiver): void {
    this.#receiver = receiver;
  }

  onChunk(chunk: Buffer): void {
    this.#receivedBytes += chunk.length;
    // The client may send on when the engine has taken it all, which waits for whoever takes what comes out.
    this.#engine.write(chunk, () => this.#options.exchange.consumed(chunk.length));
  }

  onEnd(): void {
    // No body is no body in any encoding.
    if (this.#receivedBytes === 0) this.#receiver?.onEnd();
    else this.#engine.end();
  }

  onFail(error: GatewayError): void {
    this.#fail(error);
  }

  /** Of what was inflated. */
  consumed(bytes: number): void {
    this.#unconsumed -= bytes;
    if (this.#unconsumed <= maxUnconsumed) this.#engine.resume();
  }

  /** Idempotent. */
  destroy(): void {
    this.#receiver = undefined;
    this.#engine.destroy();
  }

  #onInflated(chunk: Buffer): void {
    this.#inflatedBytes += chunk.length;
    const { grantedBytes } = this.#options;
    if (this.#inflatedBytes > grantedBytes + maxExpansion * this.#receivedBytes) {
      this.#fail(expandsTooFar());
      return;
    }
    this.#unconsumed += chunk.length;
    if (this.#unconsumed > maxUnconsumed) this.#engine.pause();
    this.#receiver?.onChunk(chunk);
  }

  #onEnded(): void {
    const receiver = this.#receiver;
    const { bytesWritten } = this.#engine;
    if (bytesWritten < this.#receivedBytes) this.#fail(encodingTrailing(this.#options.encoding));
    else receiver?.onEnd();
  }

  #fail(error: GatewayError): void {
    const receiver = this.#receiver;
    this.destroy();
    receiver?.onFail(error);
  }
}

function expandsTooFar(): GatewayError {
  const message = `the request body becomes more than ${maxExpansion} times larger once decompressed; send it as it is`;
  return new GatewayError(Code.RESOURCE_EXHAUSTED, message, { reason: "BODY_TOO_LARGE", httpStatus: 413 });
}
