// Connect-ES over the gateway's WebSocket: all four kinds of methods, metadata, deadlines, errors with details.
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import type { DescService } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { CallOptions } from "@connectrpc/connect";
import { expect } from "chai";
import { createSluiceTransport } from "../../src/client/connect-transport.ts";
import type { SluiceTransport } from "../../src/client/connect-transport.ts";
import { startCounter } from "./counter.ts";
import type { CounterGateway } from "./counter.ts";
import { nodeWebSocket } from "./fixture.ts";

interface Item {
  readonly number: bigint;
  readonly text: string;
}

interface Range {
  readonly after?: bigint;
  readonly count?: bigint;
  readonly act?: string;
}

/** What createClient makes of a service whose types are not known before the test runs. */
interface CounterClient {
  get(range: Range, options?: CallOptions): Promise<Item>;
  put(range: Range, options?: CallOptions): Promise<Item>;
  plain(range: Range, options?: CallOptions): AsyncIterable<Item>;
  sum(items: AsyncIterable<Partial<Item>>, options?: CallOptions): Promise<Item>;
  echo(items: AsyncIterable<Partial<Item>>, options?: CallOptions): AsyncIterable<Item>;
}

describe("the Connect transport", () => {
  let gateway: CounterGateway;
  let registry: ReturnType<typeof createFileRegistry>;
  let service: DescService;
  let transport: SluiceTransport;
  let client: CounterClient;

  before(async () => {
    gateway = await startCounter("http:\n  response_headers: [x-shard]\n");
    const files = new Map(
      gateway.schema.files.map((file) => [file.path, fromBinary(FileDescriptorProtoSchema, file.toBytes())]),
    );
    registry = createFileRegistry(files.get("test.proto")!, (path) => files.get(path));
    service = registry.getService("counter.Counter")!;
  });

  after(() => gateway.close());

  beforeEach(() => {
    transport = createSluiceTransport({ baseUrl: gateway.url, WebSocket: nodeWebSocket });
    client = createClient(service, transport) as unknown as CounterClient;
  });

  afterEach(() => transport.close());

  async function failureOf(promise: Promise<unknown>): Promise<ConnectError> {
    try {
      await promise;
    } catch (error) {
      if (error instanceof ConnectError) return error;
      throw error;
    }
    throw new Error("the call ended well");
  }

  async function collect(items: AsyncIterable<Item>): Promise<Item[]> {
    const all: Item[] = [];
    for await (const item of items) all.push(item);
    return all;
  }

  async function* textsOf(...texts: string[]): AsyncGenerator<Partial<Item>> {
    for (const text of texts) yield await Promise.resolve({ text, number: 1n });
  }

  it("calls a unary method", async () => {
    expect((await client.get({ count: 9_007_199_254_740_993n })).number).to.equal(9_007_199_254_740_993n);
  });

  it("reads a stream of replies", async () => {
    const items = await collect(client.plain({ count: 1000n }));
    expect(items.map((item) => Number(item.number))).to.deep.equal(Array.from({ length: 1000 }, (_, i) => i + 1));
  });

  it("sends a stream of requests", async () => {
    const { number, text } = await client.sum(textsOf("a", "bb", "ccc"));
    expect([number, text]).to.deep.equal([3n, "6"]);
  });

  it("talks both ways, an answer before the next question", async () => {
    const waiting: (() => void)[] = [];
    const questions = (async function* () {
      for (const text of ["one", "two", "three"]) {
        yield { text };
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    })();
    const heard: string[] = [];
    for await (const { text } of client.echo(questions)) {
      heard.push(text);
      waiting.shift()?.();
    }
    expect(heard).to.deep.equal(["one", "two", "three"]);
  });

  it("sends headers, and runs interceptors", async () => {
    transport.close();
    const seen: string[] = [];
    transport = createSluiceTransport({
      baseUrl: gateway.url,
      WebSocket: nodeWebSocket,
      getToken: () => "t",
      interceptors: [
        (next) => async (request) => {
          seen.push(`${request.service.typeName} ${request.method.name} ${request.stream} ${request.url}`);
          request.header.set("x-request-id", "seven");
          return next(request);
        },
      ],
    });
    client = createClient(service, transport) as unknown as CounterClient;
    const call = gateway.nextCall("Get");
    await client.get({}, { headers: { "accept-language": "tlh" } });
    expect((await call).metadata).to.include({
      "x-request-id": "seven",
      "accept-language": "tlh",
      authorization: "Bearer t",
    });
    await collect(client.plain({ count: 1n }));
    expect(seen).to.deep.equal([
      `counter.Counter Get false ${gateway.url}/counter.Counter/Get`,
      `counter.Counter Plain true ${gateway.url}/counter.Counter/Plain`,
    ]);
  });

  it("throws ConnectError with code and message, behind what came before", async () => {
    const error = await failureOf(client.get({ act: "fail:9:not now" }));
    expect([error.code, error.rawMessage]).to.deep.equal([Code.FailedPrecondition, "not now"]);
    const items: Item[] = [];
    const late = await failureOf(
      (async () => {
        for await (const item of client.plain({ count: 2n, act: "fail:5:gone" })) items.push(item);
      })(),
    );
    expect([late.code, items.length]).to.deep.equal([Code.NotFound, 2]);
  });

  it("has the details of an error, readable by their type", async () => {
    transport.close();
    transport = createSluiceTransport({ baseUrl: `${gateway.url}/`, WebSocket: nodeWebSocket });
    // A method that the gateway does not have: an error of its own, with ErrorInfo.
    const strange = { ...service, typeName: "counter.Nothing" };
    const method = { ...service.methods[0], parent: strange } as (typeof service.methods)[0];
    if (method.methodKind !== "unary") throw new Error("the first method is unary");
    const error = await failureOf(
      transport.unary(method as never, undefined, undefined, undefined, create(method.input, {})),
    );
    expect(error.code).to.equal(Code.Unimplemented);
    const info = registry.getMessage("google.rpc.ErrorInfo")!;
    const [found] = error.findDetails(info);
    expect((found as unknown as { reason: string }).reason).to.match(/^[A-Z_]+$/);
  });

  it("ends a call as its own messages end when they throw, and cancels it at the backend", async () => {
    const broken = async function* (): AsyncGenerator<Partial<Item>> {
      yield await Promise.resolve({ text: "one" });
      throw new ConnectError("no more", Code.DataLoss);
    };
    const call = gateway.nextCall("Echo");
    const error = await failureOf(collect(client.echo(broken())));
    expect([error.code, error.rawMessage]).to.deep.equal([Code.DataLoss, "no more"]);
    await (
      await call
    ).cancelled;
  });

  it("refuses headers that no call can have", async () => {
    const headers = { "grpc-timeout": "1S" };
    for (const call of [client.get({}, { headers }), collect(client.plain({}, { headers }))]) {
      const error = await failureOf(call);
      expect(error.code).to.equal(Code.InvalidArgument);
      expect(error.rawMessage).to.contain("grpc-timeout");
    }
  });

  it("cancels at the backend when the signal says so", async () => {
    const controller = new AbortController();
    const call = gateway.nextCall("Plain");
    const items = collect(client.plain({ count: 1n, act: "hang" }, { signal: controller.signal }));
    const backend = await call;
    controller.abort();
    expect((await failureOf(items)).code).to.equal(Code.Canceled);
    await backend.cancelled;
  });

  it("ends a call at its deadline", async () => {
    const call = gateway.nextCall("Put");
    const error = await failureOf(client.put({ act: "hang" }, { timeoutMs: 3000 }));
    expect(error.code).to.equal(Code.DeadlineExceeded);
    await (
      await call
    ).cancelled;
  });
});
