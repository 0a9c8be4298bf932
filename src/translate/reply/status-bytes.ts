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

function toDetails({ reason, metadata, violations }: GatewayError): Buffer[] {
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
  return details;
}

function toAny(type: string, fields: readonly Buffer[]): Buffer {
  return Buffer.concat([field(one, `${typePrefix}.${type}`), field(two, Buffer.concat(fields))]);
}

function field(tag: number, value: string | Buffer): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  const head = [tag];
  let rest = bytes.length;
  while (rest > 0x7f) {
    head.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  head.push(rest);
  return Buffer.concat([Buffer.from(head), bytes]);
}
