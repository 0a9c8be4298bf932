// Reflection against a real server with the reference service, in both versions, and against scripted ones that misbehave.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { expect } from "chai";
import { Code } from "../../src/status.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js.ts";
import { fetchDescriptors } from "../../src/upstream/reflection.ts";
import { readFileHead } from "../../src/upstream/reflection-wire.ts";
import type { Transport } from "../../src/upstream/transport.ts";
import { BackendError, startBackend, toStatus } from "../support/backend.ts";
import { failureOf, testLimits } from "./calls.ts";

const protos = {
  "shop/orders.proto": `syntax = "proto3"; package shop;
    import "shop/types/money.proto";
    service Orders { rpc Get(Order) returns (Order); }
    message Order { types.Money total = 1; }`,
  "shop/users.proto": `syntax = "proto3"; package shop;
    import "shop/types/money.proto";
    service Users { rpc Get(User) returns (User); }
    message User { types.Money owed = 1; }`,
  "shop/types/money.proto": `syntax = "proto3"; package shop.types;
    import "shop/types/currency.proto";
    message Money { Currency currency = 1; int64 units = 2; }`,
  "shop/types/currency.proto": `syntax = "proto3"; package shop.types; message Currency { string code = 1; }`,
};

const v1 = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const v1alpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

const field = (number: number, content: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(content);
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), bytes]);
};
const file = (name: string, ...imports: string[]): Buffer =>
  Buffer.concat([field(1, name), ...imports.map((imported) => field(3, imported))]);
const services = (...names: string[]): Buffer => field(6, Buffer.concat(names.map((name) => field(1, field(1, name)))));
const files = (...all: Buffer[]): Buffer => field(4, Buffer.concat(all.map((bytes) => field(1, bytes))));
const refusal = (code: number, message: string): Buffer =>
  field(7, Buffer.concat([Buffer.from([8, code]), field(2, message)]));

