// Has a socket read into one piece of memory that all sockets share. Node makes 64 KiB for each read, cuts it down to what came, and
// frees it again: a fourteenth of what a small GET costs, which reads twice (bench rest, get-small).
import { Socket } from "node:net";
import { Duplex } from "node:stream";

/** As much as libuv reads at once. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

type OnRead = (bytes: number) => boolean;

/** Node's own way for `onread`, which it offers for sockets that connect, and not for those that a server accepts. */
interface ReadsIntoBuffer {
  [name: symbol]: unknown;
  pause: () => unknown;
  _handle?: { useUserBuffer?(buffer: Uint8Array): void } | null;
}

const symbols = new Map(Object.getOwnPropertySymbols(new Socket()).map((symbol) => [symbol.description, symbol]));
const bufferSymbol = symbols.get("kBuffer");
const callbackSymbol = symbols.get("kBufferCb");

/**
 * To be called once. Nothing else about the socket changes: what came is a chunk of its own, for
 * whoever listens to `data`. Says whether this Node can; where not, the socket reads as it always did.
 */
export function readIntoShared(socket: Socket): boolean {
  const target = socket as unknown as ReadsIntoBuffer;
  const handle = target._handle;
  if (bufferSymbol === undefined || callbackSymbol === undefined) return false;
  if (handle === undefined || handle === null || typeof handle.useUserBuffer !== "function") return false;
  const onRead: OnRead = (bytes) => {
    const chunk = Buffer.allocUnsafeSlow(bytes);
    shared.copy(chunk, 0, 0, bytes);
    if (socket.readableFlowing !== true || socket.readableLength > 0 || socket.listenerCount("data") === 0)
      return socket.push(chunk);
    // As `push` does for who listens; but that also asks in a turn of its own whether to read on, which a socket does anyway.
    socket.emit("data", chunk);
    return true;
  };
  target[bufferSymbol] = shared;
  target[callbackSymbol] = onRead;
  target.pause = pause;
  handle.useUserBuffer(shared);
  return true;
}

/** As without `onread`, where a pause stops reading at once, and a client that goes meanwhile is not noticed. */
function pause(this: Socket): Duplex {
  return Duplex.prototype.pause.call(this);
}
