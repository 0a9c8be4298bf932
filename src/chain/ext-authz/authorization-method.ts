// The method that an ext_authz server serves, as Envoy's protos name it; its messages are read and written by hand, beside this.
import type { Method } from "../../schema/descriptor.ts";
import { linkSchema } from "../../schema/link/link.ts";
import { parseProto } from "../../schema/parse/file.ts";

const path = "envoy/service/auth/v3/external_auth.proto";
const proto = `syntax = "proto3";
package envoy.service.auth.v3;
message CheckRequest {}
message CheckResponse {}
service Authorization {
  rpc Check(CheckRequest) returns (CheckResponse);
}
`;

export function createCheckMethod(): Method {
  const fail = ({ message }: { readonly message: string }): never => {
    throw new Error(`a proto of the gateway's own is wrong: ${message}`);
  };
  const method = linkSchema([parseProto(proto, path, fail)], [path], fail).method(
    "envoy.service.auth.v3.Authorization.Check",
  );
  if (method === undefined) throw new Error("the gateway has no method Check");
  return method;
}
