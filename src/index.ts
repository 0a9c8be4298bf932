// The public API, name by name; the only file that re-exports.
export type {
  Authenticate,
  AuthenticationRequest,
  Cancellation,
  Handler,
  Identity,
  MessageReader,
  Reply,
  StreamCall,
  StreamReply,
  UnaryCall,
} from "./call.ts";
export type { Around as Interceptor } from "./chain/compose.ts";
export type { Config } from "./config/config.ts";
export { loadConfig } from "./config/load-config.ts";
export type { Diagnostic } from "./diagnostic.ts";
export { DiagnosticError, formatDiagnostic } from "./diagnostic.ts";
export type { Gateway, GatewayInputs, GatewayOptions, Revoked } from "./gateway.ts";
export { createGateway } from "./gateway.ts";
export type { Metadata } from "./metadata.ts";
export type { Binding } from "./schema/binding.ts";
export type { Field, MessageType, Method, Schema, Service } from "./schema/descriptor.ts";
export { bindMethods } from "./schema/bind/http-rule.ts";
export { loadSchema } from "./schema/load/load.ts";
export { Code, GatewayError } from "./status.ts";
