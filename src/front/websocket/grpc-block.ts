// Header blocks of the grpc-websockets protocol: `name: value` lines, one CRLF each; from the server with gRPC-Web's prefix before them.
import { Code, GatewayError } from "../../status.ts";
import type { Metadata } from "../../metadata.ts";
import { toStatusBytes } from "../../translate/reply/status-bytes.ts";
import { encodeGrpcMessage } from "../grpc-message.ts";

/** The most significant bit says: no message, but a block (gRPC-Web). */
const blockFlag = 0x80;
const longestDetails = 4096;
/** More than metadata may be, with what stands between names and values: found out before a line of it is read. */
const longestBlock = 20 * 1024;

/** `[name, value, …]`, names lower case. Throws GatewayError (3). */
export function readBlock(bytes: Buffer): string[] {
  if (bytes.length > longestBlock)
    throw new GatewayError(
      Code.INVALID_ARGUMENT,
      `the first frame, the headers, is longer than ${longestBlock} bytes`,
      {
        reason: "HEADER_INVALID",
      },
    );
  const entries: string[] = [];
  for (const line of bytes.toString("latin1").split("\r\n")) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    if (colon < 1)
      throw new GatewayError(Code.INVALID_ARGUMENT, `the first frame must be lines of "name: value", each with CRLF`, {
        reason: "HEADER_INVALID",
      });
    entries.push(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return entries;
}

export function writeBlock(metadata: Metadata): Buffer {
  let lines = "";
  for (let i = 0; i < metadata.length; i += 2) lines += `${metadata[i]}: ${metadata[i + 1]}\r\n`;
  const block = Buffer.allocUnsafe(5 + lines.length);
  block[0] = blockFlag;
  block.writeUInt32BE(lines.length, 1);
  block.write(lines, 5, "latin1");
  return block;
}

/** `error` undefined for OK. */
export function toGrpcTrailers(error: GatewayError | undefined, trailers: Metadata): string[] {
  if (error === undefined) return ["grpc-status", "0", ...trailers];
  const fields = ["grpc-status", String(error.code), "grpc-message", encodeGrpcMessage(error.message)];
  const details = error.statusBytes ?? toStatusBytes(error);
  if (details !== undefined && details.length <= longestDetails)
    fields.push("grpc-status-details-bin", Buffer.from(details).toString("base64").replace(/=+$/, ""));
  return [...fields, ...trailers];
}
