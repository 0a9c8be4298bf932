// Sends one request through the real router and REST front, with an exchange and a backend that exist in memory only.
import type { StreamCall, StreamReply } from "../call.ts";
import type { ForwardIdentity } from "../chain/authenticate/forward-identity.ts";
import { composeChain } from "../chain/compose.ts";
import type { Interceptor } from "../chain/compose.ts";
import type { Exchange, HeaderList } from "../front/front.ts";
import { createRestFront } from "../front/rest/rest.ts";
import { Census } from "../front/stream/census.ts";
import { Sweep } from "../front/stream/sweep.ts";
import type { Metadata } from "../metadata.ts";
import { compilePolicies } from "../policy/policies.ts";
import { createRouter } from "../route/router.ts";
import type { RouteMatch } from "../route/router.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import type { ExplainedRequest } from "./explain-request.ts";
import { createConfiguredValidation } from "../validation.ts";
import type { Project } from "./project.ts";
import { toMethodRules, toRestOptions, toRouterOptions } from "../gateway-options.ts";

export interface Rehearsal {
  readonly match: RouteMatch | undefined;
  /** What the backend would have been sent; undefined when the front answered itself. */
  readonly call: RehearsedCall | undefined;
  /** Undefined without a call, Infinity for a call without a deadline. */
  readonly timeoutMs: number | undefined;
  /** What the front answered itself. */
  readonly answer: { readonly status: number; readonly headers: HeaderList; readonly body: string } | undefined;
}

export interface RehearsedCall {
  readonly method: Method;
  readonly metadata: Metadata;
  /** One for a method that takes one. */
  readonly messages: readonly Uint8Array[];
}

/** `forward`: what of a call's metadata backends get; undefined for all of it. */
export async function rehearse(
  project: Project,
  request: ExplainedRequest,
  forward: ForwardIdentity | undefined,
): Promise<Rehearsal> {
  const { config, schema, bindings } = project;
  const { policyOf } = compilePolicies({ schema, config });
  const router = createRouter(bindings, toRouterOptions(config));
  const validation = createConfiguredValidation({ config, schema, policyOf });
  const sweep = new Sweep();
  let match: RouteMatch | undefined;
  let call: RehearsedCall | undefined;
  let timeoutMs: number | undefined;
  const front = createRestFront({
    router: {
      match(httpMethod, path) {
        const result = router.match(httpMethod, path);
        match = result.kind === "match" ? result : undefined;
        return result;
      },
    },
    schema,
    chain: composeChain({
      // The rest of the chain depends on who calls, from where and how often.
      interceptors: [ofNobody(forward), validation].filter((one) => one !== undefined),
      end: {
        unary: ({ method, metadata, message, deadline }) => {
          call = { method, metadata, messages: [message] };
          timeoutMs = toRoundMs(deadline - performance.now());
          return Promise.reject(notSent);
        },
        stream: (received) => {
          const messages = readAll(received);
          messages.then(
            (all) => {
              call = { method: received.method, metadata: received.metadata, messages: all };
              timeoutMs = toRoundMs(received.deadline - performance.now());
            },
            () => {},
          );
          return unanswered(messages);
        },
      },
    }),
    options: { ...toRestOptions(config, () => {}), ...toMethodRules(policyOf) },
    sweep,
    census: new Census(),
  });
  const answer = await new Promise<NonNullable<Rehearsal["answer"]>>((resolve) => {
    front(
      createExchange(request, (status, headers, body) => resolve({ status, headers, body: decode(body, headers) })),
    );
  });
  sweep.stop();
  return { match, call, timeoutMs, answer: call === undefined ? answer : undefined };
}

function ofNobody(forward: ForwardIdentity | undefined): Interceptor | undefined {
  return forward && { name: "authenticate", compile: () => (call) => forward(call, undefined) };
}

async function readAll({ messages }: StreamCall): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (;;) {
    const message = await messages.read();
    if (message === undefined) return all;
    all.push(message);
  }
}

/** Fails when all that the client sends has been read, and with what is wrong with it. */
function unanswered(messages: Promise<unknown>): StreamReply {
  const never = messages.then((): Promise<never> => Promise.reject(notSent));
  never.catch(() => {});
  return { headers: never, messages: { read: () => never }, trailers: never };
}

const notSent = new GatewayError(Code.ABORTED, "nothing is sent");

/** The few microseconds on the way to the handler are no part of the deadline. */
function toRoundMs(ms: number): number {
  if (ms === Infinity) return ms;
  const step = ms > 1000 ? 100 : 1;
  return Math.round(ms / step) * step;
}

function decode(body: Uint8Array | undefined, headers: HeaderList): string {
  if (body === undefined) return "";
  const text = Buffer.from(body).toString();
  const type = headers.find((_, index) => index % 2 === 1 && headers[index - 1] === "content-type") ?? "";
  if (!/json/.test(type)) return text;
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

type Respond = (status: number, headers: HeaderList, body: Uint8Array | undefined) => void;

function createExchange(
  { method, target, rawHeaders, body = Buffer.alloc(0) }: ExplainedRequest,
  respond: Respond,
): Exchange {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index].toLowerCase();
    const before = headers[name];
    headers[name] = before === undefined ? rawHeaders[index + 1] : `${before}, ${rawHeaders[index + 1]}`;
  }
  let isDone = false;
  return {
    httpVersion: "1.1",
    method,
    target,
    headers,
    rawHeaders,
    secure: false,
    peer: { address: "127.0.0.1", port: 0 },
    requestId: undefined,
    addAnswerHeaders: () => {},
    readBody: (limit) => (body.length > limit ? Promise.reject(tooLarge(limit)) : Promise.resolve(body)),
    receiveBody: (receiver) => {
      if (body.length > 0) receiver.onChunk(body);
      if (!isDone) receiver.onEnd();
    },
    consumed: () => {},
    discardBody: () => {},
    respond: (status, list, bytes) => {
      isDone = true;
      respond(status, list, method === "HEAD" ? undefined : bytes);
    },
    startResponse: (status, list) => {
      const chunks: Uint8Array[] = [];
      return {
        write: (chunk) => chunks.push(chunk) > 0,
        end: () => {
          isDone = true;
          respond(status, list, Buffer.concat(chunks));
        },
      };
    },
    reset: () => {
      isDone = true;
    },
    onAbort: () => {},
    get isDone() {
      return isDone;
    },
  };
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, `the request body is larger than ${limit} bytes`, {
    reason: "BODY_TOO_LARGE",
    httpStatus: 413,
  });
}
