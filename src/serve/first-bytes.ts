// Before a socket is served: waits for as many bytes as it takes to tell what the client speaks.
import type { Socket } from "node:net";
import type { ServedConnection } from "./connection.ts";

/**
 * Calls `decide` with all bytes so far, each time there are more, until it answers true: the socket and the bytes are then its.
 * A client that does not get that far within `timeoutMs` is cut off.
 */
export function awaitFirstBytes(
  socket: Socket,
  timeoutMs: number,
  decide: (bytes: Buffer) => boolean,
): ServedConnection {
  let bytes: Buffer | undefined;
  let since: number | undefined;
  const destroy = (): void => void socket.destroy();
  const onData = (chunk: Buffer): void => {
    bytes = bytes === undefined ? chunk : Buffer.concat([bytes, chunk]);
    socket.off("data", onData);
    socket.off("error", destroy);
    if (decide(bytes)) return;
    socket.on("data", onData);
    socket.on("error", destroy);
  };
  socket.on("data", onData);
  socket.on("error", destroy);
  return {
    isIdle: true,
    drain: destroy,
    destroy,
    checkProgress(now) {
      since ??= now;
      if (now - since >= timeoutMs) destroy();
    },
  };
}

/**
 * Whether a first line of three words ends in no version of HTTP: who wrote it would not understand an answer in HTTP/1.1. It may be
 * a client of HTTP/2 whose preface is wrong, and the end of the connection is all that one expects (RFC 9113 section 3.4).
 */
export function isForeign(bytes: Buffer): boolean {
  const end = bytes.indexOf("\n");
  if (end === -1) return false;
  const words = bytes.toString("latin1", 0, end).trimEnd().split(" ", 4);
  return words.length === 3 && !/^http\//i.test(words[2]);
}
