// A library's protos with every shape of binding, and a way to see what a request becomes: the message as JSON, or the refusal.
import { bindMethods } from "../../src/schema/bind/http-rule.ts";
import type { Binding, Profile } from "../../src/schema/binding.ts";
import type { Schema } from "../../src/schema/descriptor.ts";
import { GatewayError } from "../../src/status.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { grpcGatewayJson, type JsonOptions, strictJson } from "../../src/translate/options.ts";
import { compileRequest, type ReadRequest } from "../../src/translate/request/request.ts";
import type { RequestOptions, RequestParts } from "../../src/translate/request/request-options.ts";
import { schemaOf } from "../support/schema.ts";

export const libraryProto = `
syntax = "proto3";
package t;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

enum State { STATE_UNSPECIFIED = 0; STATE_ACTIVE = 1; STATE_DONE = 2; }

message Author { string full_name = 1; int32 age = 2; Author mentor = 3; }

message Book {
  string name = 1;
  string title = 2;
  int64 page_count = 3;
  Author author = 4;
  repeated string tags = 5;
  map<string, int32> stock = 6;
  google.protobuf.Timestamp published = 7;
  bytes cover = 8;
  google.protobuf.Struct extra = 9;
  google.api.HttpBody scan = 10;
  optional int32 rating = 11;
  google.protobuf.StringValue note = 12;
  oneof place { string shelf = 13; int32 room = 14; Author lender = 15; }
  State state = 16;
}

message Everything {
  int32 i32 = 1; int64 i64 = 2; uint32 u32 = 3; uint64 u64 = 4; sint32 s32 = 5; sint64 s64 = 6;
  fixed32 f32 = 7; fixed64 f64 = 8; sfixed32 sf32 = 9; sfixed64 sf64 = 10;
  float flt = 11; double dbl = 12; bool flag = 13; string text = 14; bytes data = 15; State state = 16;
  optional int32 maybe = 17;
  repeated int32 ints = 18; repeated string texts = 19; repeated State states = 20;
  map<string, string> labels = 21; map<int32, bool> bits = 22; map<string, Author> people = 23;
  google.protobuf.Timestamp at = 24; google.protobuf.Duration for = 25; google.protobuf.FieldMask mask = 26;
  google.protobuf.Int32Value w32 = 27; google.protobuf.Int64Value w64 = 28; google.protobuf.BoolValue wbool = 29;
  google.protobuf.StringValue wtext = 30; google.protobuf.BytesValue wdata = 31; google.protobuf.DoubleValue wdbl = 32;
  google.protobuf.Value any_json = 33; google.protobuf.Struct object = 34; google.protobuf.ListValue list = 35;
  google.protobuf.Any any = 36; repeated Author authors = 37; Author author = 38;
  oneof choice { string a = 39; int32 b = 40; Author c = 41; }
  map<bool, int64> switches = 42; map<sint64, uint64> big = 43;
  repeated google.protobuf.Timestamp times = 44;
  string found = 45 [json_name = "search[text]"]; repeated int32 parts = 46 [json_name = "parts[]"]; Named named = 47;
}

message Named { string dotted = 1 [json_name = "a.b"]; string plain = 2; }

message GetRequest { string name = 1; string view = 2; Book book = 3; int32 version = 4; }
message UpdateRequest { Book book = 1; google.protobuf.FieldMask update_mask = 2; bool validate_only = 3; }
message TagRequest { string name = 1; repeated string tags = 2; string title = 3; State state = 4; map<string, int32> stock = 5; }
message ChoiceRequest { oneof choice { Book book = 1; string name = 2; } string note = 3; }
message UploadRequest { string name = 1; google.api.HttpBody file = 2; string note = 3; repeated google.api.HttpBody files = 4; }

service Library {
  rpc Query(Everything) returns (Everything) { option (google.api.http) = { get: "/q" }; }
  rpc Get(GetRequest) returns (Book) { option (google.api.http) = { get: "/v1/{name=books/*}" }; }
  rpc GetNested(GetRequest) returns (Book) { option (google.api.http) = { get: "/v1/{book.author.full_name}/{version}" }; }
  rpc Create(GetRequest) returns (Book) { option (google.api.http) = { post: "/v1/{name}" body: "*" }; }
  rpc Plain(Everything) returns (Everything) { option (google.api.http) = { post: "/plain" body: "*" }; }
  rpc Update(UpdateRequest) returns (Book) { option (google.api.http) = { patch: "/v1/{book.name=books/*}" body: "book" }; }
  rpc Put(UpdateRequest) returns (Book) { option (google.api.http) = { put: "/v1/{book.name=books/*}" body: "book" }; }
  rpc SetTags(TagRequest) returns (Book) { option (google.api.http) = { put: "/v1/{name}/tags" body: "tags" }; }
  rpc SetTitle(TagRequest) returns (Book) { option (google.api.http) = { put: "/v1/{name}/title" body: "title" }; }
  rpc SetState(TagRequest) returns (Book) { option (google.api.http) = { put: "/v1/{name}/state" body: "state" }; }
  rpc SetStock(TagRequest) returns (Book) { option (google.api.http) = { put: "/v1/{name}/stock" body: "stock" }; }
  rpc Choose(ChoiceRequest) returns (Book) { option (google.api.http) = { post: "/choose" body: "book" }; }
  rpc ChooseAt(ChoiceRequest) returns (Book) { option (google.api.http) = { post: "/choose/{name}" body: "book" }; }
  rpc Upload(UploadRequest) returns (Book) { option (google.api.http) = { post: "/up/{name}" body: "file" }; }
  rpc UploadForm(UploadRequest) returns (Book) { option (google.api.http) = { post: "/form/{name}" body: "*" }; }
  rpc UploadRaw(google.api.HttpBody) returns (google.api.HttpBody) { option (google.api.http) = { post: "/raw" body: "*" }; }
  rpc Search(GetRequest) returns (Book) { option (google.api.http) = { post: "/search" }; }
}
`;

