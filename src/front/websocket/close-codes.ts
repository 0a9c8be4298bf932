// Why a WebSocket ends: the close codes of docs/websocket.md as a table, and what a client is to make of each.
import { Code, codeName } from "../../status.ts";
import type { GatewayError } from "../../status.ts";

/** What a client does next; `by code`: the gRPC status decides. */
export type Verdict = "done" | "retry" | "fail" | "by code";

export const CloseCode = {
  OK: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  NO_STATUS: 1005,
  ABNORMAL: 1006,
  INVALID_TEXT: 1007,
  POLICY: 1008,
  TOO_BIG: 1009,
  INTERNAL: 1011,
  RESTART: 1012,
  OVERLOADED: 1013,
  IDLE: 4100,
  NO_PONG: 4101,
  SLOW_CONSUMER: 4102,
  LIFETIME: 4103,
  AUTH_EXPIRED: 4104,
  BAD_FRAME: 4150,
  FLOW_CONTROL: 4151,
  BAD_INIT: 4152,
  STREAM_ID: 4153,
  MESSAGE_RATE: 4154,
  TOO_MANY_STREAMS: 4155,
} as const;

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/** What came over the socket was no WebSocket, or not the protocol that was agreed on. */
export function isMalformed(code: number): boolean {
  return malformed.has(code);
}

const malformed: ReadonlySet<number> = new Set([
  CloseCode.PROTOCOL_ERROR,
  CloseCode.INVALID_TEXT,
  CloseCode.BAD_FRAME,
  CloseCode.FLOW_CONTROL,
  CloseCode.STREAM_ID,
]);

/** `4000 + code` says the gRPC status (4001 to 4016). */
const statusBase = 4000;

/** The code a call's failure closes a socket with. */
export function toCloseCode(code: Code): number {
  return statusBase + code;
}

/** The gRPC status a close code stands for, undefined when it stands for none. */
export function toStatusCode(closeCode: number): Code | undefined {
  const code = closeCode - statusBase;
  return code >= Code.CANCELLED && code <= Code.UNAUTHENTICATED ? (code as Code) : undefined;
}

/** First and last code of a range, and the verdict of every code in it, known or not yet. */
const ranges: readonly (readonly [first: number, last: number, verdict: Verdict])[] = [
  [1000, 1000, "done"],
  [1001, 1001, "retry"],
  [1005, 1006, "retry"],
  [1011, 1014, "retry"],
  [4000, 4099, "by code"],
  [4100, 4149, "retry"],
];

/** A function of the range alone, so that an old client treats a new code rightly. */
export function verdictOf(closeCode: number): Verdict {
  return ranges.find(([first, last]) => closeCode >= first && closeCode <= last)?.[2] ?? "fail";
}

/** RFC 6455 section 5.5: 125 bytes of a control frame, two of them the code. */
const maxReasonBytes = 123;

/** `NOT_FOUND: room 7 does not exist`, cut to what a close frame holds. */
export function toCloseReason({ code, message }: GatewayError): string {
  return cutReason(`${codeName(code)}: ${message}`);
}

/** The longest beginning that fits and ends with a whole character. */
export function cutReason(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxReasonBytes) return text;
  let end = maxReasonBytes;
  // 10xxxxxx goes on with a character begun before.
  while ((bytes[end] & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
