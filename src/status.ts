// What can go wrong, in one shape: the gRPC codes, their HTTP twins and the one error class every part throws.

/** The canonical gRPC status codes (google.rpc.Code). */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type Code = (typeof Code)[keyof typeof Code];
export type CodeName = keyof typeof Code;

const names = Object.keys(Code) as CodeName[];

/** gRPC code → HTTP status, by code number (google/rpc/code.proto). */
const httpByCode: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];

export function codeName(code: number): CodeName {
  return names[code] ?? "UNKNOWN";
}

export function isCode(code: number): code is Code {
  return Number.isInteger(code) && code >= 0 && code < names.length;
}

/** A backend, or an interceptor of somebody else, may say any number. */
export function toCode(code: number): Code {
  return isCode(code) ? code : Code.UNKNOWN;
}

/** A count for each code, to count in. */
export function countsByCode(): number[] {
  return names.map(() => 0);
}

export function toHttpStatus(code: number): number {
  return httpByCode[code] ?? 500;
}

/** One offending field of a request: google.rpc.BadRequest.FieldViolation. */
export interface FieldViolation {
  /** Path inside the request message, in the client's spelling: `lines[2].productId`; empty for the whole message. */
  readonly field: string;
  readonly description: string;
  /** Stable reason, e.g. `FIELD_UNKNOWN`. */
  readonly reason?: string;
}

/** A quota that has been used up: google.rpc.QuotaFailure.Violation. */
export interface QuotaViolation {
  /** What was counted: the name of the limit. */
  readonly subject: string;
  readonly description: string;
}

export interface GatewayErrorOptions {
  /** Stable, documented reason (docs/errors.md), rendered as google.rpc.ErrorInfo.reason. */
  readonly reason?: string;
  /** String facts for ErrorInfo.metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Rendered as google.rpc.BadRequest. */
  readonly violations?: readonly FieldViolation[];
  /** Rendered as google.rpc.QuotaFailure. */
  readonly quotas?: readonly QuotaViolation[];
  /** When it is worth trying again, in milliseconds: google.rpc.RetryInfo, and the header Retry-After. */
  readonly retryAfterMs?: number;
  /** A complete google.rpc.Status in protobuf bytes, as a backend sent it (`grpc-status-details-bin`). */
  readonly statusBytes?: Uint8Array;
  /** Response headers that belong to this error, e.g. `allow`, `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where HTTP knows a finer answer than the code's twin: 404 for a path, 405, 406, 413, 415, 431. */
  readonly httpStatus?: number;
  /** Header and trailer metadata the backend sent with this status (see metadata.ts), for fronts that pass them on. */
  readonly backendHeaders?: readonly string[];
  readonly backendTrailers?: readonly string[];
  /** Never rendered; for the log only. */
  readonly cause?: unknown;
}

/** The only error that reaches a client. Everything else becomes INTERNAL "internal error" through `from`. */
export class GatewayError extends Error {
  readonly code: Code;
  readonly reason: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly violations: readonly FieldViolation[];
  readonly quotas: readonly QuotaViolation[];
  readonly retryAfterMs: number | undefined;
  readonly statusBytes: Uint8Array | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly httpStatus: number;
  readonly backendHeaders: readonly string[];
  readonly backendTrailers: readonly string[];

  constructor(code: Code, message: string, options: GatewayErrorOptions = {}) {
    // The stack of an expected refusal helps nobody and costs microseconds per request.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = limit;
    this.name = "GatewayError";
    this.code = code;
    this.reason = options.reason;
    this.metadata = options.metadata;
    this.violations = options.violations ?? [];
    this.quotas = options.quotas ?? [];
    this.retryAfterMs = options.retryAfterMs;
    this.statusBytes = options.statusBytes;
    this.headers = toHeaders(options);
    this.httpStatus = options.httpStatus ?? toHttpStatus(code);
    this.backendHeaders = options.backendHeaders ?? [];
    this.backendTrailers = options.backendTrailers ?? [];
  }

  /** A GatewayError as it is; anything else as INTERNAL, its cause kept for the log and never rendered. */
  static from(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    return new GatewayError(Code.INTERNAL, "internal error", { reason: "INTERNAL", cause: error });
  }

  /** The same error with other details of the backend's, or without any. */
  withStatusBytes(statusBytes: Uint8Array | undefined): GatewayError {
    const { code, message, cause, ...rest } = this;
    return new GatewayError(code, message, { ...rest, cause, statusBytes });
  }

  /** INVALID_ARGUMENT about one field: the commonest refusal of a translator. */
  static invalidField(field: string, description: string, reason: string): GatewayError {
    const message = field === "" ? description : `${field}: ${description}`;
    return new GatewayError(Code.INVALID_ARGUMENT, message, {
      reason,
      violations: [{ field, description, reason }],
    });
  }
}

/** Said by whichever part keeps the deadline of a call at that point. */
export function deadlineExceeded(): GatewayError {
  return new GatewayError(Code.DEADLINE_EXCEEDED, "deadline exceeded", { reason: "DEADLINE_EXCEEDED" });
}

/** Retry-After is in whole seconds, the next one up: who comes then is not early. */
function toHeaders({ headers = {}, retryAfterMs }: GatewayErrorOptions): Readonly<Record<string, string>> {
  return retryAfterMs === undefined ? headers : { "retry-after": String(Math.ceil(retryAfterMs / 1000)), ...headers };
}
