// A refusal or a backend's error → the JSON body of an HTTP answer, in one of three shapes.
import { STATUS_CODES } from "node:http";
import type { Schema } from "../../schema/descriptor.ts";
import { codeName, type GatewayError } from "../../status.ts";
import { backendDetails, ownDetails } from "./error-body-details.ts";
import { formatMetadata } from "./metadata-json.ts";
import { compileAnyWriter } from "./error-body-any.ts";
import type { JsonOptions } from "../options.ts";

export interface ErrorBodyOptions {
  /** google.rpc.Status, RFC 9457, or what Google's own APIs send. */
  readonly shape: "status" | "problem" | "google";
  readonly json: JsonOptions;
  /** Whether the gateway's own refusals carry ErrorInfo and BadRequest; off for grpc-gateway, whose details are only the backend's. */
  readonly ownDetails?: boolean;
}

export interface ErrorBody {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Never throws: details that cannot be shown degrade, down to code and message. Always compact. */
export type WriteError = (error: GatewayError) => ErrorBody;

export function compileErrorWriter(schema: Schema, options: ErrorBodyOptions): WriteError {
  const writeAny = compileAnyWriter(schema, options.json);
  const showsOwn = options.ownDetails ?? true;
  const { shape } = options;
  return (error) => {
    let details: string[] = [];
    let { message } = error;
    if (error.statusBytes !== undefined) {
      const status = backendDetails(error.statusBytes, error.code, writeAny);
      if (status !== undefined) ({ details, message } = status);
    } else if (showsOwn) details = ownDetails(error);
    return {
      contentType: contentTypes[shape],
      body: Buffer.from(bodies[shape](error, message, `[${details.join(",")}]`)),
    };
  };
}

/** The status of a stream as a JSON object, `{"code":5,"status":"NOT_FOUND",…}`, for those who read it from the stream itself. */
export type WriteStatus = (error: GatewayError, trailers?: readonly string[]) => string;

/** Never throws. */
export function compileStatusWriter(schema: Schema, json: JsonOptions): WriteStatus {
  const writeAny = compileAnyWriter(schema, json);
  return (error, trailers = []) => {
    const status =
      error.statusBytes === undefined ? undefined : backendDetails(error.statusBytes, error.code, writeAny);
    const details = status?.details ?? (error.statusBytes === undefined ? ownDetails(error) : []);
    const message = JSON.stringify(status?.message ?? error.message);
    const shownTrailers = trailers.length === 0 ? "" : `,"trailers":${formatMetadata(trailers)}`;
    return `{"code":${error.code},"status":"${codeName(error.code)}","message":${message},"details":[${details.join(",")}]${shownTrailers}}`;
  };
}

const contentTypes = {
  status: "application/json",
  problem: "application/problem+json",
  google: "application/json",
} as const;

type FormatBody = (error: GatewayError, message: string, details: string) => string;

const bodies: Readonly<Record<ErrorBodyOptions["shape"], FormatBody>> = {
  status: ({ code }, message, details) => `{"code":${code},"message":${JSON.stringify(message)},"details":${details}}`,
  google: ({ code, httpStatus }, message, details) =>
    `{"error":{"code":${httpStatus},"message":${JSON.stringify(message)},"status":"${codeName(code)}","details":${details}}}`,
  // No page describes each problem, so the type is about:blank and the title that of the HTTP status (RFC 9457, section 4.2.1).
  problem: ({ code, httpStatus }, message, details) =>
    `{"type":"about:blank","title":${JSON.stringify(titleOf(httpStatus))},"status":${httpStatus},"detail":${JSON.stringify(message)},"code":"${codeName(code)}","details":${details}}`,
};

function titleOf(httpStatus: number): string {
  if (httpStatus === 499) return "Client Closed Request";
  return STATUS_CODES[httpStatus] ?? "Unknown Error";
}
