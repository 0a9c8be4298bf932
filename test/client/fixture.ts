// The client as a page has it, on the WebSocket of `ws` and with a clock that runs a thousand times faster where that is asked for.
import { WebSocket } from "ws";
import { toAddress } from "../../src/client/address.ts";
import { ClientError } from "../../src/client/client.ts";
import type { Client, ConnectOptions, MethodInfo, WebSocketConstructor } from "../../src/client/client.ts";
import { Connection } from "../../src/client/connection.ts";
import { createClient } from "../../src/client/create-client.ts";
import { createEnvironment } from "../../src/client/environment.ts";
import type { Environment } from "../../src/client/environment.ts";
import { jsonCodec } from "../../src/client/frames.ts";
import type { Codec } from "../../src/client/frames.ts";
import { describeMethod } from "../../src/docs/method-descriptor.ts";
import { strictJson } from "../../src/translate/options.ts";
import { methodRulesOf } from "../support/method-rules.ts";
import type { Binding } from "../../src/schema/binding.ts";
import type { Schema } from "../../src/schema/descriptor.ts";

export const nodeWebSocket: WebSocketConstructor = WebSocket;

export interface Page {
  readonly client: Client;
  readonly environment: Environment;
  /** How long each pause before a connection or a call was meant to be, in milliseconds. */
  readonly pauses: number[];
  /** As the browser says it. */
  isOnline: boolean;
  /** `online`, or the page is looked at again. */
  wake(): void;
  readonly listeners: number;
}

const speed = 1000;
const probeMs = 5000;
/** Not a pause, and not to come early. */
const connectTimeoutMs = 60_000 * speed;

/** A page whose minutes are milliseconds; `random` is what Math.random gives it. */
export function openPage(
  url: string,
  options: ConnectOptions = {},
  { random = () => 0.5, codec = jsonCodec }: { readonly random?: () => number; readonly codec?: Codec } = {},
): Page {
  const listeners = new Set<() => void>();
  const pauses: number[] = [];
  // Time is what timers say it is: no test depends on how long something takes.
  let now = 0;
  const all = { WebSocket: nodeWebSocket, fetch: false as const, connectTimeoutMs, ...options };
  const environment: Environment = {
    ...createEnvironment(all),
    now: () => now,
    random,
    after(ms, callback) {
      const isPause = ms < connectTimeoutMs && ms !== probeMs;
      if (isPause) pauses.push(ms);
      // An answer to a probe takes its time, however fast the clock.
      const due = now + ms;
      const onDue = (): void => {
        now = Math.max(now, due);
        callback();
      };
      const timer = setTimeout(onDue, ms === probeMs ? 300 : Math.ceil(ms / speed) + 1);
      return () => clearTimeout(timer);
    },
    isOnline: () => page.isOnline,
    onWake(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const connection = new Connection({ address: toAddress(url), codec, options: all, environment });
  const page: Page = {
    client: createClient(connection),
    environment,
    pauses,
    isOnline: true,
    wake() {
      for (const listener of listeners) listener();
    },
    get listeners() {
      return listeners.size;
    },
  };
  return page;
}

/** What a generated module says of a method. */
export function methodInfo(
  { schema, bindings }: { readonly schema: Schema; readonly bindings: readonly Binding[] },
  name: string,
): MethodInfo {
  const method = schema.services.flatMap((service) => service.methods).find((each) => each.localName === name);
  if (method === undefined) throw new Error(`there is no method ${name}`);
  return describeMethod(method, methodRulesOf(schema).streamRuleOf(method), { bindings, json: strictJson });
}

export async function failureOf(promise: Promise<unknown>): Promise<ClientError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
  throw new Error("the call ended well");
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