describe("fetchDescriptors", () => {
  const disposals: (() => unknown)[] = [];
  afterEach(async () => {
    for (const dispose of disposals.splice(0).reverse()) await dispose();
  });

  const open = (target: string): Transport => {
    const transport = createGrpcJsTransport({ target, tls: undefined }, testLimits);
    disposals.push(() => transport.close());
    return transport;
  };
  const serveReference = async (isServed: (path: string) => boolean): Promise<Transport> => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-"));
    disposals.push(() => rmSync(folder, { recursive: true }));
    for (const [name, text] of Object.entries(protos)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const server = new Server();
    const reflection = new ReflectionService(
      loadSync(["shop/orders.proto", "shop/users.proto"], { includeDirs: [folder] }),
    );
    reflection.addToServer({
      addService: (definition, implementation) => {
        if (Object.values(definition).every(({ path }) => isServed(path)))
          server.addService(definition, implementation);
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    disposals.push(() => server.forceShutdown());
    return open(`127.0.0.1:${port}`);
  };
  /** Answers the n-th request with the n-th answer, then ends. */
  const serveScript = async (answers: readonly Buffer[], path = v1): Promise<Transport> => {
    const backend = await startBackend({
      [path]: {
        stream: (call) => {
          let next = 0;
          call.on("data", () => {
            if (next < answers.length) call.write(answers[next++]);
            else call.end();
          });
          call.on("end", () => call.end());
        },
      },
    });
    disposals.push(() => backend.close());
    return open(backend.target);
  };
  const namesOf = async (transport: Transport): Promise<readonly string[]> =>
    (await fetchDescriptors(transport, { timeoutMs: 5000 })).map((bytes) => readFileHead(bytes).name).sort();

  it("brings every service's file and all imports, once", async () => {
    const transport = await serveReference(() => true);
    // The proto loader behind the reference service makes one file of each package.
    expect(await namesOf(transport)).to.deep.equal(["shop.proto", "shop_types.proto"]);
  });

  it("falls back to v1alpha", async () => {
    const transport = await serveReference((path) => path.includes("v1alpha"));
    expect(await namesOf(transport)).to.deep.equal(["shop.proto", "shop_types.proto"]);
  });

  it("asks one by one for imports a server leaves out, and leaves out those it does not know", async () => {
    const transport = await serveScript([
      services("a.A"),
      files(file("a.proto", "b.proto", "google/api/annotations.proto")),
      refusal(5, "unknown"),
      files(file("b.proto", "a.proto")),
    ]);
    expect(await namesOf(transport)).to.deep.equal(["a.proto", "b.proto"]);
  });

  it("leaves reflection and health out", async () => {
    const transport = await serveScript([
      services("grpc.reflection.v1.ServerReflection", "grpc.health.v1.Health", "a.A"),
      files(file("a.proto")),
    ]);
    expect(await namesOf(transport)).to.deep.equal(["a.proto"]);
  });

  it("tells what to enable when the backend has no reflection", async () => {
    const backend = await startBackend({});
    disposals.push(() => backend.close());
    const error = await failureOf(fetchDescriptors(open(backend.target), { timeoutMs: 5000 }));
    expect(error.reason).to.equal("REFLECTION_MISSING");
    expect(error.message).to.contain("register the reflection service");
  });

  it("passes on that the backend is not there, or refuses", async () => {
    const backend = await startBackend({
      [v1]: { stream: (call) => call.emit("error", toStatus(new BackendError(Code.PERMISSION_DENIED, "not you"))) },
    });
    disposals.push(() => backend.close());
    expect((await failureOf(fetchDescriptors(open(backend.target), { timeoutMs: 5000 }))).code).to.equal(
      Code.PERMISSION_DENIED,
    );
    expect((await failureOf(fetchDescriptors(open("127.0.0.1:1"), { timeoutMs: 5000 }))).code).to.equal(
      Code.UNAVAILABLE,
    );
  });

  it("gives up after its time", async () => {
    const backend = await startBackend({ [v1]: { stream: (call) => call.resume() } });
    disposals.push(() => backend.close());
    expect((await failureOf(fetchDescriptors(open(backend.target), { timeoutMs: 100 }))).code).to.equal(
      Code.DEADLINE_EXCEEDED,
    );
  });

  for (const [why, answers, message] of [
    ["ends early", [], "ended the reflection stream early"],
    ["answers another question", [files()], "listing the services failed"],
    ["answers with a refusal", [refusal(7, "no")], "listing the services failed: PERMISSION_DENIED: no"],
    [
      "has no descriptor of a service",
      [services("a.A"), refusal(5, "what?")],
      "lists the service a.A but has no descriptor of it: NOT_FOUND: what?",
    ],
    ["sends malformed responses", [Buffer.from([0x32, 0x7f, 1])], "malformed reflection response"],
    ["sends malformed files", [services("a.A"), files(Buffer.from([0x0a, 0xff]))], "malformed file descriptor"],
    ["sends a malformed varint", [Buffer.alloc(11, 0xff)], "malformed reflection response"],
    [
      "fails on an import",
      [services("a.A"), files(file("a.proto", "b.proto")), refusal(13, "boom")],
      'did not send the file "b.proto": INTERNAL: boom',
    ],
    [
      "imports without end",
      [services("a.A"), files(file("a.proto", ...Array.from({ length: 10_001 }, (_, i) => `${i}.proto`)))],
      "import more than 10000 files",
    ],
    [
      "lists services without end",
      [services(...Array.from({ length: 10_001 }, (_, i) => `a.S${i}`))],
      "more than 10000 services",
    ],
  ] as const) {
    it(`says so when the backend ${why}`, async () => {
      const error = await failureOf(fetchDescriptors(await serveScript(answers), { timeoutMs: 5000 }));
      expect(error.reason).to.equal("REFLECTION_FAILED");
      expect(error.message).to.contain(message);
    });
  }

  it("takes v1alpha answers from a script too", async () => {
    expect(await namesOf(await serveScript([services("a.A"), files(file("a.proto"))], v1alpha))).to.deep.equal([
      "a.proto",
    ]);
  });
});
