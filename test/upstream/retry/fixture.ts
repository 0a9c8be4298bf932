// Calls under a retry policy, over a real transport to a real backend; the waits between attempts are recorded and over at once.
import type { Handler } from "../../../src/call.ts";
import type { RetryRule } from "../../../src/schema/retry-rule.ts";
import { isRetryFault, readRetryRule } from "../../../src/schema/retry-rule.ts";
import type { RetrySettings } from "../../../src/schema/retry-rule.ts";
import { createGrpcJsTransport } from "../../../src/upstream/grpc-js.ts";
import { createNativeTransport } from "../../../src/upstream/native.ts";
import { createRetries } from "../../../src/upstream/retry/retries.ts";
import type { Retries, RetriesOptions } from "../../../src/upstream/retry/retries.ts";
import type { Transport, TransportFactory } from "../../../src/upstream/transport.ts";
import { BackendError, startBackend } from "../../support/backend.ts";
import type { Backend, BackendHandlers, UnaryBackend } from "../../support/backend.ts";
import { testLimits } from "../calls.ts";

export const factories: readonly (readonly [name: string, TransportFactory])[] = [
  ["native", createNativeTransport],
  ["grpc-js", createGrpcJsTransport],
];

export function ruleOf(settings: RetrySettings = {}): RetryRule {
  const rule = readRetryRule(settings);
  if (isRetryFault(rule)) throw new Error(rule.message);
  return rule;
}

export interface Retried extends Handler {
  readonly backend: Backend;
  readonly retries: Retries;
  /** Milliseconds that were to be waited. */
  readonly waits: readonly number[];
}

export interface RetriedBench {
  open(handlers: BackendHandlers, settings?: RetrySettings, options?: Partial<RetriesOptions>): Promise<Retried>;
  close(): Promise<void>;
}

export function createBench(factory: TransportFactory): RetriedBench {
  const disposals: (() => unknown)[] = [];
  return {
    async open(handlers, settings, options = {}) {
      const backend = await startBackend(handlers);
      const transport: Transport = factory({ target: backend.target, tls: undefined }, testLimits);
      disposals.push(() => Promise.all([transport.close(), backend.close()]));
      const waits: number[] = [];
      const sleep = (ms: number): Promise<void> => Promise.resolve(void waits.push(ms));
      const rule = ruleOf(settings);
      const retries = createRetries({ ruleOf: () => rule, targetOf: () => "t", random: () => 0.5, sleep, ...options });
      const next: Handler = { unary: (call) => transport.unary(call), stream: (call) => transport.stream(call) };
      return { ...retries.around(next), backend, retries, waits };
    },
    async close() {
      for (const dispose of disposals.splice(0)) await dispose();
    },
  };
}

/** Fails so often, then answers with what it was asked. */
export function failing(times: number, code = 14, trailers: readonly string[] = []): UnaryBackend {
  let tries = 0;
  return (message, call) => {
    if (tries++ >= times) return message;
    for (const value of trailers) call.trailer("grpc-retry-pushback-ms", value);
    throw new BackendError(code, `no, ${tries}`);
  };
}