export const library: Schema = schemaOf(libraryProto);

export function bindingsOf(schema: Schema, profile: Profile): Map<string, Binding> {
  const bindings = bindMethods(schema, { profile, bindUnannotated: true, yamlRules: [] }, ({ message }) => {
    throw new Error(message);
  });
  return new Map(bindings.map((binding) => [binding.method.localName, binding]));
}

const strictBindings = bindingsOf(library, "strict");

export const strict: RequestOptions = {
  profile: "strict",
  json: strictJson,
  queryIgnore: ["utm_*", "key"],
};
export const gateway: RequestOptions = {
  profile: "grpc-gateway",
  json: grpcGatewayJson,
  queryIgnore: [],
};

export interface TestRequest {
  readonly rpc: string;
  readonly captures?: readonly string[];
  readonly query?: string;
  readonly body?: string | Uint8Array;
  readonly type?: string;
}

const compiled = new Map<RequestOptions, Map<string, ReadRequest>>();

function readerOf(rpc: string, options: RequestOptions): ReadRequest {
  let readers = compiled.get(options);
  if (readers === undefined) compiled.set(options, (readers = new Map()));
  let read = readers.get(rpc);
  if (read === undefined) readers.set(rpc, (read = compileRequest(strictBindings.get(rpc)!, library, options)));
  return read;
}

/** The request's bytes. */
export function readRequest(request: TestRequest, options: RequestOptions = strict): Uint8Array {
  const binding = strictBindings.get(request.rpc)!;
  const parts: RequestParts = {
    captures: request.captures ?? [],
    query: request.query ?? "",
    body: request.body === undefined ? undefined : Buffer.from(request.body as Uint8Array),
    contentType: request.type,
    method: binding.httpMethod,
  };
  return readerOf(request.rpc, options)(parts);
}

/** What is set in a message, as JSON. */
export function show(typeName: string, message: Uint8Array, options: Partial<JsonOptions> = {}): unknown {
  const write = compileJsonWriter(library.message(typeName)!, library, {
    ...strictJson,
    emitDefaults: false,
    ...options,
  });
  return JSON.parse(write(message).toString());
}

export function inputOf(rpc: string): string {
  return strictBindings.get(rpc)!.method.input.name;
}

/** The request as JSON of what is set. */
export function seen(request: TestRequest, options: RequestOptions = strict): unknown {
  return show(inputOf(request.rpc), readRequest(request, options));
}

export function encode(typeName: string, value: unknown): Uint8Array {
  return compileJsonReader(library.message(typeName)!, library, strictJson)(Buffer.from(JSON.stringify(value)));
}

export function refusal(act: () => unknown): GatewayError {
  try {
    act();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("expected a refusal, got none");
}

/** `field REASON` of each violation. */
export function violations(request: TestRequest, options: RequestOptions = strict): string[] {
  const error = refusal(() => readRequest(request, options));
  return error.violations.map(({ field, reason }) => `${field} ${reason}`);
}
