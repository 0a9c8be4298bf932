// A promise to be settled later, which nobody need wait for.
import type { GatewayError } from "../status.ts";

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: GatewayError) => void;
}

export function createDeferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: GatewayError) => void = () => {};
  const promise = new Promise<T>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  // Nobody need ask for headers or trailers; a failed call must not end the process for that.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
