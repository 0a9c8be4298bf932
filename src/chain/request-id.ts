// The id of a call: that of its request, which on a WebSocket is the handshake and brings several calls; what backends get of it.
import type { Call } from "../call.ts";
import type { RequestSource } from "../caller.ts";
import type { Metadata } from "../metadata.ts";
import type { Interceptor } from "./compose.ts";

export interface RequestIdForwarding {
  /** The metadata's name, lower case. */
  readonly header: string;
  /** Backends get it. */
  readonly forward: boolean;
}

export function createRequestIds({ header, forward }: RequestIdForwarding): Interceptor {
  // How many calls each socket has made; gone with the socket.
  const calls = new WeakMap<RequestSource, number>();
  const idOf = ({ front, source }: Call): string | undefined => {
    const { requestId } = source;
    if (front !== "websocket" || requestId === undefined) return requestId;
    const count = (calls.get(source) ?? 0) + 1;
    calls.set(source, count);
    return count === 1 ? requestId : `${requestId}.${count}`;
  };
  return {
    name: "request_id",
    compile: () => (call) => {
      const id = idOf(call);
      if (id === undefined) return;
      call.requestId = id;
      // Over HTTP the answer has it already, as one that is no call's has.
      if (call.front === "websocket") call.addReplyHeader(header, id);
      if (forward) call.metadata = withId(call.metadata, header, id);
    },
  };
}

/** The client's own is dropped, in whatever spelling a header of that name got here. */
function withId(metadata: Metadata, header: string, id: string): Metadata {
  const kept: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) if (metadata[i] !== header) kept.push(metadata[i], metadata[i + 1]);
  kept.push(header, id);
  return kept;
}
