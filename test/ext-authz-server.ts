// A real ext_authz server, with grpc-js and proto-loader: the messages of Envoy's protos, their fields by number and name as published.
import { join } from "node:path";
import { loadPackageDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import type { sendUnaryData, ServerUnaryCall, ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { createFolder } from "./config/yaml-fixture.ts";

const proto = `syntax = "proto3";
package envoy.service.auth.v3;
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message SocketAddress {
  enum Protocol { TCP = 0; UDP = 1; }
  Protocol protocol = 1; string address = 2; oneof port_specifier { uint32 port_value = 3; string named_port = 4; }
  string resolver_name = 5; bool ipv4_compat = 6; string network_namespace_filepath = 7;
}
message Pipe { string path = 1; uint32 mode = 2; }
message Address { oneof address { SocketAddress socket_address = 1; Pipe pipe = 2; } }
message HeaderValue { string key = 1; string value = 2; bytes raw_value = 3; }
message HeaderValueOption {
  enum HeaderAppendAction { APPEND_IF_EXISTS_OR_ADD = 0; ADD_IF_ABSENT = 1; OVERWRITE_IF_EXISTS_OR_ADD = 2; OVERWRITE_IF_EXISTS = 3; }
  HeaderValue header = 1; google.protobuf.BoolValue append = 2; HeaderAppendAction append_action = 3; bool keep_empty_value = 4;
}
message HeaderMap { repeated HeaderValue headers = 1; }
message QueryParameter { string key = 1; string value = 2; }
message HttpStatus { int32 code = 1; }
message Status { int32 code = 1; string message = 2; }
message AttributeContext {
  message Peer { Address address = 1; string service = 2; map<string, string> labels = 3; string principal = 4; string certificate = 5; }
  message Request { google.protobuf.Timestamp time = 1; HttpRequest http = 2; }
  message HttpRequest {
    string id = 1; string method = 2; map<string, string> headers = 3; string path = 4; string host = 5; string scheme = 6;
    string query = 7; string fragment = 8; int64 size = 9; string protocol = 10; string body = 11; bytes raw_body = 12;
    HeaderMap header_map = 13;
  }
  message TLSSession { string sni = 1; }
  Peer source = 1;
  Peer destination = 2;
  Request request = 4;
  map<string, string> context_extensions = 10;
  TLSSession tls_session = 12;
}
message CheckRequest { AttributeContext attributes = 1; }
message DeniedHttpResponse { HttpStatus status = 1; repeated HeaderValueOption headers = 2; string body = 3; }
message OkHttpResponse {
  repeated HeaderValueOption headers = 2;
  google.protobuf.Struct dynamic_metadata = 3;
  repeated string headers_to_remove = 5;
  repeated HeaderValueOption response_headers_to_add = 6;
  repeated QueryParameter query_parameters_to_set = 7;
  repeated string query_parameters_to_remove = 8;
}
message CheckResponse {
  Status status = 1;
  oneof http_response { DeniedHttpResponse denied_response = 2; OkHttpResponse ok_response = 3; DeniedHttpResponse error_response = 5; }
  google.protobuf.Struct dynamic_metadata = 4;
}
service Authorization { rpc Check(CheckRequest) returns (CheckResponse); }
`;

export interface CheckedAttributes {
  readonly source: {
    readonly address: { readonly socket_address: { readonly address: string; readonly port_value: number } };
    readonly principal: string;
  };
  readonly request: {
    readonly time: { readonly seconds: string };
    readonly http: Readonly<Record<"id" | "method" | "path" | "host" | "scheme" | "size" | "protocol", string>> & {
      readonly headers: Readonly<Record<string, string>>;
    };
  };
  readonly context_extensions: Readonly<Record<string, string>>;
}

type Answer = Readonly<Record<string, unknown>>;

export interface ExtAuthzServer {
  readonly target: string;
  readonly asked: CheckedAttributes[];
  /** Undefined: it never answers. An Error: the call fails. */
  answer: (attributes: CheckedAttributes) => Answer | Error | undefined;
  /** Resolves when a question that was not answered has been given up. */
  readonly givenUp: Promise<void>;
  close(): void;
}

/** `{ fields: { sub: { stringValue: "ada" } } }`. */
export function toStruct(values: Readonly<Record<string, string | number | boolean>>): object {
  const fields = Object.entries(values).map(([name, value]) => {
    const kind = typeof value === "string" ? "stringValue" : typeof value === "number" ? "numberValue" : "boolValue";
    return [name, { [kind]: value }];
  });
  return { fields: Object.fromEntries(fields) as object };
}

export async function startExtAuthzServer(tls?: {
  readonly cert: Buffer;
  readonly key: Buffer;
}): Promise<ExtAuthzServer> {
  const folder = createFolder();
  const definition = loadSync(join(folder.write("auth.proto", proto)), {
    keepCase: true,
    longs: String,
    defaults: true,
  });
  folder.dispose();
  const loaded = loadPackageDefinition(definition) as unknown as {
    envoy: {
      service: { auth: { v3: { Authorization: { service: ServiceDefinition } } } };
    };
  };
  let giveUp = (): void => {};
  const givenUp = new Promise<void>((resolve) => (giveUp = resolve));
  const asked: CheckedAttributes[] = [];
  const grpc = new Server();
  const started: ExtAuthzServer = {
    target: "",
    asked,
    answer: () => ({}),
    givenUp,
    close: () => grpc.forceShutdown(),
  };
  grpc.addService(loaded.envoy.service.auth.v3.Authorization.service, {
    Check(call: ServerUnaryCall<{ attributes: CheckedAttributes }, Answer>, reply: sendUnaryData<Answer>) {
      asked.push(call.request.attributes);
      const answer = started.answer(call.request.attributes);
      if (answer === undefined) call.on("cancelled", giveUp);
      else if (answer instanceof Error) reply(answer);
      else reply(null, answer);
    },
  });
  const secure =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }]);
  const port = await new Promise<number>((resolve, reject) =>
    grpc.bindAsync("127.0.0.1:0", secure, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  return Object.assign(started, { target: `127.0.0.1:${port}` });
}
