// A Transport for Connect-ES: clients made by createClient call the gateway over one WebSocket, all four kinds of methods, from any
// browser. Their messages go as protobuf, re-encoded by nobody.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import type {
  Interceptor,
  StreamRequest,
  StreamResponse,
  Transport,
  UnaryRequest,
  UnaryResponse,
} from "@connectrpc/connect";
import { runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import { toAddress } from "./address.ts";
import { Connection } from "./connection.ts";
import type { CallInfo, CallOptions, Client, ConnectOptions, Metadata, MethodInfo, MethodKind } from "./contract.ts";
import { createClient } from "./create-client.ts";
import { createEnvironment } from "./environment.ts";
import { ClientError } from "./error.ts";
import type { BinaryDetail } from "./proto-codec.ts";
import { protoCodec } from "./proto-codec.ts";

export interface SluiceTransportOptions extends Omit<ConnectOptions, "fetch"> {
  /** The gateway's: `https://api.example`, or `/` for the page's own. */
  readonly baseUrl: string;
  readonly interceptors?: Interceptor[] | undefined;
  /** Deadline of calls that name none. */
  readonly defaultTimeoutMs?: number | undefined;
}

export interface SluiceTransport extends Transport {
  /** Cancels what is under way and closes the socket. A later call opens another. */
  close(): void;
}

/** Throws TypeError when `baseUrl` is no URL. Calls fail with ConnectError. */
export function createSluiceTransport(options: SluiceTransportOptions): SluiceTransport {
  const { baseUrl, interceptors, defaultTimeoutMs } = options;
  const client = createClient(
    new Connection({
      address: toAddress(baseUrl),
      codec: protoCodec,
      options,
      // Over fetch there are no protobuf routes.
      environment: { ...createEnvironment(options), fetch: undefined },
    }),
  );
  const describe = (method: DescMethod, header: Headers) => ({
    requestMethod: "POST",
    url: `${toAddress(baseUrl).http}/${method.parent.typeName}/${method.name}`,
    header,
    service: method.parent,
  });
  return {
    // oxlint-disable-next-line max-params -- as Transport has them
    unary(method, signal, timeoutMs, header, message, contextValues = createContextValues()) {
      const limit = timeoutMs ?? defaultTimeoutMs;
      return runUnaryCall({
        interceptors,
        signal,
        timeoutMs: limit,
        req: { stream: false, method, message, contextValues, ...describe(method, new Headers(header)) },
        next: (request) => callUnary(client, request, limit),
      });
    },
    // oxlint-disable-next-line max-params -- as Transport has them
    stream(method, signal, timeoutMs, header, message, contextValues = createContextValues()) {
      const limit = timeoutMs ?? defaultTimeoutMs;
      return runStreamingCall({
        interceptors,
        signal,
        timeoutMs: limit,
        req: { stream: true, method, message, contextValues, ...describe(method, new Headers(header)) },
        next: (request) => callStream(client, request, limit),
      });
    },
    close: () => client.close(),
  };
}

async function callUnary<I extends DescMessage, O extends DescMessage>(
  client: Client,
  request: UnaryRequest<I, O>,
  timeoutMs: number | undefined,
): Promise<UnaryResponse<I, O>> {
  const { method, service } = request;
  const input = toBinary(method.input, request.message);
  const call = begin(() => client.single<Uint8Array>(toInfo(method), input, toOptions(request, timeoutMs)));
  try {
    const message = fromBinary(method.output, await call);
    return {
      stream: false,
      service,
      method,
      message,
      header: await headersOf(call),
      trailer: toHeaders(await call.trailers),
    };
  } catch (error) {
    throw toConnectError(error);
  }
}

async function callStream<I extends DescMessage, O extends DescMessage>(
  client: Client,
  request: StreamRequest<I, O>,
  timeoutMs: number | undefined,
): Promise<StreamResponse<I, O>> {
  const { method, service } = request;
  const requests = encodeAll(method.input, request.message);
  const isMany = method.methodKind !== "server_streaming";
  const input = isMany ? requests : await onlyOne(requests);
  const call = begin(() => client.stream<Uint8Array>(toInfo(method), input, toOptions(request, timeoutMs)));
  const header = await headersOf(call);
  const trailer = new Headers();
  const fill = async (): Promise<void> => {
    for (const [name, value] of toHeaders(await call.trailers)) trailer.append(name, value);
  };
  return { stream: true, service, method, header, trailer, message: decodeAll(method.output, call, fill) };
}

/** Throws ConnectError for headers that no call can have. */
function begin<T>(start: () => T): T {
  try {
    return start();
  } catch (error) {
    throw ConnectError.from(error, Code.InvalidArgument);
  }
}

async function* encodeAll<T extends DescMessage>(
  type: T,
  messages: AsyncIterable<MessageShape<T>>,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const message of messages) yield toBinary(type, message);
  } catch (error) {
    // What the application says of its own messages is how the call ends.
    throw error instanceof ConnectError ? new ClientError({ code: error.code, message: error.rawMessage }) : error;
  }
}

/** Of a server-streaming call. An empty message stands for none. */
async function onlyOne(messages: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const { value } = await messages.next();
  return (value as Uint8Array | undefined) ?? new Uint8Array(0);
}

async function* decodeAll<T extends DescMessage>(
  type: T,
  messages: AsyncIterable<Uint8Array>,
  fillTrailers: () => Promise<void>,
): AsyncGenerator<MessageShape<T>> {
  try {
    for await (const message of messages) yield fromBinary(type, message);
    await fillTrailers();
  } catch (error) {
    throw toConnectError(error);
  }
}

const kinds: Readonly<Record<DescMethod["methodKind"], MethodKind>> = {
  unary: "unary",
  server_streaming: "server-streaming",
  client_streaming: "client-streaming",
  bidi_streaming: "bidi-streaming",
};

function toInfo(method: DescMethod): MethodInfo {
  return {
    name: `${method.parent.typeName}/${method.name}`,
    kind: kinds[method.methodKind],
    repeatable: method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
  };
}

function toOptions({ header, signal }: UnaryRequest | StreamRequest, timeoutMs: number | undefined): CallOptions {
  return { metadata: Object.fromEntries(header), signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

async function headersOf(call: CallInfo): Promise<Headers> {
  return toHeaders(await call.headers);
}

function toHeaders(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(metadata))
    for (const value of [values].flat()) headers.append(name, value);
  return headers;
}

function toConnectError(error: unknown): ConnectError {
  if (!(error instanceof ClientError)) return ConnectError.from(error);
  const converted = new ConnectError(error.message, error.code, toHeaders(error.trailers));
  converted.details = error.details as BinaryDetail[];
  return converted;
}
