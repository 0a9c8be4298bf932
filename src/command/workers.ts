// Which of the processes of `sluice serve` this is: the one that was started, or a worker that it has forked by Node's cluster.
import cluster from "node:cluster";
import type { FromPrimary, FromWorker } from "../workers/messages.ts";
import type { WorkerProcess } from "../workers/primary.ts";
import { createWorker } from "../workers/worker.ts";
import type { Worker } from "../workers/worker.ts";

/** What the processes of a gateway are to each other. */
export type Workers =
  | { readonly kind: "primary"; readonly fork: () => WorkerProcess }
  /** One of several; the first also tells of the backends. */
  | { readonly kind: "worker"; readonly worker: Worker; readonly isFirst: boolean };

/** Workers share the listening socket. */
export function findWorkers(): Workers {
  if (!cluster.isWorker) return { kind: "primary", fork: forkSelf };
  const worker = createWorker({
    // A primary that is gone is told by `disconnect`.
    send: (message) => process.send?.(message, undefined, undefined, () => {}) ?? false,
    onMessage: (listener) => void process.on("message", (message) => listener(message as FromPrimary)),
    onEnd: (listener) => void process.once("disconnect", listener),
  });
  return { kind: "worker", worker, isFirst: cluster.worker?.id === 1 };
}

function forkSelf(): WorkerProcess {
  const worker = cluster.fork();
  // A channel that breaks is told by `exit`.
  worker.on("error", () => {});
  return {
    send: (message) => void (worker.isConnected() && worker.send(message, () => {})),
    onMessage: (listener) => void worker.on("message", (message: FromWorker) => listener(message)),
    onExit: (listener) =>
      void worker.once("exit", (code, signal) => listener(signal === null ? `exit code ${code}` : signal)),
    signal: (name) => void worker.process.kill(name),
  };
}
