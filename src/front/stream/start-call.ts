// A method of any kind called as a stream, for fronts whose clients open all of them in the same way.
import type { Call, Chain, MessageReader, Reply, StreamReply } from "../../call.ts";
import { Code, GatewayError } from "../../status.ts";

/** A unary method takes exactly one message from `messages`. */
export function startCall(chain: Chain, call: Call, messages: MessageReader): StreamReply {
  if (call.method.kind !== "unary") return chain.stream(call, messages);
  const reply = callUnary(chain, call, messages);
  const headers = reply.then((answer) => answer.headers);
  const trailers = reply.then((answer) => answer.trailers);
  // Whoever reads the messages hears of a failure there.
  headers.catch(() => {});
  trailers.catch(() => {});
  return { headers, messages: new OneMessage(reply), trailers };
}

async function callUnary(chain: Chain, call: Call, messages: MessageReader): Promise<Reply> {
  await chain.admit(call);
  const message = await messages.read();
  if (message === undefined) throw wrongCount("none came");
  if ((await messages.read()) !== undefined) throw wrongCount("more came");
  return chain.unary(call, message);
}

function wrongCount(found: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `a unary method takes exactly one message, and ${found}`, {
    reason: "MESSAGE_COUNT",
  });
}

class OneMessage implements MessageReader {
  #reply: Promise<Reply> | undefined;

  constructor(reply: Promise<Reply>) {
    this.#reply = reply;
  }

  async read(): Promise<Uint8Array | undefined> {
    const reply = this.#reply;
    this.#reply = undefined;
    return reply === undefined ? undefined : (await reply).message;
  }
}
