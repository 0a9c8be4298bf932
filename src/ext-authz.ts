// ext_authz as the configuration says it: a connection of its own to the server, and what of the chain asks it.
import { createCheckMethod } from "./chain/ext-authz/authorization-method.ts";
import { AuthorizationServer } from "./chain/ext-authz/authorization-server.ts";
import { createExtAuthz } from "./chain/ext-authz/ext-authz.ts";
import type { ExtAuthz } from "./chain/ext-authz/ext-authz.ts";
import type { Config } from "./config/config.ts";
import { toTargetAddress } from "./gateway-options.ts";
import type { Method } from "./schema/descriptor.ts";
import { createGrpcJsTransport } from "./upstream/grpc-js.ts";
import { createNativeTransport } from "./upstream/native.ts";

export interface ConfiguredExtAuthz extends ExtAuthz {
  /** Connects ahead of the first call. */
  start(): void;
  close(): void;
}

const maxAnswerBytes = 64 * 1024;

/** Undefined where no server is configured. Throws DiagnosticError for a target or TLS files that cannot be used. */
export function createConfiguredExtAuthz(
  config: Config,
  isAsked: (method: Method) => boolean,
): ConfiguredExtAuthz | undefined {
  const extAuthz = config.auth?.extAuthz;
  if (extAuthz === undefined) return undefined;
  const { principal, timeoutMs, onFailure, headers, context } = extAuthz;
  const open = config.transport === "native" ? createNativeTransport : createGrpcJsTransport;
  const { maxMetadataBytes, connectTimeoutMs } = config.server;
  const transport = open(toTargetAddress(extAuthz), {
    maxMessageBytes: maxAnswerBytes,
    maxMetadataBytes,
    connectTimeoutMs,
  });
  const server = new AuthorizationServer({
    call: (call) => transport.unary(call),
    method: createCheckMethod(),
    timeoutMs,
    onFailure,
    headers,
    context,
  });
  return {
    ...createExtAuthz({ server, principal, isAsked }),
    start: () => void transport.connect(connectTimeoutMs),
    close: () => void transport.close(),
  };
}
