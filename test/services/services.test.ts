// The gateway's own services as a part of the chain: which methods are answered here, which go on, and what can be turned off.
import { expect } from "chai";
import type { Handler, UnaryCall } from "../../src/call.ts";
import { Cancellation } from "../../src/cancellation.ts";
import { emptyMetadata } from "../../src/metadata.ts";
import type { Method } from "../../src/schema/descriptor.ts";
import { Code } from "../../src/status.ts";
import { schemaOf } from "../support/schema.ts";
import { failureOf, methodOf, readAll, readerOf } from "../upstream/calls.ts";
import { createOwn, shop } from "./fixture.ts";

const call = (method: Method): UnaryCall => ({
  kind: "unary",
  method,
  message: new Uint8Array(),
  metadata: emptyMetadata,
  deadline: Infinity,
  cancellation: new Cancellation(),
  peer: { address: "127.0.0.1", port: 1 },
});

const next: Handler = {
  unary: ({ method }) =>
    Promise.resolve({ message: Buffer.from(method.path), headers: emptyMetadata, trailers: emptyMetadata }),
  stream: ({ method }) => ({
    headers: Promise.resolve(emptyMetadata),
    messages: readerOf([Buffer.from(method.path)]),
    trailers: Promise.resolve(emptyMetadata),
  }),
};

describe("createOwnServices", () => {
  it("has the methods of health and of both reflections", () => {
    const { own } = createOwn();
    expect(own.methods.map(({ path, kind }) => `${path} ${kind}`)).to.deep.equal([
      "/grpc.health.v1.Health/Check unary",
      "/grpc.health.v1.Health/List unary",
      "/grpc.health.v1.Health/Watch server-streaming",
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo bidi-streaming",
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo bidi-streaming",
    ]);
    expect(own.methods.every((method) => own.isOwn(method))).to.equal(true);
  });

  it("has none of those that are turned off", () => {
    const packages = (options: { health: boolean; reflection: boolean }): string[] =>
      createOwn(options).own.methods.map(({ service }) => service.name);
    expect(packages({ health: false, reflection: false })).to.deep.equal([]);
    expect(new Set(packages({ health: true, reflection: false }))).to.deep.equal(new Set(["grpc.health.v1.Health"]));
    expect(packages({ health: false, reflection: true })).to.have.length(2);
    expect(createOwn({ health: false, reflection: false }).own.before(next)).to.equal(next);
    const { own } = createOwn({ health: false });
    expect(own.isOwn(methodOf("/grpc.health.v1.Health/Check"))).to.equal(false);
  });

  it("hands on what is not its own", async () => {
    const { own } = createOwn();
    const method = schemaOf(shop).method("shop.v1.Orders.Get")!;
    const handler = own.before(next);
    expect(String((await handler.unary(call(method))).message)).to.equal("/shop.v1.Orders/Get");
    const { messages } = handler.stream({ ...call(method), kind: "stream", messages: readerOf([]) });
    expect((await readAll(messages)).map(String)).to.deep.equal(["/shop.v1.Orders/Get"]);
  });

  it("answers itself what a backend's health proto declares, too", async () => {
    const schema = schemaOf(`syntax = "proto3"; package grpc.health.v1;
      message HealthCheckRequest { string service = 1; }
      message HealthCheckResponse { int32 status = 1; }
      service Health { rpc Check(HealthCheckRequest) returns (HealthCheckResponse); }`);
    const { own } = createOwn({ schema });
    const method = schema.method("grpc.health.v1.Health.Check")!;
    expect(own.isOwn(method)).to.equal(true);
    expect([...(await own.before(next).unary(call(method))).message]).to.deep.equal([8, 1]);
  });

  it("refuses a method of its own that a backend's proto declares as of another kind", async () => {
    const { own } = createOwn();
    const watch = methodOf("/grpc.health.v1.Health/Watch", "unary");
    expect((await failureOf(own.before(next).unary(call(watch)))).code).to.equal(Code.UNIMPLEMENTED);
    const check = methodOf("/grpc.health.v1.Health/Check", "bidi-streaming");
    const { messages, trailers } = own.before(next).stream({ ...call(check), kind: "stream", messages: readerOf([]) });
    expect((await failureOf(messages.read())).message).to.equal(
      "the gateway's /grpc.health.v1.Health/Check is not a bidi-streaming method",
    );
    await failureOf(trailers);
  });
});
