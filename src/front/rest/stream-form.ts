// The forms a stream has as the body of an answer: what is written before, around and after its messages. Each form is a file.

/** One stream's; it may remember what it wrote. */
export interface AnswerForm {
  readonly contentType: string;
  /** Before everything else, with the head. */
  readonly opening: string;
  /**
   * What one write sends for a message, in its JSON (of a raw form: its bytes). `message` is the protobuf it was made of.
   * Throws GatewayError.
   */
  element(content: Uint8Array, message: Uint8Array): Uint8Array;
  /** Tells everyone on the way that the stream lives; undefined: there is nothing to say between messages. */
  readonly keepAlive: Buffer | undefined;
  /** The end of a stream that ended well. */
  closing(): string;
  /** The end of one that did not; undefined: this form cannot say so, and its answer is to be cut off. */
  failure(status: StreamFailure): string | undefined;
}

export interface StreamFailure {
  readonly code: number;
  /** The status as a JSON object. */
  readonly json: string;
}

/** Text around bytes, in one buffer. */
export function surround(before: string, bytes: Uint8Array, after: string): Buffer {
  const start = Buffer.byteLength(before);
  const end = start + bytes.length;
  const whole = Buffer.allocUnsafe(end + Buffer.byteLength(after));
  whole.write(before, 0);
  whole.set(bytes, start);
  whole.write(after, end);
  return whole;
}
