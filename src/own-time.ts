// Waiting for others that is over only after so long in which this process ran: where the machine stood still, so did they.

const parts = 5;

/** Calls back once, not before `ms`; the answer is how not to. Does not keep the process alive. */
export function afterOwnTime(ms: number, callback: () => void): () => void {
  let left = parts;
  let last: NodeJS.Immediate | undefined;
  const timer = setInterval(() => {
    if (--left > 0) return;
    clearInterval(timer);
    // In a turn of the event loop clocks come before sockets: what has come is read first.
    last = setImmediate(callback);
  }, ms / parts).unref();
  return () => {
    clearInterval(timer);
    clearImmediate(last);
  };
}
