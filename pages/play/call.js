// A call over the transport that was chosen. All of them look alike: `send`, `end`, `cancel`, `grant`, and a sink that is told.
import { openFetch } from "./call-fetch.js";
import { openMux } from "./call-mux.js";
import { openWebSocket } from "./call-websocket.js";

/**
 * `request`: api, method, binding, token, text (the message in the editor), `sendsFirst` (whether that message is sent at once),
 * `window` and `isAutomatic` for credit. `sink` gets:
 *
 * - `frame(direction, kind, text)`: something went up, came down, or is worth a note
 * - `state("opening" | "open" | "half-closed")`
 * - `credit({ down, up, waiting })`: multiplexed only
 * - `outcome({ code, message, details, note })`: once, the last
 * - `settled()`: resolves when what it was told is on the page
 *
 * Throws for a message that cannot be sent.
 */
export function openCall(transport, request, sink) {
  const once = createOnce(sink);
  switch (transport) {
    case "websocket":
      return openWebSocket(request, once);
    case "mux":
      return openMux(request, once);
    default:
      return openFetch(request, once, transport);
  }
}

/** Nothing is told after the outcome: a socket has more to say about its end than matters. */
function createOnce(sink) {
  let isDone = false;
  const unlessDone =
    (name) =>
    (...values) => {
      if (!isDone) sink[name](...values);
    };
  return {
    frame: unlessDone("frame"),
    state: unlessDone("state"),
    credit: unlessDone("credit"),
    settled: () => sink.settled(),
    outcome(result) {
      if (isDone) return;
      isDone = true;
      sink.outcome(result);
    },
  };
}
