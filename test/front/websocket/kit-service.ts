// What the backend of test/protocol/kit.proto does, as a handler: test/protocol/README.md says it in words.
import { readFileSync } from "node:fs";
import type { StreamCall, StreamReply } from "../../../src/call.ts";
import type { Metadata } from "../../../src/metadata.ts";
import { bindMethods } from "../../../src/schema/bind/http-rule.ts";
import { GatewayError } from "../../../src/status.ts";
import type { Code } from "../../../src/status.ts";
import { compileJsonReader } from "../../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../../src/translate/json/json-writer.ts";
import { strictJson } from "../../../src/translate/options.ts";
import { schemaOf } from "../../support/schema.ts";

export const kitSchema = schemaOf({ "kit.proto": readFileSync("test/protocol/kit.proto", "utf8") });

export const kitBindings = bindMethods(
  kitSchema,
  { profile: "strict", bindUnannotated: true, yamlRules: [] },
  () => {},
);

interface Message {
  readonly room?: string;
  readonly number?: number;
  readonly text?: string;
  readonly count?: number;
  readonly then?: string;
  readonly event?: Message;
  readonly file?: { readonly contentType?: string; readonly data?: string };
}

/** A call as the backend sees it. */
export interface KitCall {
  readonly method: string;
  readonly metadata: Metadata;
  readonly deadline: number;
  /** What was read of the client's messages, as JSON without defaults. */
  readonly received: string[];
  /** Resolves with the error when the gateway gives the call up. */
  readonly cancelled: Promise<GatewayError>;
}

/** What `then` and `text` may say to do. */
function obey(command: string): string | undefined {
  const [verb, first, ...rest] = command.split(":");
  if (verb === "fail")
    throw new GatewayError(Number(first) as Code, rest.join(":"), { backendTrailers: ["x-kit-end", "failed"] });
  if (verb === "big") return "x".repeat(Number(first));
  return undefined;
}

async function* requestsOf(call: StreamCall, received: string[]): AsyncGenerator<Message> {
  const write = compileJsonWriter(call.method.input, kitSchema, { ...strictJson, emitDefaults: false });
  for (;;) {
    const message = await call.messages.read();
    if (message === undefined) return;
    const json = write(message).toString();
    received.push(json);
    yield JSON.parse(json) as Message;
  }
}

type Run = (requests: AsyncGenerator<Message>, cancelled: Promise<unknown>) => AsyncGenerator;

async function firstOf(requests: AsyncGenerator<Message>): Promise<Message> {
  const { value } = (await requests.next()) as IteratorResult<Message, undefined>;
  if (value === undefined) throw new GatewayError(3, "the backend got no message");
  return value;
}

async function* watch(requests: AsyncGenerator<Message>, cancelled: Promise<unknown>): AsyncGenerator {
  const { room = "", count = 0, then = "" } = await firstOf(requests);
  for (let number = 1; number <= count; number++) yield { room, number };
  if (then === "hold") await cancelled;
  const text = obey(then);
  if (text !== undefined) yield { room, text };
}

async function* talk(requests: AsyncGenerator<Message>, cancelled: Promise<unknown>): AsyncGenerator {
  let number = 0;
  for await (const { room, text = "" } of requests) {
    if (text === "end") return;
    if (text === "hold") await cancelled;
    yield { room, number: ++number, text: obey(text) ?? text };
  }
}

async function* upload(requests: AsyncGenerator<Message>): AsyncGenerator {
  const texts: string[] = [];
  let room = "";
  for await (const message of requests) {
    room ||= message.room ?? "";
    obey(message.text ?? "");
    texts.push(message.text ?? "");
  }
  yield { room, count: texts.length, texts };
}

const runs: Readonly<Record<string, Run>> = {
  Get: watch,
  Watch: watch,
  Search: watch,
  Shared: watch,
  Hidden: watch,
  Talk: talk,
  SharedTalk: talk,
  Brief: talk,
  Short: talk,
  Upload: upload,
  async *UploadEvents(requests) {
    for await (const post of requests) yield post;
  },
  async *Values(requests) {
    const { room } = await firstOf(requests);
    yield { "@status": room };
  },
  async *Files(requests) {
    for await (const { file } of requests) {
      const contentType = (file?.contentType ?? "") === "" ? "" : "application/octet-stream";
      yield { contentType, data: file?.data ?? "" };
    }
  },
};

/** A backend of its own: reads as the caller pulls, knows when it is given up. */
export function serveCall(call: StreamCall, calls: KitCall[], onCall: (call: KitCall) => void): StreamReply {
  const received: string[] = [];
  const cancelled = new Promise<GatewayError>((resolve) => call.cancellation.onCancel(resolve));
  const failed = cancelled.then((error) => {
    throw error;
  });
  failed.catch(() => {});
  const seen: KitCall = {
    method: call.method.localName,
    metadata: call.metadata,
    deadline: call.deadline,
    received,
    cancelled,
  };
  calls.push(seen);
  onCall(seen);
  const read = compileJsonReader(call.method.output, kitSchema, strictJson);
  const replies = runs[call.method.localName](requestsOf(call, received), failed);
  let settle: (error: unknown) => void;
  const trailers = new Promise<Metadata>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve(["x-kit-end", "well"]) : reject(error));
  });
  trailers.catch(() => {});
  return {
    headers: Promise.resolve(["x-kit", "1", "x-kit", "2", "x-secret", "no"]),
    trailers,
    messages: {
      async read() {
        try {
          const next = await Promise.race([replies.next(), failed]);
          if (next.done !== true) return read(Buffer.from(JSON.stringify(next.value)));
          settle(undefined);
          return undefined;
        } catch (error) {
          settle(error);
          throw error;
        }
      },
    },
  };
}
