// Server reflection out of a schema: what each question is answered with, and that a client can link the files it gets.
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  SourceCodeInfo_LocationSchema,
  SourceCodeInfoSchema,
} from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import fc from "fast-check";
import type { MessageReader } from "../../src/call.ts";
import { readDescriptorSet } from "../../src/schema/descriptor/read.ts";
import { linkSchema } from "../../src/schema/link/link.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { fetchDescriptors } from "../../src/upstream/reflection.ts";
import { readFileHead, readReflectionResponse } from "../../src/upstream/reflection-wire.ts";
import { schemaOf } from "../support/schema.ts";
import { clientLeft, createSignal, failureOf } from "../upstream/calls.ts";
import { createOwn, type OwnFixture, shop } from "./fixture.ts";

const v1 = "grpc.reflection.v1.ServerReflection.ServerReflectionInfo";
const v1alpha = "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo";

const protos = {
  "shop/orders.proto": `syntax = "proto3"; package shop;
    import "shop/types/money.proto"; import "google/protobuf/timestamp.proto";
    service Orders { rpc Get(Order) returns (Order); }
    message Order {
      types.Money total = 1;
      google.protobuf.Timestamp made = 2;
      oneof payer { string person = 3; string company = 4; }
      enum State { STATE_OPEN = 0; STATE_PAID = 1; }
      message Line { enum Kind { KIND_GOOD = 0; } string id = 1; Kind kind = 2; }
    }
    enum Colour { COLOUR_RED = 0; }`,
  "shop/types/money.proto": `syntax = "proto3"; package shop.types;
    import "shop/types/currency.proto";
    message Money { Currency currency = 1; int64 units = 2; }`,
  "shop/types/currency.proto": `syntax = "proto3"; package shop.types; message Currency { string code = 1; }`,
  "shop/open.proto": `syntax = "proto2"; package shop;
    message Open { extensions 100 to 200; }
    extend Open { optional string late = 150; }
    message Holder { extend Open { optional string early = 120; } }`,
};

interface Response {
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly string[] };
  readonly errorResponse?: { readonly errorCode: number; readonly errorMessage: string };
}

/** Names of the files in a response. */
function filesIn(response: unknown): string[] {
  const { fileDescriptorResponse, errorResponse } = response as Response;
  if (fileDescriptorResponse === undefined) throw new Error(JSON.stringify(errorResponse));
  return fileDescriptorResponse.fileDescriptorProto.map((text) => readFileHead(Buffer.from(text, "base64")).name);
}

/** One question on a stream of its own. */
async function ask({ open }: OwnFixture, request: unknown, method = v1): Promise<unknown> {
  const { next, reply } = open(method, [request]);
  const response = await next();
  expect(await next()).to.equal(undefined);
  await reply.trailers;
  return response;
}

async function fileOf(own: OwnFixture, symbol: string): Promise<string> {
  return filesIn(await ask(own, { fileContainingSymbol: symbol }))[0];
}

