// The public API, name by name; the only file that re-exports.
export type {
  Call,
  CallEnd,
  FailureTap,
  Handler,
  Intercept,
  MessageReader,
  MessageTap,
  Reply,
  StreamCall,
  StreamReply,
  UnaryCall,
} from "./call.ts";
export type { Authenticate, AuthenticationRequest, Identity, RequestHeaders, RequestSource } from "./caller.ts";
export type { Cancellation } from "./cancellation.ts";
export type { Around } from "./chain/compose.ts";
export type { CustomAround, CustomIntercept, CustomInterceptor } from "./chain/points.ts";
export type { Config } from "./config/config.ts";
export { loadConfig } from "./config/load-config.ts";
export type { Diagnostic } from "./diagnostic.ts";
export { DiagnosticError, formatDiagnostic } from "./diagnostic.ts";
export type { Gateway, GatewayInputs, GatewayOptions, Revoked } from "./gateway.ts";
export { createGateway } from "./gateway.ts";
export { loadInterceptors } from "./interceptor-modules.ts";
export type { Level, Log, LogFields } from "./log/log.ts";
export type { Metadata } from "./metadata.ts";
export type { Binding } from "./schema/binding.ts";
export type { Field, MessageType, Method, Schema, Service } from "./schema/descriptor.ts";
export type { Point } from "./schema/points.ts";
export { bindMethods } from "./schema/bind/http-rule.ts";
export { loadSchema } from "./schema/load/load.ts";
export { Code, GatewayError } from "./status.ts";
