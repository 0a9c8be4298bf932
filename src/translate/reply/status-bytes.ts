// The gateway's own errors as google.rpc.Status in protobuf bytes: what gRPC clients find in `grpc-status-details-bin`.
import type { GatewayError } from "../../status.ts";
import { domain, typePrefix } from "./error-body-details.ts";

const one = (1 << 3) | 2;
const two = (2 << 3) | 2;
const three = (3 << 3) | 2;
const code = 1 << 3;

/** Undefined for an error that has nothing to say beyond code and message. */
export function toStatusBytes(error: GatewayError): Uint8Array | undefined {
  const details = toDetails(error);
  if (details.length === 0) return undefined;
  return Buffer.concat([
    Buffer.from([code, error.code]),
    field(two, error.message),
    ...details.map((detail) => field(three, detail)),
  ]);
}

function toDetails({ reason, metadata, violations, quotas, retryAfterMs }: GatewayError): Buffer[] {
  const details: Buffer[] = [];
  if (reason !== undefined) {
    const facts = Object.entries(metadata ?? {}).map(([key, value]) =>
      field(three, Buffer.concat([field(one, key), field(two, value)])),
    );
    details.push(toAny("ErrorInfo", [field(one, reason), field(two, domain), ...facts]));
  }
  if (violations.length > 0) {
    const shown = violations.map((violation) =>
      field(
        one,
        Buffer.concat([
          field(one, violation.field),
          field(two, violation.description),
          ...(violation.reason === undefined ? [] : [field(three, violation.reason)]),
        ]),
      ),
    );
    details.push(toAny("BadRequest", shown));
  }
  if (quotas.length > 0) {
    const shown = quotas.map(({ subject, description }) =>
      field(one, Buffer.concat([field(one, subject), field(two, description)])),
    );
    details.push(toAny("QuotaFailure", shown));
  }
  if (retryAfterMs !== undefined) details.push(toAny("RetryInfo", [field(one, toDuration(retryAfterMs))]));
  return details;
}

/** google.protobuf.Duration: seconds = 1, nanos = 2. */
function toDuration(ms: number): Buffer {
  const whole = Math.ceil(ms);
  const [seconds, nanos] = [Math.floor(whole / 1000), (whole % 1000) * 1_000_000];
  return Buffer.from([
    ...(seconds === 0 ? [] : [1 << 3, ...toVarint(seconds)]),
    ...(nanos === 0 ? [] : [2 << 3, ...toVarint(nanos)]),
  ]);
}

function toVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

function toAny(type: string, fields: readonly Buffer[]): Buffer {
  return Buffer.concat([field(one, `${typePrefix}.${type}`), field(two, Buffer.concat(fields))]);
}

function field(tag: number, value: string | Buffer): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([Buffer.from([tag, ...toVarint(bytes.length)]), bytes]);
}
