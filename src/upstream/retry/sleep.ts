// The wait between two attempts of a call.
import type { Cancellation } from "../../cancellation.ts";

/** Rejects as soon as the call is cancelled, with its error. */
export type Sleep = (ms: number, cancellation: Cancellation) => Promise<void>;

export const sleep: Sleep = (ms, cancellation) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    cancellation.onCancel((error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
