// The frames of simple mode that are no messages: what begins with "@", or with "error" for clients of grpc-websocket-proxy.
import type { Call } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import type { Schema } from "../../schema/descriptor.ts";
import type { GatewayError } from "../../status.ts";
import { compileErrorWriter, compileStatusWriter } from "../../translate/reply/error-body.ts";
import { formatMetadata } from "../../translate/reply/metadata-json.ts";
import { compileReplyMetadata } from "../reply-metadata.ts";
import type { WebSocketOptions } from "./options.ts";

export interface SimpleFrames {
  /** `{"@head":{…}}`: the backend's, and the gateway's own. */
  readonly head: (headers: Metadata, own: Metadata) => Buffer;
  /** `{"@status":{…}}` */
  readonly status: (error: GatewayError, trailers: Metadata, call?: Call) => Buffer;
}

export function compileSimpleFrames(schema: Schema, options: WebSocketOptions): SimpleFrames {
  const { json, report } = options;
  const writeStatus = compileStatusWriter(schema, json);
  const writeError = compileErrorWriter(schema, { shape: "status", json, ownDetails: options.profile === "strict" });
  const shown = compileReplyMetadata(options);
  const status = (error: GatewayError, trailers: Metadata, call?: Call): Buffer => {
    if (error.cause !== undefined) report(error, call);
    if (options.envelope === "grpc-gateway") return wrap("error", Buffer.from(writeError(error).body).toString());
    return wrap("@status", writeStatus(error, shown(trailers)));
  };
  return { head: (headers, own) => wrap("@head", formatMetadata([...shown(headers), ...own])), status };
}

function wrap(key: string, json: string): Buffer {
  return Buffer.from(`{"${key}":${json}}`);
}
