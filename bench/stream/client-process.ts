// The process of the bench's clients, as the bench sees it.
import { dist } from "../load/folders.ts";
import { startHelper } from "../load/process.ts";
import type { Counted, Ended, Opened, OpenOrder, Order } from "./order.ts";

export interface Clients {
  /** All sockets are open and have had their first message; rejects when one could not. */
  open(order: Omit<OpenOrder, "kind">): Promise<Opened>;
  /** What comes in so long, on all sockets, and what it costs that process. */
  count(milliseconds: number, pid: number): Promise<Counted>;
  awaitEnd(milliseconds: number): Promise<Ended>;
  close(milliseconds?: number): Promise<Ended>;
  stop(): Promise<void>;
}

type Reply = { readonly answer: unknown } | { readonly fault: string };

export function startClients(): Clients {
  const helper = startHelper("load", { command: process.execPath, args: [`${dist}bench/stream/client.js`] });
  const ask = async <Result>(order: Order): Promise<Result> => {
    const reply = (await helper.ask(order)) as Reply;
    if ("fault" in reply) throw new Error(reply.fault);
    return reply.answer as Result;
  };
  return {
    open: (order) => ask({ kind: "open", ...order }),
    count: (milliseconds, pid) => ask({ kind: "count", milliseconds, pid }),
    awaitEnd: (milliseconds) => ask({ kind: "await-end", milliseconds }),
    close: (milliseconds = 30_000) => ask({ kind: "close", milliseconds }),
    stop: helper.stop,
  };
}
