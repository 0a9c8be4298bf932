// A grpc-js client for the example backends, straight to their ports: what they do without any gateway.
import { credentials, makeClientConstructor, Metadata } from "@grpc/grpc-js";
import type { Client, ServiceError } from "@grpc/grpc-js";
import type { MessageTypeDefinition } from "@grpc/proto-loader";
import { loadProto } from "../../examples/load-proto.ts";
import type { Examples } from "../../examples/start.ts";

const files = [
  "shop/v1/catalog.proto",
  "shop/v1/users.proto",
  "shop/v1/orders.proto",
  "shop/v1/payments.proto",
  "realtime/v1/ticker.proto",
  "realtime/v1/chat.proto",
  "realtime/v1/upload.proto",
  "demo/v1/pages.proto",
  "google/rpc/status.proto",
  "google/rpc/error_details.proto",
];
const definitions = loadProto(...files);

// Messages have the shapes of their protos; a test reads what it needs of them.
// eslint-disable-next-line typescript/no-explicit-any
export type Message = any;

export interface Failure {
  readonly code: number;
  readonly message: string;
  /** Detail messages by their short type: `BadRequest`. */
  readonly details: Readonly<Record<string, Message>>;
}

export interface TestClient {
  readonly stub: Client & Record<string, (...args: unknown[]) => Message>;
  /** The reply; rejects when the call fails. */
  call(method: string, request: object, headers?: Record<string, string>): Promise<Message>;
  /** The failure; rejects when the call succeeds. */
  fail(method: string, request: object, headers?: Record<string, string>): Promise<Failure>;
}

export function connect(examples: Examples, service: string): TestClient {
  const constructor = makeClientConstructor(definitions[service] as never, service);
  const target = examples.targets.get(service) ?? "";
  const stub = new constructor(target, credentials.createInsecure()) as unknown as TestClient["stub"];
  const call = (method: string, request: object, headers: Record<string, string> = {}): Promise<Message> =>
    new Promise((resolve, reject) => {
      const metadata = Metadata.fromHttp2Headers(headers);
      const deadline = Date.now() + 5000;
      stub[method]?.(request, metadata, { deadline }, (error: ServiceError | null, reply: Message) => {
        if (error === null) resolve(reply);
        else reject(error);
      });
    });
  const fail: TestClient["fail"] = async (method, request, headers) => {
    const outcome = await call(method, request, headers).then(
      (reply) => ({ reply }),
      (error: ServiceError) => ({ error }),
    );
    if ("reply" in outcome) throw new Error(`${method} succeeded: ${JSON.stringify(outcome.reply)}`);
    return toFailure(outcome.error);
  };
  return { stub, call, fail };
}

export function toFailure(error: ServiceError): Failure {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const details: Record<string, Message> = {};
  if (bytes !== undefined) {
    for (const { type_url, value } of decode("Status", bytes as Buffer).details) {
      const type = type_url.replace("type.googleapis.com/google.rpc.", "");
      details[type] = decode(type, value);
    }
  }
  return { code: error.code, message: error.details, details };
}

function decode(type: string, bytes: Buffer): Message {
  return (definitions[`google.rpc.${type}`] as MessageTypeDefinition<object, object>).deserialize(bytes);
}
