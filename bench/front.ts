// What a front costs by itself: from an exchange to the chain and back to the answer, with no socket and no backend.
import { composeChain } from "../src/chain/compose.ts";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Handler } from "../src/call.ts";
import type { Exchange, Front, HeaderList } from "../src/front/front.ts";
import { Census } from "../src/front/stream/census.ts";
import { Sweep } from "../src/front/stream/sweep.ts";
import { createGrpcFront } from "../src/front/grpc/grpc.ts";
import { defaultGrpc } from "../src/front/grpc/options.ts";
import { strictRest } from "../src/front/rest/options.ts";
import { createRestFront } from "../src/front/rest/rest.ts";
import { createRouter } from "../src/route/router.ts";
import { bindMethods } from "../src/schema/bind/http-rule.ts";
import { loadSchema } from "../src/schema/load/load.ts";
import { compileJsonReader } from "../src/translate/json/json-reader.ts";
import { strictJson } from "../src/translate/options.ts";
import { item, itemMethod, itemPath, itemRequest, order, orderPath } from "./corpus/load-messages.ts";
import { median } from "./measure.ts";
import type { BenchTable } from "./table.ts";

const corpus = fileURLToPath(new URL("../../bench/corpus/load.proto", import.meta.url));

interface Request {
  readonly name: string;
  readonly version: "1.1" | "2";
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly check: (status: number, body: Uint8Array | undefined, trailers: HeaderList | undefined) => void;
}

const echoed = Buffer.from(JSON.stringify(order(34)));

const requests: readonly Request[] = [
  {
    name: "REST GET, small",
    version: "1.1",
    method: "GET",
    target: itemPath,
    rawHeaders: ["host", "127.0.0.1:8080"],
    body: Buffer.alloc(0),
    check: (status, body) => assert.deepEqual([status, JSON.parse(String(body))], [200, item]),
  },
  {
    name: "REST GET, small, as a browser asks",
    version: "1.1",
    method: "GET",
    target: `${itemPath}?$fields=id,title,price,quantity,state,visible`,
    rawHeaders: [
      "host",
      "127.0.0.1:8080",
      "connection",
      "keep-alive",
      "accept-language",
      "de-DE,de;q=0.9,en;q=0.8",
      "user-agent",
      "Mozilla/5.0 (X11; Linux x86_64)",
      "accept",
      "application/json, text/plain, */*",
      "accept-encoding",
      "gzip, deflate, br",
      "authorization",
      "Bearer 0123456789abcdef",
    ],
    body: Buffer.alloc(0),
    check: (status, body) => assert.deepEqual([status, JSON.parse(String(body))], [200, item]),
  },
  {
    name: "REST POST, 7.6 KB echoed",
    version: "1.1",
    method: "POST",
    target: orderPath,
    rawHeaders: ["host", "127.0.0.1:8080", "content-type", "application/json", "content-length", String(echoed.length)],
    body: echoed,
    check: (status, body) => assert.deepEqual([status, JSON.parse(String(body))], [200, order(34)]),
  },
  {
    name: "gRPC, small",
    version: "2",
    method: "POST",
    target: itemMethod,
    rawHeaders: ["host", "127.0.0.1:8080", "content-type", "application/grpc", "te", "trailers", "user-agent", "bench"],
    body: itemRequest,
    check: (status, body, trailers) =>
      assert.deepEqual(
        [status, body?.length, trailers?.slice(0, 2)],
        [200, 5 + itemBytes.length, ["grpc-status", "0"]],
      ),
  },
];

const { schema } = loadSchema({ inputs: [corpus], importPaths: [] });
if (schema === undefined) throw new Error("bench/corpus/load.proto does not load");
const itemBytes = compileJsonReader(
  schema.message("bench.load.v1.Item")!,
  schema,
  strictJson,
)(Buffer.from(JSON.stringify(item)));

