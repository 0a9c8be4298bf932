// Frames in the proto form as the gateway writes them, and hex for bytes, as the transcripts have them.
import { createProtoCodec } from "../../../src/front/websocket/mux-proto.ts";
import { GatewayError } from "../../../src/status.ts";
import type { Code } from "../../../src/status.ts";
import type { Frame } from "../fake-gateway.ts";

const proto = createProtoCodec(true);

export function bytesOf(hex: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(hex as string, "hex"));
}

/** Of protobuf; messages in JSON are as they are. */
export function toHex(message: unknown): unknown {
  return message instanceof Uint8Array ? Buffer.from(message).toString("hex") : message;
}

/** The stream of a frame in the proto form, and where its payload begins. */
export function streamOf(bytes: Uint8Array): { readonly id: number; readonly end: number } {
  let id = 0;
  let end = 1;
  for (let place = 1; ; place *= 0x80) {
    const byte = bytes[end++];
    id += (byte & 0x7f) * place;
    if (byte < 0x80) return { id, end };
  }
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

interface StatusWords {
  readonly code?: number;
  readonly message?: string;
  readonly details?: readonly { readonly reason?: string }[];
}

/** As the gateway writes them. */
export function encodeProto(frame: Frame): Uint8Array {
  const id = (frame["id"] as number | undefined) ?? 0;
  const { code = 0, message = "", m, details = [] } = frame as StatusWords & { readonly m?: string };
  if (frame.t === "msg") return proto.message(proto.messagePrefix(id), Buffer.from(m ?? "", "hex"));
  if (frame.t === "ready") return proto.ready(frame as unknown as Parameters<typeof proto.ready>[0]);
  if (frame.t === "head") return proto.head(id, toPairs(frame["metadata"]));
  if (frame.t !== "status") throw new Error(`no transcript has "${frame.t}" in the proto form`);
  const error = code === 0 ? undefined : new GatewayError(code as Code, message, { reason: details[0]?.reason });
  return proto.status(id, error, toPairs(frame["trailers"]));
}

function toPairs(metadata: unknown): string[] {
  return Object.entries((metadata ?? {}) as Record<string, string>).flat();
}
