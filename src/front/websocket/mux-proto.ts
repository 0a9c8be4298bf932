// The multiplexed protocol in binary: `sluice.mux.v1.proto`. Fields by the numbers of protos/sluice/stream.proto.
import type { Metadata } from "../../metadata.ts";
import type { GatewayError } from "../../status.ts";
import { toStatusBytes } from "../../translate/reply/status-bytes.ts";
import { backendDetails } from "../../translate/reply/error-body-details.ts";
import { lengthField, taggedRange, uintVarint } from "../../translate/wire/field-wire.ts";
import type { GoAway, MuxCodec, Ready } from "./mux-frame.ts";
import { FrameType, readProtoFrame } from "./mux-proto-read.ts";

/** `ownDetails`: the gateway's own errors have ErrorInfo and BadRequest. */
export function createProtoCodec(ownDetails: boolean): MuxCodec {
  return {
    form: "proto",
    read: readProtoFrame,
    ready: (ready) => frame(FrameType.ready, 0, readyFields(ready)),
    head: (id, metadata) => frame(FrameType.head, id, metadataFields(2, metadata)),
    messagePrefix: (id) => frame(FrameType.msg, id, []),
    message(prefix, message) {
      const bytes = Buffer.allocUnsafe(prefix.length + message.length);
      bytes.set(prefix, 0);
      bytes.set(message, prefix.length);
      return bytes;
    },
    credit: (id, n) => frame(FrameType.credit, id, [integerField(9, n)]),
    status: (id, error, trailers) =>
      frame(FrameType.status, id, [
        ...(error === undefined ? [] : errorFields(error, ownDetails)),
        ...metadataFields(15, trailers),
      ]),
    expiring: (what, at) => frame(FrameType.expiring, 0, [textField(24, what), integerField(25, at)]),
    goaway: (goaway) => frame(FrameType.goaway, 0, goawayFields(goaway)),
    pong: (d) => frame(FrameType.pong, 0, d === undefined ? [] : [lengthField(29, d)]),
  };
}

function frame(type: number, id: number, fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Uint8Array.of(type), uintVarint(id), ...fields]);
}

function readyFields(ready: Ready): Uint8Array[] {
  const fields = [
    textField(16, ready.session),
    integerField(17, ready.maxStreams),
    integerField(18, ready.maxMessage),
    integerField(19, ready.upCredit),
    integerField(20, ready.upBytes),
    integerField(21, ready.pingMs),
  ];
  if (ready.lifetimeMs !== undefined) fields.push(integerField(22, ready.lifetimeMs));
  if (ready.authExpiresAt !== undefined) fields.push(integerField(23, ready.authExpiresAt));
  return fields;
}

function goawayFields({ reason, lastId, deadlineMs, retryAfterMs }: GoAway): Uint8Array[] {
  return [
    textField(11, reason),
    integerField(26, lastId),
    integerField(27, deadlineMs),
    integerField(28, retryAfterMs),
  ];
}

function errorFields(error: GatewayError, ownDetails: boolean): Uint8Array[] {
  const { message, details } = toStatus(error, ownDetails);
  return [integerField(12, error.code), textField(13, message), ...details.map((detail) => taggedRange(0x72, detail))];
}

/** A backend's status as it came; the gateway's own as it would be sent to a gRPC client. */
function toStatus(
  error: GatewayError,
  ownDetails: boolean,
): { readonly message: string; readonly details: readonly Uint8Array[] } {
  const bytes = error.statusBytes ?? (ownDetails ? toStatusBytes(error) : undefined);
  const details: Uint8Array[] = [];
  const keep = (any: Uint8Array): string => {
    details.push(any);
    return "";
  };
  const status = bytes === undefined ? undefined : backendDetails(bytes, error.code, keep);
  return { message: status?.message ?? error.message, details };
}

function metadataFields(number: number, metadata: Metadata): Uint8Array[] {
  const fields: Uint8Array[] = [];
  for (let i = 0; i < metadata.length; i += 2) {
    const entry = Buffer.concat([textField(1, metadata[i]), textField(2, metadata[i + 1])]);
    fields.push(taggedRange(number * 8 + 2, entry));
  }
  return fields;
}

function textField(number: number, text: string): Uint8Array {
  return lengthField(number, Buffer.from(text));
}

/** Written also where it is zero: some of these fields have presence. */
function integerField(number: number, value: number): Uint8Array {
  return taggedRange(number * 8, uintVarint(value));
}
