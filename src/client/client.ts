// OPEN FIRST: the browser client. connect(url) gives one shared connection; the functions of a generated module call through it.
import { toAddress } from "./address.ts";
import type { Client, ConnectOptions } from "./contract.ts";
import { Connection } from "./connection.ts";
import { createClient } from "./create-client.ts";
import { createEnvironment } from "./environment.ts";
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

/** `url` is the gateway's: `https://api.example`, or `/` for the page's own. Connects with the first call. Throws TypeError for what is no URL or no metadata. */
export function connect(url: string, options: ConnectOptions = {}): Client {
  const connection = new Connection({
    address: toAddress(url),
    codec: jsonCodec,
    options,
    environment: createEnvironment(options),
  });
  return createClient(connection);
}
