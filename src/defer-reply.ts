// The reply to a stream that begins later: what the front gets while it is not yet known whether the call may go on.
import type { MessageReader, StreamReply } from "./call.ts";

/** A call that does not come about fails in all that is asked of it. */
export function deferReply(start: Promise<StreamReply>): StreamReply {
  const headers = start.then((reply) => reply.headers);
  const trailers = start.then((reply) => reply.trailers);
  // Whoever reads the messages hears of a failure there.
  headers.catch(() => {});
  trailers.catch(() => {});
  return { headers, messages: new DeferredMessages(start), trailers };
}

class DeferredMessages implements MessageReader {
  readonly #start: Promise<StreamReply>;
  #messages: MessageReader | undefined;

  constructor(start: Promise<StreamReply>) {
    this.#start = start;
  }

  read(): Promise<Uint8Array | undefined> {
    return this.#messages === undefined ? this.#readFirst() : this.#messages.read();
  }

  async #readFirst(): Promise<Uint8Array | undefined> {
    const { messages } = await this.#start;
    this.#messages = messages;
    return messages.read();
  }
}
