// The two shapes of a call, a promise or an iterable, over a connection.
import { Call } from "./call.ts";
import { checkMetadata } from "./check-metadata.ts";
import type { Connection } from "./connection.ts";
import type { CallInfo, CallOptions, Client, MethodInfo, SingleCall, StreamCall } from "./contract.ts";
import { ClientError, internal } from "./error.ts";

export function createClient(connection: Connection): Client {
  const begin = (method: MethodInfo, input: unknown, options: CallOptions = {}): Call => {
    checkMetadata(options.metadata);
    const call = new Call({ method, input, options }, connection);
    connection.start(call);
    return call;
  };
  return {
    single: <T>(method: MethodInfo, input: unknown, options?: CallOptions) =>
      toSingle(begin(method, input, options)) as SingleCall<T>,
    stream: <T>(method: MethodInfo, input: unknown, options?: CallOptions) =>
      toStream(begin(method, input, options)) as StreamCall<T>,
    close: () => connection.close(),
  };
}

function toSingle(call: Call): Promise<unknown> & CallInfo {
  return Object.assign(awaitReply(call), call.info);
}

async function awaitReply({ inbox }: Call): Promise<unknown> {
  const { done, value } = await inbox.next();
  if (done === true) throw new ClientError({ code: internal, message: "the call ended without a reply" });
  // The reply counts when the call has ended well.
  await inbox.next();
  return value;
}

function toStream(call: Call): AsyncIterableIterator<unknown> & CallInfo {
  const leave = (): Promise<IteratorResult<unknown, undefined>> => {
    call.leave();
    return Promise.resolve({ done: true, value: undefined });
  };
  return {
    ...call.info,
    next: () => call.inbox.next(),
    return: leave,
    throw: leave,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
