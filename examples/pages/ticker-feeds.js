// Two ways to follow /v1/ticks without a library. A feed is told `onTick`, `onState` and, once and last, `onEnd`.

/** EventSource reconnects by itself and says in `Last-Event-ID` where it was. It never stops by itself: an event tells when to. */
export function followEvents(url, { onTick, onState, onEnd }) {
  const source = new EventSource(url);
  source.addEventListener("open", () => onState("live"));
  source.addEventListener("message", ({ data }) => onTick(JSON.parse(data)));
  source.addEventListener("status", ({ data }) => {
    source.close();
    const { code, status, message } = JSON.parse(data);
    onEnd(code === 0 ? "the server has sent everything" : `${status}: ${message}`);
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) onEnd("the server refused the stream");
    else onState("reconnecting");
  });
  return { stop: () => source.close() };
}

/** A WebSocket does not come back by itself: a new one takes the cursor of the last tick. */
export function followSocket(url, { onTick, onState, onEnd }) {
  let socket;
  let timer;
  let attempts = 0;
  let cursor;
  let failure;
  const open = () => {
    const address = new URL(url, location.origin.replace(/^http/, "ws"));
    if (cursor !== undefined) address.searchParams.set("cursor", cursor);
    socket = new WebSocket(address);
    socket.addEventListener("open", () => onState("live"));
    socket.addEventListener("message", receive);
    socket.addEventListener("close", close);
  };
  const receive = ({ data }) => {
    const message = JSON.parse(data);
    attempts = 0;
    if ("@status" in message) failure = message["@status"];
    else {
      cursor = message.cursor;
      onTick(message);
    }
  };
  const close = ({ code, reason }) => {
    if (code === 1000) onEnd("the server has sent everything");
    else if (!isWorthRetrying(code)) onEnd(failure?.message ?? (reason || `closed with ${code}`));
    else {
      onState("reconnecting");
      attempts += 1;
      timer = setTimeout(open, Math.min(30_000, 500 * 2 ** attempts) * (0.5 + Math.random() / 2));
    }
  };
  open();
  return {
    stop() {
      clearTimeout(timer);
      socket.removeEventListener("close", close);
      socket.close(1000);
    },
  };
}

/** The verdict of a close code, by its range (docs/websocket.md). */
function isWorthRetrying(code) {
  return (
    code === 1001 ||
    code === 1005 ||
    code === 1006 ||
    (code >= 1011 && code <= 1014) ||
    code === 4014 ||
    (code >= 4100 && code < 4150)
  );
}
