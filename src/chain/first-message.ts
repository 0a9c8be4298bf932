// Streams whose first message has to pass before any backend hears of the call: until then the reply is not begun.
import type { Call, MessageReader, StreamReply } from "../call.ts";
import { deadlineExceeded } from "../status.ts";

/** Longest timer of Node; what ends later is looked at by whoever runs the call. */
const maxDelayMs = 2 ** 31 - 1;

/** Rejects with GatewayError only; for a call that ends before, with what ended it. */
export async function afterFirst(
  call: Call,
  messages: MessageReader,
  run: (messages: MessageReader) => StreamReply,
): Promise<StreamReply> {
  const first = await untilOver(call, messages.read());
  if (call.cancellation.error !== undefined) throw call.cancellation.error;
  return run(new BegunMessages(first, messages));
}

/** Nobody behind the chain keeps the deadline yet. */
function untilOver<T>({ cancellation, deadline }: Call, pending: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const left = deadline - performance.now();
    const timer = left > maxDelayMs ? undefined : setTimeout(() => reject(deadlineExceeded()), Math.max(0, left));
    cancellation.onCancel((error) => {
      clearTimeout(timer);
      reject(error);
    });
    pending.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

/** Messages whose first one has been read. */
class BegunMessages implements MessageReader {
  #first: Promise<Uint8Array | undefined> | undefined;
  readonly #isOver: boolean;
  readonly #messages: MessageReader;

  constructor(first: Uint8Array | undefined, messages: MessageReader) {
    this.#first = Promise.resolve(first);
    this.#isOver = first === undefined;
    this.#messages = messages;
  }

  read(): Promise<Uint8Array | undefined> {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) return first;
    return this.#isOver ? Promise.resolve(undefined) : this.#messages.read();
  }
}
