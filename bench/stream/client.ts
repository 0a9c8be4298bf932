// The clients of the bench `stream`, all in one process: does what it is told over its channel, and answers with what it saw.
import { cpuMicros } from "../load/accounting.ts";
import { ClientSocket } from "./client-socket.ts";
import type { Counted, Ended, Opened, OpenOrder, Order } from "./order.ts";

const openLimitMs = 60_000;

let sockets: ClientSocket[] = [];
/** Of those that have ended. */
let codes: Record<string, number> = {};
let endedFrames = 0;
let fault: Error | undefined;
let onEnd: () => void = () => undefined;

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Ends with the first connection that goes wrong. */
function open(order: OpenOrder): Promise<Opened> {
  const startedAt = performance.now();
  const { atOnce = 64 } = order;
  return new Promise((resolve, reject) => {
    let begun = 0;
    let done = 0;
    const timer = setTimeout(() => {
      reject(
        new Error(`${order.sockets - done} of ${order.sockets} sockets had no first message in ${openLimitMs} ms`),
      );
    }, openLimitMs);
    const settle = (error: Error | undefined): void => {
      clearTimeout(timer);
      if (error !== undefined) {
        reject(error);
        return;
      }
      if (order.isStalled !== true) for (const socket of sockets) socket.resume();
      resolve({ milliseconds: performance.now() - startedAt });
    };
    const next = (): void => {
      if (begun === order.sockets) return;
      begun++;
      const socket: ClientSocket = new ClientSocket(
        order,
        (error) => {
          if (error !== undefined) {
            settle(new Error(`socket ${begun} of ${order.sockets}: ${error.message}`));
            return;
          }
          if (++done === order.sockets) settle(undefined);
          else next();
        },
        (code, error) => ended(socket, code, error),
      );
      sockets.push(socket);
    };
    for (let i = 0; i < atOnce; i++) next();
  });
}

function ended(socket: ClientSocket, code: number, error: Error | undefined): void {
  codes[code] = (codes[code] ?? 0) + 1;
  endedFrames += socket.frames;
  if (code === 0) fault ??= error;
  endedCount++;
  onEnd();
}

let endedCount = 0;

function frames(): { readonly frames: number; readonly bytes: number } {
  let sum = 0;
  let bytes = 0;
  for (const socket of sockets) {
    sum += socket.frames;
    bytes += socket.bytes;
  }
  return { frames: sum, bytes };
}

async function count(milliseconds: number, pid: number): Promise<Counted> {
  for (const socket of sockets) socket.takeLatencies();
  const before = { ...frames(), at: performance.now(), cpu: cpuMicros(pid) };
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const after = { ...frames(), at: performance.now(), cpu: cpuMicros(pid) };
  if (fault !== undefined) throw fault;
  if (endedCount > 0) throw new Error(`${endedCount} connections ended meanwhile: ${JSON.stringify(codes)}`);
  const latencies = sockets.flatMap((socket) => socket.takeLatencies()).sort((a, b) => a - b);
  return {
    frames: after.frames - before.frames,
    bytes: after.bytes - before.bytes,
    milliseconds: after.at - before.at,
    cpuMicros: after.cpu - before.cpu,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

/** Rejects when not all of them have ended in time. */
function awaitEnd(limit: number): Promise<Ended> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(
        new Error(`${sockets.length - endedCount} of ${sockets.length} connections have not ended in ${limit} ms`),
      );
    }, limit);
    onEnd = () => {
      if (endedCount < sockets.length) return;
      clearTimeout(timer);
      onEnd = () => undefined;
      const result = { milliseconds: performance.now() - startedAt, codes, frames: endedFrames };
      [sockets, codes, endedCount, endedFrames] = [[], {}, 0, 0];
      if (fault === undefined) resolve(result);
      else reject(fault);
    };
    onEnd();
  });
}

function obey(order: Order): Promise<Opened | Counted | Ended> {
  switch (order.kind) {
    case "open":
      return open(order);
    case "count":
      return count(order.milliseconds, order.pid);
    case "await-end":
      return awaitEnd(order.milliseconds);
    default: {
      for (const socket of sockets) socket.close();
      return awaitEnd(order.milliseconds);
    }
  }
}

process.on("message", (order: Order) => {
  obey(order).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ fault: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
