// What an example service throws: a gRPC status with google.rpc details, sent in the trailer `grpc-status-details-bin`.
import { Metadata, status } from "@grpc/grpc-js";
import type { StatusObject } from "@grpc/grpc-js";
import type { MessageTypeDefinition } from "@grpc/proto-loader";
import { loadProto } from "./load-proto.ts";

/** The details this shop uses, as google/rpc/error_details.proto declares them. */
export type ErrorDetail =
  | {
      readonly type: "BadRequest";
      readonly field_violations: readonly { readonly field: string; readonly description: string }[];
    }
  | {
      readonly type: "PreconditionFailure";
      readonly violations: readonly { readonly type: string; readonly subject: string; readonly description: string }[];
    }
  | {
      readonly type: "QuotaFailure";
      readonly violations: readonly { readonly subject: string; readonly description: string }[];
    }
  | { readonly type: "RetryInfo"; readonly retry_delay: { readonly seconds: number; readonly nanos?: number } }
  | {
      readonly type: "ErrorInfo";
      readonly reason: string;
      readonly domain: string;
      readonly metadata?: Readonly<Record<string, string>>;
    }
  | {
      readonly type: "ResourceInfo";
      readonly resource_type: string;
      readonly resource_name: string;
      readonly owner?: string;
      readonly description: string;
    }
  | { readonly type: "Help"; readonly links: readonly { readonly description: string; readonly url: string }[] };

export class RpcError extends Error {
  readonly code: status;
  readonly details: readonly ErrorDetail[];

  constructor(code: status, message: string, details: readonly ErrorDetail[] = []) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.details = details;
  }
}

export function invalidArgument(field: string, description: string): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, `${field}: ${description}`, [
    { type: "BadRequest", field_violations: [{ field, description }] },
  ]);
}

export function notFound(resourceType: string, name: string): RpcError {
  return new RpcError(status.NOT_FOUND, `${name} does not exist`, [
    {
      type: "ResourceInfo",
      resource_type: resourceType,
      resource_name: name,
      description: "it was never there, or was deleted",
    },
  ]);
}

export function alreadyExists(resourceType: string, name: string): RpcError {
  return new RpcError(status.ALREADY_EXISTS, `${name} exists already`, [
    { type: "ResourceInfo", resource_type: resourceType, resource_name: name, description: "choose another one" },
  ]);
}

/** As grpc-js sends it. Anything but an RpcError is a bug of the example and says so without its innards. */
export function toStatusObject(error: unknown): StatusObject {
  const known = error instanceof RpcError ? error : new RpcError(status.INTERNAL, "the example backend failed");
  if (known !== error) console.error(error);
  const metadata = new Metadata();
  if (known.details.length > 0) metadata.set("grpc-status-details-bin", encodeStatus(known));
  return { code: known.code, details: known.message, metadata };
}

const rpcTypes = loadProto("google/rpc/status.proto", "google/rpc/error_details.proto");

function encodeStatus(error: RpcError): Buffer {
  return rpcMessage("Status").serialize({
    code: error.code,
    message: error.message,
    details: error.details.map(({ type, ...fields }) => ({
      type_url: `type.googleapis.com/google.rpc.${type}`,
      value: rpcMessage(type).serialize(fields),
    })),
  });
}

function rpcMessage(name: string): MessageTypeDefinition<object, object> {
  return rpcTypes[`google.rpc.${name}`] as MessageTypeDefinition<object, object>;
}
