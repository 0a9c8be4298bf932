// A WebSocket client by hand: frames that no library would send, on a plain connection.
import { randomBytes } from "node:crypto";
import { openRaw, request } from "../../support/raw-http.ts";
import type { Endpoint, RawConnection } from "../../support/raw-http.ts";

export interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface RawSocket {
  readonly raw: RawConnection;
  /** A frame of its own making; masked with a mask of zeros. */
  send(opcode: number, payload: string | Uint8Array, options?: RawFrameOptions): void;
  /** The next frame of the server; rejects when the connection closes first. */
  next(): Promise<RawFrame>;
  /** The code of the next close frame; 1006 when the connection closes without one. */
  closeCode(): Promise<number>;
}

export interface RawFrameOptions {
  readonly isLast?: boolean;
  readonly isMasked?: boolean;
  /** RSV1 to RSV3 as bits of the first byte. */
  readonly reserved?: number;
}

export async function openRawSocket(
  endpoint: Endpoint,
  path: string,
  headers: readonly string[] = [],
): Promise<RawSocket> {
  const raw = await openRaw(endpoint);
  let bytes = Buffer.alloc(0);
  let isOpen = false;
  let isClosed = false;
  let wake: (() => void) | undefined;
  raw.socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (!isOpen) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      isOpen = true;
      bytes = bytes.subarray(end + 4);
    }
    wake?.();
  });
  raw.socket.on("close", () => {
    isClosed = true;
    wake?.();
  });
  const key = `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`;
  const all = ["Connection: Upgrade", "Upgrade: websocket", key, "Sec-WebSocket-Version: 13", ...headers];
  raw.send(request(`GET ${path}`, all));
  const until = async (isThere: () => boolean): Promise<boolean> => {
    while (!isThere()) {
      if (isClosed) return false;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return true;
  };
  if (!(await until(() => isOpen))) throw new Error("the handshake was not answered");
  const next = async (): Promise<RawFrame> => {
    let frame: { readonly frame: RawFrame; readonly length: number } | undefined;
    if (!(await until(() => (frame = parseFrame(bytes)) !== undefined)) || frame === undefined)
      throw new Error("the connection was closed");
    bytes = bytes.subarray(frame.length);
    return frame.frame;
  };
  return {
    raw,
    send: (opcode, payload, options) => raw.send(encodeFrame(opcode, Buffer.from(payload), options)),
    next,
    async closeCode() {
      for (;;) {
        const frame = await next().catch(() => undefined);
        if (frame === undefined) return 1006;
        // RFC 6455 section 7.1.5: 1005 for a close frame without a code.
        if (frame.opcode === 8) return frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE(0);
      }
    },
  };
}

export function encodeFrame(opcode: number, payload: Buffer, options: RawFrameOptions = {}): Buffer {
  const { isLast = true, isMasked = true, reserved = 0 } = options;
  const { length } = payload;
  const head = [(isLast ? 0x80 : 0) | reserved | opcode];
  const mask = isMasked ? 0x80 : 0;
  if (length < 126) head.push(mask | length);
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 0xff);
  else head.push(mask | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(isMasked ? 4 : 0), payload]);
}

function parseFrame(bytes: Buffer): { readonly frame: RawFrame; readonly length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1] & 0x7f;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) return undefined;
  return { frame: { opcode: bytes[0] & 0x0f, payload: bytes.subarray(start, start + length) }, length: start + length };
}
