// The `details` of an error as JSON values: a backend's from its google.rpc.Status, the gateway's own as ErrorInfo, BadRequest, QuotaFailure and RetryInfo.
import type { GatewayError } from "../../status.ts";
import type { WriteAny } from "./error-body-any.ts";
import { WireReader } from "../wire/wire-reader.ts";

/** Who speaks in ErrorInfo.domain. */
export const domain = "sluice";
export const typePrefix = "type.googleapis.com/google.rpc";

export function ownDetails(error: GatewayError): string[] {
  const { reason, metadata, violations, quotas, retryAfterMs } = error;
  const details: string[] = [];
  if (reason !== undefined) {
    const facts = metadata === undefined ? "" : `,"metadata":${JSON.stringify(metadata)}`;
    details.push(`{"@type":"${typePrefix}.ErrorInfo","reason":${JSON.stringify(reason)},"domain":"${domain}"${facts}}`);
  }
  if (violations.length > 0) {
    const shown = violations.map((violation) => ({
      field: violation.field,
      description: violation.description,
      reason: violation.reason,
    }));
    details.push(`{"@type":"${typePrefix}.BadRequest","fieldViolations":${JSON.stringify(shown)}}`);
  }
  if (quotas.length > 0) details.push(`{"@type":"${typePrefix}.QuotaFailure","violations":${JSON.stringify(quotas)}}`);
  if (retryAfterMs !== undefined)
    details.push(`{"@type":"${typePrefix}.RetryInfo","retryDelay":"${formatSeconds(retryAfterMs)}"}`);
  return details;
}

/** google.protobuf.Duration as ProtoJSON writes it, milliseconds kept: `1s`, `0.250s`. */
function formatSeconds(ms: number): string {
  const whole = Math.ceil(ms);
  return whole % 1000 === 0 ? `${whole / 1000}s` : `${(whole / 1000).toFixed(3)}s`;
}

export interface BackendDetails {
  readonly message: string;
  readonly details: string[];
}

const maxDetails = 100;

/** Undefined when the bytes are no google.rpc.Status, or one of another code: then only code and message can be believed. */
export function backendDetails(statusBytes: Uint8Array, code: number, writeAny: WriteAny): BackendDetails | undefined {
  try {
    const status = readStatus(statusBytes);
    if (status.code !== code) return undefined;
    return { message: status.message, details: status.details.slice(0, maxDetails).map(writeAny) };
  } catch {
    return undefined;
  }
}

/** google/rpc/status.proto: code = 1, message = 2, details = 3. */
function readStatus(bytes: Uint8Array): { code: number; message: string; details: Uint8Array[] } {
  const reader = new WireReader(bytes, 0, bytes.length);
  const status = { code: 0, message: "", details: [] as Uint8Array[] };
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) status.code = reader.varint32();
    else if (tag === 0x12 || tag === 0x1a) {
      const end = reader.lengthEnd();
      const value = bytes.subarray(reader.pos, end);
      if (tag === 0x1a) status.details.push(value);
      else status.message = Buffer.from(value).toString();
      reader.pos = end;
    } else reader.skip(tag);
  }
  return status;
}
