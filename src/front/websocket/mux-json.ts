// The multiplexed protocol in JSON text: `sluice.mux.v1.json`.
import { codeName } from "../../status.ts";
import type { WriteError } from "../../translate/reply/error-body.ts";
import { formatMetadata } from "../../translate/reply/metadata-json.ts";
import type { MuxCodec } from "./mux-frame.ts";
import { readJsonFrame } from "./mux-json-read.ts";

const closingBrace = 0x7d;

/** `writeError`: of the shape `status`, `{"code":…,"message":…,"details":[…]}`. */
export function createJsonCodec(writeError: WriteError): MuxCodec {
  return {
    form: "json",
    read: readJsonFrame,
    ready: (ready) => toBytes({ t: "ready", ...ready }),
    head: (id, metadata) => Buffer.from(`{"t":"head","id":${id},"metadata":${formatMetadata(metadata)}}`),
    messagePrefix: (id) => Buffer.from(`{"t":"msg","id":${id},"m":`),
    message(prefix, message) {
      const { length } = prefix;
      const frame = Buffer.allocUnsafe(length + message.length + 1);
      frame.set(prefix, 0);
      frame.set(message, length);
      frame[length + message.length] = closingBrace;
      return frame;
    },
    credit: (id, n) => Buffer.from(`{"t":"credit","id":${id},"n":${n}}`),
    status(id, error, trailers) {
      const shown = trailers.length === 0 ? "" : `,"trailers":${formatMetadata(trailers)}`;
      if (error === undefined) return Buffer.from(`{"t":"status","id":${id},"code":0,"status":"OK"${shown}}`);
      const { body } = writeError(error);
      // The error body without its opening brace and its closing one.
      const inner = Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8", 1, body.length - 1);
      return Buffer.from(`{"t":"status","id":${id},"status":"${codeName(error.code)}",${inner}${shown}}`);
    },
    expiring: (what, at) => toBytes({ t: "expiring", what, at }),
    goaway: (goaway) => toBytes({ t: "goaway", ...goaway }),
    pong: (d) => Buffer.from(d === undefined ? `{"t":"pong"}` : `{"t":"pong","d":${Buffer.from(d).toString()}}`),
  };
}

function toBytes(frame: object): Buffer {
  return Buffer.from(JSON.stringify(frame));
}
