// The names of gRPC codes and of WebSocket close codes.

const codes =
  "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED".split(
    " ",
  );

export function codeName(code) {
  return codes[code] ?? "UNKNOWN";
}

const closeCodes = new Map([
  [1000, "OK"],
  [1001, "GOING_AWAY"],
  [1002, "PROTOCOL_ERROR"],
  [1003, "UNSUPPORTED_DATA"],
  [1005, "NO_STATUS"],
  [1006, "ABNORMAL"],
  [1007, "INVALID_TEXT"],
  [1008, "POLICY"],
  [1009, "TOO_BIG"],
  [1011, "INTERNAL"],
  [1012, "RESTART"],
  [1013, "OVERLOADED"],
  [4100, "IDLE"],
  [4101, "NO_PONG"],
  [4102, "SLOW_CONSUMER"],
  [4103, "LIFETIME"],
  [4104, "AUTH_EXPIRED"],
  [4150, "BAD_FRAME"],
  [4151, "FLOW_CONTROL"],
  [4152, "BAD_INIT"],
  [4153, "STREAM_ID"],
  [4154, "MESSAGE_RATE"],
  [4155, "TOO_MANY_STREAMS"],
]);

export function closeName(code) {
  if (code > 4000 && code <= 4016) return codeName(code - 4000);
  return closeCodes.get(code) ?? "UNKNOWN";
}

/** A page is told nothing about a connection that broke or was refused. */
export function describeClose({ code, reason }) {
  if (code === 1006) return "the connection broke or was refused; a browser does not say why";
  return reason === "" ? `closed with ${code} ${closeName(code)}` : reason;
}