describe("grpc.reflection", () => {
  for (const method of [v1, v1alpha]) {
    it(`lists the services of the schema and the gateway's own (${method.split(".")[2]})`, async () => {
      const request = { host: "example", listServices: "*" };
      expect(await ask(createOwn({ protos }), request, method)).to.deep.equal({
        validHost: "example",
        originalRequest: request,
        listServicesResponse: {
          service: [
            { name: "grpc.health.v1.Health" },
            { name: "grpc.reflection.v1.ServerReflection" },
            { name: "grpc.reflection.v1alpha.ServerReflection" },
            { name: "shop.Orders" },
          ],
        },
      });
    });
  }

  it("sends a file by its name with all it imports, nearest first", async () => {
    const response = await ask(createOwn({ protos }), { fileByFilename: "shop/orders.proto" });
    expect(filesIn(response)).to.deep.equal([
      "shop/orders.proto",
      "shop/types/money.proto",
      "google/protobuf/timestamp.proto",
      "shop/types/currency.proto",
    ]);
  });

  it("sends each import once on a stream, and the file that was asked for every time", async () => {
    const { open } = createOwn({ protos });
    const { next } = open(v1, [
      { fileByFilename: "shop/types/money.proto" },
      { fileContainingSymbol: "shop.Orders" },
      { fileByFilename: "shop/types/currency.proto" },
    ]);
    expect(filesIn(await next())).to.deep.equal(["shop/types/money.proto", "shop/types/currency.proto"]);
    expect(filesIn(await next())).to.deep.equal(["shop/orders.proto", "google/protobuf/timestamp.proto"]);
    expect(filesIn(await next())).to.deep.equal(["shop/types/currency.proto"]);
  });

  it("finds the file of anything that is declared", async () => {
    const own = createOwn({ protos });
    for (const symbol of [
      "shop.Orders",
      "shop.Orders.Get",
      "shop.Order",
      "shop.Order.total",
      "shop.Order.payer",
      "shop.Order.State",
      "shop.Order.STATE_PAID",
      "shop.Order.Line",
      "shop.Order.Line.id",
      "shop.Order.Line.KIND_GOOD",
      "shop.Colour",
      "shop.COLOUR_RED",
    ]) {
      expect(await fileOf(own, symbol), symbol).to.equal("shop/orders.proto");
    }
    expect(await fileOf(own, "shop.late")).to.equal("shop/open.proto");
    expect(await fileOf(own, "shop.Holder.early")).to.equal("shop/open.proto");
    expect(await fileOf(own, "google.protobuf.Timestamp.seconds")).to.equal("google/protobuf/timestamp.proto");
    expect(await fileOf(own, "grpc.health.v1.Health.Watch")).to.equal("grpc/health/v1/health.proto");
    expect(await fileOf(own, v1alpha)).to.equal("grpc/reflection/v1alpha/reflection.proto");
  });

  it("answers with NOT_FOUND for what is not declared, and goes on", async () => {
    const requests: readonly [request: unknown, what: string][] = [
      [{ fileByFilename: "shop/none.proto" }, 'file "shop/none.proto"'],
      [{ fileContainingSymbol: "shop.None" }, 'symbol "shop.None"'],
      [{ fileContainingSymbol: "shop.Order.none" }, 'symbol "shop.Order.none"'],
      [{ fileContainingSymbol: "shop" }, 'symbol "shop"'],
      [{ fileContainingSymbol: "shop.Order.State.STATE_PAID" }, 'symbol "shop.Order.State.STATE_PAID"'],
      [{ fileContainingSymbol: "" }, 'symbol ""'],
      [
        { fileContainingExtension: { containingType: "shop.Open", extensionNumber: 121 } },
        'extension 121 of "shop.Open"',
      ],
      [{ allExtensionNumbersOfType: "shop.None" }, 'type "shop.None"'],
    ];
    const { next } = createOwn({ protos }).open(v1, [...requests.map(([request]) => request), { listServices: "" }]);
    for (const [request, what] of requests) {
      expect(await next()).to.deep.equal({
        originalRequest: request,
        errorResponse: { errorCode: Code.NOT_FOUND, errorMessage: `${what} is not in the schema` },
      });
    }
    expect(await next()).to.have.property("listServicesResponse");
  });

  it("finds the file of an extension, and the numbers of all there are", async () => {
    const own = createOwn({ protos });
    for (const extensionNumber of [120, 150]) {
      const request = { fileContainingExtension: { containingType: "shop.Open", extensionNumber } };
      expect(filesIn(await ask(own, request))).to.deep.equal(["shop/open.proto"]);
    }
    expect(await ask(own, { allExtensionNumbersOfType: "shop.Open" })).to.deep.equal({
      originalRequest: { allExtensionNumbersOfType: "shop.Open" },
      allExtensionNumbersResponse: { baseTypeName: "shop.Open", extensionNumber: [120, 150] },
    });
    expect(await ask(own, { allExtensionNumbersOfType: "shop.Order" })).to.deep.equal({
      originalRequest: { allExtensionNumbersOfType: "shop.Order" },
      allExtensionNumbersResponse: { baseTypeName: "shop.Order" },
    });
  });

  it("sends files that another implementation links", async () => {
    const { open } = createOwn({ protos });
    const { next } = open(v1, [{ fileContainingSymbol: "shop.Orders" }, { fileContainingSymbol: v1 }]);
    const texts: string[] = [];
    for (let i = 0; i < 2; i++) texts.push(...((await next()) as Response).fileDescriptorResponse!.fileDescriptorProto);
    const file = texts.map((text) => fromBinary(FileDescriptorProtoSchema, Buffer.from(text, "base64")));
    // It wants imports before what imports them.
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: file.reverse() }));
    expect(registry.getService("shop.Orders")?.method.get.output.typeName).to.equal("shop.Order");
    expect(registry.getMessage("shop.Order")?.field.total.message?.typeName).to.equal("shop.types.Money");
    expect(registry.getService("grpc.reflection.v1.ServerReflection")?.methods[0].methodKind).to.equal(
      "bidi_streaming",
    );
  });

  it("gives the gateway's own client the whole schema, in both versions", async () => {
    for (const version of ["v1", "v1alpha"]) {
      const { own } = createOwn({ protos });
      const descriptors = await fetchDescriptors(
        {
          stream: (call) => {
            const method = own.methods.find(({ path }) => path === call.method.path && path.includes(`.${version}.`));
            // The other version is not there for this client.
            return own.handler.stream(method === undefined ? { ...call, method: { ...call.method, path: "/" } } : call);
          },
        },
        { timeoutMs: 5_000 },
      );
      expect(descriptors.map((bytes) => readFileHead(bytes).name).sort()).to.deep.equal([
        "google/protobuf/timestamp.proto",
        "shop/orders.proto",
        "shop/types/currency.proto",
        "shop/types/money.proto",
      ]);
    }
  });

  it("leaves comments out", async () => {
    const plain = schemaOf({ "secret.proto": `syntax = "proto3"; service S { rpc Get(M) returns (M); } message M {}` });
    const file = fromBinary(
      FileDescriptorProtoSchema,
      plain.files.find(({ path }) => path === "secret.proto")!.toBytes(),
    );
    file.sourceCodeInfo = create(SourceCodeInfoSchema, {
      location: [
        create(SourceCodeInfo_LocationSchema, { path: [6, 0], span: [0, 0, 1], leadingComments: "fired him" }),
      ],
    });
    const set = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [file] }));
    expect(Buffer.from(set).includes("fired him")).to.equal(true);
    const files = readDescriptorSet(set, "set", () => {})!;
    const own = createOwn({ schema: linkSchema(files, ["secret.proto"], () => {}) });
    const { fileDescriptorResponse } = (await ask(own, { fileContainingSymbol: "S" })) as Response;
    const sent = Buffer.from(fileDescriptorResponse!.fileDescriptorProto[0], "base64");
    expect(sent.includes("fired him")).to.equal(false);
    expect(fromBinary(FileDescriptorProtoSchema, sent).service[0].name).to.equal("S");
  });

  it("keeps an answer below the size clients take, and leaves the rest to be asked for", async () => {
    const large = (name: string): string =>
      `syntax = "proto3"; package ${name}; message M { ${Array.from({ length: 40_000 }, (_, i) => `string a_long_field_name_${i} = ${i < 18_000 ? i + 1 : i + 20_000};`).join(" ")} }`;
    const own = createOwn({
      protos: {
        "all.proto": `syntax = "proto3"; import "one.proto"; import "two.proto"; import "small.proto"; service S { rpc Get(one.M) returns (two.M); } `,
        "one.proto": large("one"),
        "two.proto": large("two"),
        "small.proto": `syntax = "proto3"; message Small {}`,
      },
    });
    const { next } = own.open(v1, [{ fileContainingSymbol: "S" }, { fileByFilename: "two.proto" }]);
    const first = (await next()) as Response;
    expect(filesIn(first)).to.deep.equal(["all.proto", "one.proto", "small.proto"]);
    expect(filesIn(await next())).to.deep.equal(["two.proto"]);
  });

  it("lets other calls have their turn while it reads a large schema", async () => {
    const messages = Array.from(
      { length: 30 },
      (_, i) => `message M${i} { string a = 1; string b = 2; string c = 3; }`,
    );
    const many = Array.from({ length: 100 }, (_, i) => [
      `p${i}.proto`,
      `syntax = "proto3"; package p${i}; ${messages.join(" ")} service S { rpc Get(M0) returns (M1); }`,
    ]);
    const { open } = createOwn({ protos: Object.fromEntries(many) as Record<string, string> });
    let turns = 0;
    const count = (): void => {
      turns++;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    const { next } = open(v1, [{ fileContainingSymbol: "p99.S" }]);
    expect(filesIn(await next())).to.deep.equal(["p99.proto"]);
    clearImmediate(timer);
    expect(turns).to.be.greaterThan(1);
  });

  it("has an answer or INVALID_ARGUMENT for whatever bytes it gets", async () => {
    const own = createOwn({ protos });
    const requests = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.constantFrom(0x0a, 0x1a, 0x22, 0x2a, 0x32, 0x3a), fc.uint8Array({ maxLength: 20 }))
        .map(([tag, bytes]) => Buffer.concat([Buffer.from([tag, bytes.length]), bytes])),
    );
    await fc.assert(
      fc.asyncProperty(requests, async (bytes) => {
        const { reply } = own.open(v1, { read: () => Promise.resolve(Buffer.from(bytes)) });
        const response = await reply.messages.read().catch((error: unknown) => GatewayError.from(error));
        if (response instanceof GatewayError)
          expect(response.code, String(response.cause)).to.equal(Code.INVALID_ARGUMENT);
        else expect(readReflectionResponse(response!).kind).to.not.equal("files");
      }),
      { numRuns: 300 },
    );
  });

  it("ends with INVALID_ARGUMENT for a request that asks for nothing or is malformed", async () => {
    const own = createOwn();
    const nothing = await failureOf(own.open(v1, [{ host: "x" }]).next());
    expect([nothing.code, nothing.reason]).to.deep.equal([Code.INVALID_ARGUMENT, "REFLECTION_REQUEST_UNKNOWN"]);
    for (const bytes of [
      [0x22, 200],
      [0x22, 2, 0xff, 0xfe],
      [0x2a, 2, 0x10],
    ]) {
      const messages: MessageReader = { read: () => Promise.resolve(Buffer.from(bytes)) };
      expect((await failureOf(own.open(v1, messages).next())).code).to.equal(Code.INVALID_ARGUMENT);
    }
  });

  it("refuses a request that is larger than any name", async () => {
    const error = await failureOf(
      createOwn()
        .open(v1, [{ fileContainingSymbol: "a".repeat(20_000) }])
        .next(),
    );
    expect([error.code, error.reason]).to.deep.equal([Code.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE"]);
  });

  it("goes by the last question of a request with two, as protobuf does", async () => {
    const own = createOwn({ protos });
    const both = Buffer.concat([own.toBytes(v1, { fileByFilename: "x" }), own.toBytes(v1, { listServices: "" })]);
    const requests = [both];
    const { next } = own.open(v1, { read: () => Promise.resolve(requests.shift()) });
    expect(await next()).to.have.property("listServicesResponse");
  });

  it("ends its streams when the gateway stops, or the client leaves", async () => {
    const { own, open } = createOwn();
    const silent: MessageReader = { read: () => createSignal<undefined>().promise };
    const left = open(v1, silent);
    const pending = failureOf(left.next());
    left.cancellation.cancel(clientLeft());
    expect((await pending).message).to.equal("client left");
    const waiting = failureOf(open(v1, silent).next());
    own.stop();
    expect((await waiting).reason).to.equal("SHUTTING_DOWN");
    expect((await failureOf(open(v1, silent).next())).reason).to.equal("SHUTTING_DOWN");
  });

  it("serves a user's own copy of the health proto, under the user's path, and no second one", async () => {
    const own = createOwn({
      protos: {
        "shop.proto": shop,
        "third_party/health.proto": `syntax = "proto3"; package grpc.health.v1;
          message HealthCheckRequest { string service = 1; }
          message HealthCheckResponse { enum ServingStatus { UNKNOWN = 0; SERVING = 1; } ServingStatus status = 1; }
          service Health { rpc Check(HealthCheckRequest) returns (HealthCheckResponse); }`,
      },
    });
    expect(await fileOf(own, "grpc.health.v1.Health")).to.equal("third_party/health.proto");
    expect(await ask(own, { fileByFilename: "grpc/health/v1/health.proto" })).to.have.property("errorResponse");
    expect(JSON.stringify(await ask(own, { listServices: "" })).split("grpc.health.v1.Health")).to.have.length(2);
  });
});
