// Messages of a call whose interceptors want to see them: each passes the taps on its way, in order. Calls without taps never come here.
import type { Call, MessageReader, MessageTap, Reply, StreamReply } from "../call.ts";
import { GatewayError } from "../status.ts";
import { deferReply } from "../defer-reply.ts";
import { afterFirst } from "./first-message.ts";
import { untilDeadline } from "./patience.ts";

/** Rejects with GatewayError only. */
export async function runTapped(
  call: Call,
  message: Uint8Array,
  run: (message: Uint8Array) => Promise<Reply>,
): Promise<Reply> {
  const seen = await pass(call, call.requestTaps, message);
  if (call.cancellation.error !== undefined) throw call.cancellation.error;
  const reply = await run(seen).catch((cause: unknown) => failAs(call, cause));
  if (call.replyTaps === undefined) return reply;
  return { ...reply, message: await pass(call, call.replyTaps, reply.message) };
}

/** What a tap refuses ends the call, at the backend as well. */
export function streamTapped(
  call: Call,
  messages: MessageReader,
  run: (messages: MessageReader) => StreamReply,
): StreamReply {
  const { requestTaps } = call;
  const seen =
    requestTaps === undefined ? messages : new TappedMessages(call, messages, requestTaps, call.noRequestTaps);
  const reply = call.awaitsRequest ? deferReply(afterFirst(call, seen, run)) : run(seen);
  const { replyTaps } = call;
  const heard = call.failureTaps === undefined ? reply : hearFailures(call, reply);
  if (replyTaps === undefined) return heard;
  return { ...heard, messages: new TappedMessages(call, heard.messages, replyTaps, undefined) };
}

/** Throws what is told in place of it, GatewayError. */
function failAs(call: Call, cause: unknown): never {
  let error = GatewayError.from(cause);
  try {
    for (const tap of call.failureTaps ?? []) error = GatewayError.from(tap(error));
  } catch (fault) {
    // What it has not let through is not told.
    error = GatewayError.from(fault);
  }
  throw error;
}

function hearFailures(call: Call, { headers, messages, trailers }: StreamReply): StreamReply {
  const fail = (cause: unknown): never => failAs(call, cause);
  return {
    headers: headers.catch(fail),
    messages: { read: () => messages.read().catch(fail) },
    trailers: trailers.catch(fail),
  };
}

class TappedMessages implements MessageReader {
  readonly #call: Call;
  readonly #messages: MessageReader;
  readonly #taps: readonly MessageTap[];
  /** Asked if no message comes; undefined once one has come. */
  #ofNone: readonly (() => void)[] | undefined;

  constructor(
    call: Call,
    messages: MessageReader,
    taps: readonly MessageTap[],
    ofNone: readonly (() => void)[] | undefined,
  ) {
    this.#call = call;
    this.#messages = messages;
    this.#taps = taps;
    this.#ofNone = ofNone;
  }

  async read(): Promise<Uint8Array | undefined> {
    const message = await this.#messages.read();
    const ofNone = this.#ofNone;
    this.#ofNone = undefined;
    try {
      if (message !== undefined) return await pass(this.#call, this.#taps, message);
      for (const tap of ofNone ?? []) tap();
      return undefined;
    } catch (cause) {
      const error = GatewayError.from(cause);
      this.#call.cancellation.cancel(error);
      throw error;
    }
  }
}

/** Throws what a tap throws, as GatewayError. */
async function pass(call: Call, taps: readonly MessageTap[] | undefined, message: Uint8Array): Promise<Uint8Array> {
  let seen = message;
  try {
    for (const tap of taps ?? []) {
      const answer = tap(seen);
      const replaced = answer instanceof Promise ? await untilDeadline(call, answer, "a tap of its messages") : answer;
      if (replaced instanceof Uint8Array) seen = replaced;
      // Of JavaScript: passing the message on as it was could show what was to be left out.
      else if (replaced !== undefined) throw new TypeError("a tap answers the bytes of a message, or undefined");
    }
  } catch (error) {
    throw GatewayError.from(error);
  }
  return seen;
}