/** Microseconds a request; alternated rounds, the median of each. */
export async function benchFront(options: { readonly quick: boolean }): Promise<BenchTable> {
  const fronts = createFronts();
  for (const request of requests) await run(fronts, request, 1, request.check);
  const rounds = options.quick ? 3 : 15;
  const calls = options.quick ? 500 : 10_000;
  const samples: number[][] = requests.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, request] of requests.entries()) {
      const start = process.hrtime.bigint();
      await run(fronts, request, calls, undefined);
      // The first round is to warm up.
      if (round >= 0) samples[index].push(Number(process.hrtime.bigint() - start) / 1000 / calls);
    }
  }
  return {
    title: "Fronts by themselves: µs from the exchange to its answer, without sockets and backend",
    columns: ["request", "µs"],
    rows: requests.map(({ name }, index) => [name, median(samples[index])]),
    facts: {},
  };
}

function createFronts(): Readonly<Record<"1.1" | "2", Front>> {
  const reply = Promise.resolve({ message: itemBytes, headers: [], trailers: [] });
  const handler: Handler = {
    unary: (call) =>
      call.method.localName === "GetItem"
        ? reply
        : Promise.resolve({ message: call.message, headers: [], trailers: [] }),
    stream: () => assert.fail("no streams here"),
  };
  const bindings = bindMethods(schema!, { profile: "strict", bindUnannotated: true, yamlRules: [] }, () => {});
  const router = createRouter(bindings, { profile: "strict", urlUnescape: "except_reserved" });
  const methods = schema!.services.flatMap((service) => service.methods);
  return {
    "1.1": createRestFront({
      router,
      schema: schema!,
      chain: composeChain({ end: handler }),
      options: strictRest,
      sweep: new Sweep(),
      census: new Census(),
    }),
    "2": createGrpcFront({
      schema: schema!,
      methods,
      chain: composeChain({ end: handler }),
      options: defaultGrpc,
      sweep: new Sweep(),
      census: new Census(),
    }),
  };
}

/** Four calls are under way at a time, as on a connection or two. */
async function run(
  fronts: Readonly<Record<"1.1" | "2", Front>>,
  request: Request,
  calls: number,
  check: Request["check"] | undefined,
): Promise<void> {
  const front = fronts[request.version];
  const headers = Object.create(null) as Record<string, string>;
  for (let at = 0; at < request.rawHeaders.length; at += 2)
    headers[request.rawHeaders[at]] = request.rawHeaders[at + 1];
  await new Promise<void>((resolve) => {
    let started = 0;
    let answered = 0;
    const next = (): void => {
      if (started++ < calls) front(createExchange(request, headers, check, done));
    };
    const done = (): void => {
      if (++answered === calls) resolve();
      else next();
    };
    for (let i = 0; i < Math.min(4, calls); i++) next();
  });
}

function createExchange(
  request: Request,
  headers: Readonly<Record<string, string>>,
  check: Request["check"] | undefined,
  done: () => void,
): Exchange {
  return new BenchExchange(request, headers, check, done);
}

const peer = { address: "127.0.0.1", port: 40_000 };

class BenchExchange implements Exchange {
  readonly httpVersion: "1.1" | "2";
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly secure = false;
  readonly peer = peer;
  readonly headers: Readonly<Record<string, string>>;
  isDone = false;
  requestId: string | undefined = undefined;
  readonly #body: Buffer;
  readonly #check: Request["check"] | undefined;
  readonly #done: () => void;

  constructor(
    request: Request,
    headers: Readonly<Record<string, string>>,
    check: Request["check"] | undefined,
    done: () => void,
  ) {
    this.httpVersion = request.version;
    this.method = request.method;
    this.target = request.target;
    this.rawHeaders = request.rawHeaders;
    this.headers = headers;
    this.#body = request.body;
    this.#check = check;
    this.#done = done;
  }

  readBody(): Promise<Buffer> {
    return Promise.resolve(this.#body);
  }

  receiveBody(receiver: Parameters<Exchange["receiveBody"]>[0]): void {
    receiver.onChunk(this.#body);
    receiver.onEnd();
  }

  consumed(): void {}

  addAnswerHeaders(): void {}

  discardBody(): void {}

  respond(status: number, _headers: HeaderList, body: Uint8Array | undefined, trailers?: HeaderList): void {
    this.isDone = true;
    this.#check?.(status, body, trailers);
    this.#done();
  }

  startResponse(): never {
    return assert.fail("not used by small calls");
  }

  reset(): void {}

  onAbort(): void {}
}
