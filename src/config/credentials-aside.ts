// Reads a file of credentials while the gateway serves, without holding up a call.
import { Worker } from "node:worker_threads";
import type { Credentials } from "../credentials/credentials.ts";
import type { Diagnostic } from "../diagnostic.ts";

export interface ReadAside {
  /** Undefined when the diagnostics say why. */
  readonly credentials: Credentials | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Rejects when there is no thread to be had, or it takes longer than any file of such a size. */
export function readCredentialsAside(path: string): Promise<ReadAside> {
  return new Promise((resolve, reject) => {
    // Compiled, this file stands beside that one.
    const worker = new Worker(new URL("./credentials-worker.js", import.meta.url), {
      workerData: path,
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    worker.unref();
    const patience = setTimeout(() => {
      reject(new Error("reading the file took longer than 30 s"));
      void worker.terminate();
    }, patienceMs);
    patience.unref();
    worker.once("message", (read: ReadAside) => {
      clearTimeout(patience);
      resolve(read);
    });
    worker.once("error", reject);
    worker.once("exit", () => {
      clearTimeout(patience);
      reject(new Error("the thread that reads the file ended without a word"));
    });
  });
}

const patienceMs = 30_000;
