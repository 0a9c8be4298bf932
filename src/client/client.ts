// OPEN FIRST: the browser client. connect(url) gives one shared connection; the functions of a generated module call through it.
import { toAddress } from "./address.ts";
import { Call } from "./call.ts";
import type { CallInfo, CallOptions, Client, ConnectOptions, MethodInfo, SingleCall, StreamCall } from "./contract.ts";
import { Connection } from "./connection.ts";
import { createEnvironment } from "./environment.ts";
import { ClientError, internal } from "./error.ts";
import { jsonCodec } from "./frames.ts";

export type {
  CallInfo,
  CallOptions,
  CallState,
  Client,
  ConnectionState,
  ConnectOptions,
  HttpRoute,
  JsonAny,
  JsonObject,
  JsonValue,
  Metadata,
  MethodInfo,
  MethodKind,
  Requests,
  SingleCall,
  Status,
  StreamCall,
  WebSocketConstructor,
  WebSocketLike,
} from "./contract.ts";
export { ClientError } from "./error.ts";

/** `url` is the gateway's: `https://api.example`, or `/` for the page's own. Connects with the first call. Throws TypeError for what is no URL. */
export function connect(url: string, options: ConnectOptions = {}): Client {
  const connection = new Connection({
    address: toAddress(url),
    codec: jsonCodec,
    options,
    environment: createEnvironment(options),
  });
  return createClient(connection);
}

export function createClient(connection: Connection): Client {
  const begin = (method: MethodInfo, input: unknown, options: CallOptions = {}): Call => {
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

async function awaitReply({ inbox, info }: Call): Promise<unknown> {
  const { done, value } = await inbox.next();
  if (done === true) throw new ClientError({ code: internal, message: "the call ended well, without a reply" });
  // The reply counts when the call has ended well.
  const status = await info.status;
  if (status.code !== 0) throw new ClientError({ ...status, trailers: await info.trailers });
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
