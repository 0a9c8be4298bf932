// The protos of the services the gateway answers itself. Their shape is gRPC's (doc/health-checking.md,
// doc/server-reflection.md), so that clients made for any gRPC server find what they expect; the text is short enough to live here.
import type { Method, Schema } from "../schema/descriptor.ts";
import { linkSchema } from "../schema/link/link.ts";
import { parseProto } from "../schema/parse/file.ts";

export const healthService = "grpc.health.v1.Health";
export const reflectionServices = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

const healthProto = `syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest {
  string service = 1;
}
message HealthCheckResponse {
  enum ServingStatus {
    UNKNOWN = 0;
    SERVING = 1;
    NOT_SERVING = 2;
    SERVICE_UNKNOWN = 3;
  }
  ServingStatus status = 1;
}
message HealthListRequest {}
message HealthListResponse {
  map<string, HealthCheckResponse> statuses = 1;
}
service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
  rpc List(HealthListRequest) returns (HealthListResponse);
  rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
}
`;

/** Both versions are the same but for the package. */
const reflectionProto = (version: string): string => `syntax = "proto3";
package grpc.reflection.${version};
service ServerReflection {
  rpc ServerReflectionInfo(stream ServerReflectionRequest) returns (stream ServerReflectionResponse);
}
message ServerReflectionRequest {
  string host = 1;
  oneof message_request {
    string file_by_filename = 3;
    string file_containing_symbol = 4;
    ExtensionRequest file_containing_extension = 5;
    string all_extension_numbers_of_type = 6;
    string list_services = 7;
  }
}
message ExtensionRequest {
  string containing_type = 1;
  int32 extension_number = 2;
}
message ServerReflectionResponse {
  string valid_host = 1;
  ServerReflectionRequest original_request = 2;
  oneof message_response {
    FileDescriptorResponse file_descriptor_response = 4;
    ExtensionNumberResponse all_extension_numbers_response = 5;
    ListServiceResponse list_services_response = 6;
    ErrorResponse error_response = 7;
  }
}
message FileDescriptorResponse {
  repeated bytes file_descriptor_proto = 1;
}
message ExtensionNumberResponse {
  string base_type_name = 1;
  repeated int32 extension_number = 2;
}
message ListServiceResponse {
  repeated ServiceResponse service = 1;
}
message ServiceResponse {
  string name = 1;
}
message ErrorResponse {
  int32 error_code = 1;
  string error_message = 2;
}
`;

/** The services that are on, linked like those of a user: their methods, messages and descriptors. */
export function linkOwnProtos(hasHealth: boolean, hasReflection: boolean): Schema {
  const texts = new Map<string, string>();
  if (hasHealth) texts.set("grpc/health/v1/health.proto", healthProto);
  for (const version of hasReflection ? ["v1", "v1alpha"] : [])
    texts.set(`grpc/reflection/${version}/reflection.proto`, reflectionProto(version));
  const fail = ({ message }: { readonly message: string }): never => {
    throw new Error(`a proto of the gateway's own is wrong: ${message}`);
  };
  const files = [...texts].map(([path, text]) => parseProto(text, path, fail));
  return linkSchema(files, texts.keys(), fail);
}

/** A method of `linkOwnProtos`, by `pkg.Service.Method`. */
export function ownMethod(schema: Schema, name: string): Method {
  const method = schema.method(name);
  if (method === undefined) throw new Error(`the gateway has no method ${name} of its own`);
  return method;
}
