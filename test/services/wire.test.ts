// The gateway's own services over real sockets: the gRPC front before them, a real backend behind, clients that know nothing but the address.
import { composeChain } from "../../src/chain/compose.ts";
import { spawn, spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { homedir } from "node:os";
import { Client, credentials, type Metadata, type ServiceError } from "@grpc/grpc-js";
import { expect } from "chai";
import { Census } from "../../src/front/stream/census.ts";
import { Sweep } from "../../src/front/stream/sweep.ts";
import { createGrpcFront } from "../../src/front/grpc/grpc.ts";
import { defaultGrpc } from "../../src/front/grpc/options.ts";
import { createListener, type Listener } from "../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import { serveHttp2 } from "../../src/serve/http2-connection.ts";
import { createOwnServices, type OwnServices } from "../../src/services/services.ts";
import { Code } from "../../src/status.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js.ts";
import { fetchDescriptors } from "../../src/upstream/reflection.ts";
import { readFileHead } from "../../src/upstream/reflection-wire.ts";
import { createUpstreams, type Upstreams } from "../../src/upstream/upstreams.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { schemaOf } from "../support/schema.ts";
import { testLimits } from "../upstream/calls.ts";
import { shop } from "./fixture.ts";

const asIs = (bytes: Buffer): Buffer => bytes;
const serving = Buffer.from([8, 1]);
const notServing = Buffer.from([8, 2]);
const ordersRequest = Buffer.from("\n\x0eshop.v1.Orders");
const checkPath = "/grpc.health.v1.Health/Check";
const watchPath = "/grpc.health.v1.Health/Watch";

describe("the gateway's own services over sockets", () => {
  let backend: Backend;
  let upstreams: Upstreams;
  let own: OwnServices;
  let listener: Listener;
  let client: Client;
  let address: string;
  let isReady = true;

  before(async () => {
    backend = await startBackend({
      [checkPath]: () => notServing,
      [watchPath]: { stream: (call) => void call.once("data", () => call.write(notServing)) },
      "/shop.v1.Orders/Get": (message) => message,
    });
    const schema = schemaOf(shop);
    upstreams = createUpstreams({
      targets: { default: { target: backend.target, tls: undefined }, byService: new Map() },
      transport: createGrpcJsTransport,
      limits: testLimits,
    });
    own = createOwnServices({ schema, upstreams, isReady: () => isReady, health: true, reflection: true });
    const methods = [...own.methods, ...schema.services.flatMap((service) => service.methods)];
    const handler = own.before(upstreams.handler);
    listener = createListener({
      address: { host: "127.0.0.1", port: 0 },
      limits: defaultListenerLimits,
      front: createGrpcFront({
        schema,
        methods,
        chain: composeChain({ end: handler }),
        options: defaultGrpc,
        sweep: new Sweep(),
        census: new Census(),
      }),
      http2: serveHttp2,
    });
    const { host, port } = await listener.listen();
    address = `${host}:${port}`;
    client = new Client(address, credentials.createInsecure());
  });

  after(async () => {
    client.close();
    own.stop();
    await listener.close(2_000);
    await upstreams.close();
    await backend.close();
  });

  const check = (message: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(checkPath, asIs, asIs, message, (error: ServiceError | null, reply?: Buffer) =>
        error === null ? resolve(reply!) : reject(error),
      );
    });

  it("answer health checks of grpc-js, for the gateway and for a backend's service", async () => {
    expect(await check(Buffer.alloc(0))).to.deep.equal(serving);
    expect(await check(ordersRequest)).to.deep.equal(notServing);
    const error = await check(Buffer.from("\n\x01x")).then(
      () => undefined,
      (failure: ServiceError) => failure,
    );
    expect([error?.code, error?.details]).to.deep.equal([Code.NOT_FOUND, 'no service "x" is served here']);
  });

  it("let grpc-js watch, and end the stream with its cancellation", async () => {
    for (const [request, status] of [
      [Buffer.alloc(0), serving],
      [ordersRequest, notServing],
      [Buffer.from("\n\x01x"), Buffer.from([8, 3])],
    ]) {
      const stream = client.makeServerStreamRequest(watchPath, asIs, asIs, request);
      const ended = new Promise<number>((resolve) =>
        stream.once("error", (error: ServiceError) => resolve(error.code)),
      );
      expect(await new Promise((resolve) => stream.once("data", resolve))).to.deep.equal(status);
      stream.cancel();
      expect(await ended).to.equal(Code.CANCELLED);
    }
  });

  it("give their schema to the gateway's own client", async () => {
    const transport = createGrpcJsTransport({ target: address, tls: undefined }, testLimits);
    try {
      const files = await fetchDescriptors(transport, { timeoutMs: 5_000 });
      expect(files.map((bytes) => readFileHead(bytes).name)).to.deep.equal(["test.proto"]);
    } finally {
      await transport.close();
    }
  });

  it("give grpcurl all it needs", async function () {
    const grpcurl = findGrpcurl();
    if (grpcurl === undefined) {
      this.test!.title += " (skipped: there is no grpcurl on the PATH)";
      this.skip();
    }
    const run = (...args: string[]): Promise<string> => output(grpcurl, ["-plaintext", ...args]);
    expect((await run(address, "list")).trim().split("\n")).to.deep.equal([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "shop.v1.Orders",
      "shop.v1.Users",
    ]);
    expect(await run(address, "describe", "shop.v1.Orders.Get")).to.contain(
      "rpc Get ( .shop.v1.Order ) returns ( .shop.v1.Order );",
    );
    expect(JSON.parse(await run("-d", '{"id":"o7"}', address, "shop.v1.Orders/Get"))).to.deep.equal({ id: "o7" });
    expect(JSON.parse(await run(address, "grpc.health.v1.Health/Check"))).to.deep.equal({ status: "SERVING" });
  });

  it("tell a watching client that the gateway stops, and let its connection go", async () => {
    const stream = client.makeServerStreamRequest(watchPath, asIs, asIs, Buffer.alloc(0));
    const next = (): Promise<unknown> => new Promise((resolve) => stream.once("data", resolve));
    const ended = new Promise<{ code: number; metadata: Metadata }>((resolve) => stream.once("error", resolve));
    expect(await next()).to.deep.equal(serving);
    const second = next();
    isReady = false;
    own.stop();
    expect(await second).to.deep.equal(notServing);
    expect((await ended).code).to.equal(Code.UNAVAILABLE);
    expect(await check(Buffer.alloc(0))).to.deep.equal(notServing);
  });
});

function findGrpcurl(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(homedir(), "go", "bin")];
  return folders
    .map((folder) => join(folder, "grpcurl"))
    .find((file) => spawnSync(file, ["-version"]).error === undefined);
}

/** Its standard output; rejects with its standard error when it fails. */
function output(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let problem = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (problem += chunk.toString()));
    child.once("close", (code) => (code === 0 ? resolve(out) : reject(new Error(problem))));
  });
}
