// Asks a backend how one of its services is, through its own grpc.health.v1; where it has none, its connection speaks for it.
import type { Handler, UnaryCall } from "../call.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { readHealthResponse, Status, writeHealthRequest } from "./health-wire.ts";

/** The transport to the upstream of a service. */
export interface HealthBackend extends Handler {
  readonly state: "idle" | "connecting" | "ready" | "failing" | "closed";
}

/** What the health of services needs of the upstreams. */
export interface HealthUpstreams {
  /** Undefined when no upstream is configured for the service. */
  find(service: string): { readonly transport: HealthBackend } | undefined;
  onStateChange(listener: () => void): void;
}

/** How long a backend may take to say how it is; one that takes longer is not serving. */
export const backendTimeoutMs = 5_000;

/** An idle connection is opened by the next call, one being opened is waited for: neither fails a call. */
export function connectionStatus({ state }: HealthBackend): Status {
  return state === "failing" || state === "closed" ? Status.NOT_SERVING : Status.SERVING;
}

/**
 * The status of a service that this backend serves. A backend whose health service does not know the name is asked for
 * itself. Rejects with GatewayError when the call itself is over, or when the backend refuses to tell this client.
 */
export async function checkBackend(
  backend: HealthBackend,
  check: Method,
  call: UnaryCall,
  service: string,
): Promise<Status> {
  for (const name of [service, ""]) {
    const status = await ask(backend, check, call, name);
    if (status !== Status.SERVICE_UNKNOWN) return status;
  }
  return connectionStatus(backend);
}

/** SERVICE_UNKNOWN when the backend has no health service, or none of this name. */
async function ask(backend: HealthBackend, check: Method, call: UnaryCall, service: string): Promise<Status> {
  const deadline = Math.min(call.deadline, performance.now() + backendTimeoutMs);
  try {
    const { message } = await backend.unary({
      ...call,
      method: check,
      deadline,
      message: writeHealthRequest(service),
    });
    return readHealthResponse(message);
  } catch (error) {
    const { code } = GatewayError.from(error);
    if (call.cancellation.error !== undefined) throw error;
    if (code === Code.UNIMPLEMENTED || code === Code.NOT_FOUND) return Status.SERVICE_UNKNOWN;
    if (code === Code.UNAVAILABLE) return Status.NOT_SERVING;
    // Not by the clock, which a timer may be a little ahead of.
    if (code === Code.DEADLINE_EXCEEDED && deadline < call.deadline) return Status.NOT_SERVING;
    throw error;
  }
}
