// Where the messages in the body of a client stream begin and end: JSON values, or pieces of other bytes.
import { GatewayError } from "../../status.ts";
import { JsonValues } from "../../translate/request/json-values.ts";
import type { JsonValuesOptions } from "../../translate/request/json-values.ts";
import { pushChunk } from "../../translate/request/push-chunk.ts";
import type { StreamMessages } from "../../translate/request/stream-request.ts";
import type { MessageCutter } from "./stream-body.ts";

/** Of an HttpBody: a larger piece is cut. */
const maxPieceBytes = 64 * 1024;

export interface JsonCutterOptions extends JsonValuesOptions {
  /** Path and query are a message where the body has none. */
  readonly sendsHeadAlone: boolean;
}

/** Messages in JSON. A mistake in one is told with its number and place. */
export class JsonCutter implements MessageCutter {
  readonly #values: JsonValues;
  readonly #messages: StreamMessages;
  #headAlone: boolean;

  constructor(messages: StreamMessages, options: JsonCutterOptions) {
    this.#values = new JsonValues(options);
    this.#messages = messages;
    this.#headAlone = options.sendsHeadAlone && messages.hasHead;
  }

  get isDone(): boolean {
    return this.#values.isDone && !this.#headAlone;
  }

  append(chunk: Buffer): void {
    this.#values.append(chunk);
  }

  end(): void {
    this.#values.end();
  }

  next(): Uint8Array | undefined {
    const value = this.#values.next();
    if (value === undefined) return this.#values.isDone && this.#headAlone ? this.#fromHead() : undefined;
    this.#headAlone = false;
    try {
      return this.#messages.fromJson(value);
    } catch (error) {
      throw this.#locate(error);
    }
  }

  /** An array without messages is what it says: none. */
  #fromHead(): Uint8Array | undefined {
    this.#headAlone = false;
    return this.#values.isBlank ? this.#messages.withoutBody() : undefined;
  }

  #locate(error: unknown): unknown {
    if (!(error instanceof GatewayError)) return error;
    const index = `[${this.#values.count - 1}]`;
    const where = `in the message that begins at byte ${this.#values.offset} of the body`;
    const violations = error.violations.map(({ field, description, reason }) => ({
      field: field === "" || field.startsWith("[") ? `${index}${field}` : `${index}.${field}`,
      description: `${description}, ${where}`,
      ...(reason === undefined ? {} : { reason }),
    }));
    const { code, httpStatus } = error;
    const first = violations[0];
    const message =
      first === undefined ? `${index}: ${error.message}, ${where}` : `${first.field}: ${first.description}`;
    return new GatewayError(code, message, { httpStatus, violations, ...pickReason(error) });
  }
}

function pickReason({ reason }: GatewayError): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}

/** A body of any bytes, in pieces as they come. */
export class RawCutter implements MessageCutter {
  readonly #messages: StreamMessages;
  readonly #contentType: string | undefined;
  readonly #pieces: Buffer[] = [];
  #isFirst = true;
  #isEnded = false;

  constructor(messages: StreamMessages, contentType: string | undefined) {
    this.#messages = messages;
    this.#contentType = contentType;
  }

  get isDone(): boolean {
    return this.#isEnded && this.#pieces.length === 0 && !(this.#isFirst && this.#saysSomething);
  }

  /** An empty body has a type, and a URL. */
  get #saysSomething(): boolean {
    return this.#messages.hasHead || this.#contentType !== undefined;
  }

  append(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at += maxPieceBytes)
      pushChunk(this.#pieces, chunk.subarray(at, at + maxPieceBytes), 0);
  }

  end(): void {
    this.#isEnded = true;
  }

  next(): Uint8Array | undefined {
    const isAlone = this.#isEnded && this.#isFirst && this.#saysSomething;
    const piece = this.#pieces.shift() ?? (isAlone ? Buffer.alloc(0) : undefined);
    if (piece === undefined) return undefined;
    const contentType = this.#isFirst ? this.#contentType : undefined;
    this.#isFirst = false;
    return this.#messages.fromRaw(piece, contentType);
  }
}
