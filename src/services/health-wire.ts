// The messages of grpc.health.v1 in bytes: requests of clients, answers of backends, and the gateway's own of both.
import { WireCursor, WireError, wireLength, wireVarint, WireWriter } from "../schema/descriptor/wire.ts";
import { Code, GatewayError } from "../status.ts";

/** grpc.health.v1.HealthCheckResponse.ServingStatus; the last is for Watch only. */
export const Status = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;
export type Status = (typeof Status)[keyof typeof Status];

/** Of HealthCheckRequest: the service. Throws GatewayError on malformed bytes. */
export function readHealthRequest(message: Uint8Array): string {
  try {
    let service = "";
    const cursor = new WireCursor(message);
    while (!cursor.isAtEnd) {
      const tag = cursor.tag();
      if (tag === ((1 << 3) | wireLength)) service = cursor.string();
      else cursor.skip(tag);
    }
    return service;
  } catch (error) {
    throw malformedRequest(error);
  }
}

export function writeHealthRequest(service: string): Uint8Array {
  const writer = new WireWriter();
  return service === "" ? writer.finish() : writer.stringField(1, service).finish();
}

/** Of HealthCheckResponse; a status unknown here is UNKNOWN. Throws GatewayError: the bytes are a backend's. */
export function readHealthResponse(message: Uint8Array): Status {
  try {
    let status = 0;
    const cursor = new WireCursor(message);
    while (!cursor.isAtEnd) {
      const tag = cursor.tag();
      if (tag === ((1 << 3) | wireVarint)) status = cursor.int32();
      else cursor.skip(tag);
    }
    return isStatus(status) ? status : Status.UNKNOWN;
  } catch (error) {
    throw new GatewayError(Code.INTERNAL, "the backend's health is a malformed message", {
      reason: "MESSAGE_MALFORMED",
      cause: error,
    });
  }
}

export function writeHealthResponse(status: Status): Uint8Array {
  const writer = new WireWriter();
  return status === Status.UNKNOWN ? writer.finish() : writer.int32Field(1, status).finish();
}

/** HealthListResponse: one map entry a service. */
export function writeHealthList(statuses: readonly (readonly [service: string, status: Status])[]): Uint8Array {
  const writer = new WireWriter();
  for (const [service, status] of statuses) {
    const entry = new WireWriter().stringField(1, service).bytesField(2, writeHealthResponse(status));
    writer.bytesField(1, entry.finish());
  }
  return writer.finish();
}

/** A client's message that is none; rethrows what is not about its bytes. */
export function malformedRequest(error: unknown): GatewayError {
  if (!(error instanceof WireError)) return GatewayError.from(error);
  return new GatewayError(Code.INVALID_ARGUMENT, `malformed request message: ${error.message}`, {
    reason: "MESSAGE_MALFORMED",
  });
}

function isStatus(value: number): value is Status {
  return value >= Status.UNKNOWN && value <= Status.SERVICE_UNKNOWN;
}
