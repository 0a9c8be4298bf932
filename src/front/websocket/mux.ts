// Multiplexed mode: one socket, many calls; docs/websocket.md says what is on the wire. OPEN FIRST of the files beginning with mux.
//
//   bytes → mux-json, mux-proto (a frame) → mux-session (what it means) → mux-plan (which method) → mux-stream (the call)
//   bytes ← mux-json, mux-proto           ← mux-turns (whose turn it is)                          ← mux-stream ← backend
import { emptyMetadata } from "../../metadata.ts";
import type { GatewayError } from "../../status.ts";
import { compileErrorWriter } from "../../translate/reply/error-body.ts";
import { compileReplyMetadata } from "../reply-metadata.ts";
import type { MuxContext, MuxHandshake } from "./mux-context.ts";
import type { MuxCodec } from "./mux-frame.ts";
import { createJsonCodec } from "./mux-json.ts";
import { compileOverlay } from "./mux-metadata.ts";
import { createTargets } from "./mux-plan.ts";
import { createProtoCodec } from "./mux-proto.ts";
import { MuxSession } from "./mux-session.ts";
import type { StreamSocket } from "./socket.ts";

export interface Mux {
  /** The socket's handshake is done; it is attached to the session. */
  open(socket: StreamSocket, handshake: MuxHandshake): MuxSession;
  /** The frame before the close code of a handshake that is refused. */
  writeRefusal(socket: StreamSocket, form: MuxCodec["form"], error: GatewayError): void;
}

/** Throws RangeError for header names in the options that nobody may set. */
export function createMux(context: MuxContext): Mux {
  const { schema, options } = context;
  const ownDetails = options.profile === "strict";
  const writeError = compileErrorWriter(schema, { shape: "status", json: options.json, ownDetails });
  const shared = { ...context, overlay: compileOverlay(options), replyMetadata: compileReplyMetadata(options) };
  const forms = {
    json: { ...shared, codec: createJsonCodec(writeError), findTarget: createTargets(context, "json") },
    proto: { ...shared, codec: createProtoCodec(ownDetails), findTarget: createTargets(context, "proto") },
  };
  return {
    open: (socket, handshake) => new MuxSession(forms[handshake.form], handshake, socket),
    writeRefusal(socket, form, error) {
      const frame = forms[form].codec.status(0, error, emptyMetadata);
      if (form === "json") socket.sendText(frame);
      else socket.sendBinary(frame);
    },
  };
}
