// How much of what was written to a socket has left for its peer, of one long piece as well: tells a slow peer from one that takes nothing.
import type { Duplex } from "node:stream";

/** Node's own counts of a connection. */
interface Handle {
  readonly bytesWritten?: number;
  /** Of what was handed over; Node's `timeout` of sockets goes by it, too. */
  readonly writeQueueSize?: number;
  /** Over TLS: that of the connection below. */
  readonly _parent?: Handle;
}

interface Counted {
  readonly bytesWritten?: number;
  readonly _handle?: Handle | null;
}

/** Over TLS counted as it is encrypted. Where there is no handle, a piece counts once the whole of it has left. */
export function takenBytes(socket: Duplex & Counted): number {
  const handle = socket._handle?._parent ?? socket._handle;
  const { bytesWritten: handed, writeQueueSize: queued } = handle ?? {};
  if (handed !== undefined && queued !== undefined) return handed - queued;
  return (socket.bytesWritten ?? 0) - socket.writableLength;
}
