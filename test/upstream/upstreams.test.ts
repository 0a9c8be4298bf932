// Which backend gets a call, how many transports there are, and what is said when there is none.
import { expect } from "chai";
import { Code } from "../../src/status.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js.ts";
import type { TargetAddress } from "../../src/upstream/transport.ts";
import { createUpstreams, isServicePattern, type Upstreams } from "../../src/upstream/upstreams.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { createSignal, failureOf, methodOf, readAll, streamCall, testLimits, unaryCall } from "./calls.ts";

const at = (target: string): TargetAddress => ({ target, tls: undefined });

describe("createUpstreams", () => {
  const disposals: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const dispose of disposals.splice(0).reverse()) await dispose();
  });

  const create = (byService: Readonly<Record<string, TargetAddress>>, fallback?: TargetAddress): Upstreams => {
    const targets = { default: fallback, byService: new Map(Object.entries(byService)) };
    const upstreams = createUpstreams({ targets, transport: createGrpcJsTransport, limits: testLimits });
    disposals.push(() => upstreams.close());
    return upstreams;
  };
  const named = async (name: string, paths: readonly string[]): Promise<Backend> => {
    const backend = await startBackend(Object.fromEntries(paths.map((path) => [path, () => Buffer.from(name)])));
    disposals.push(() => backend.close());
    return backend;
  };

  it("prefers the exact service, then the longest pattern, then the default, in whatever order they are written", () => {
    const upstreams = create(
      { "shop.*": at("wide:1"), "shop.v1.Orders": at("exact:1"), "shop.v1.*": at("narrow:1") },
      at("rest:1"),
    );
    const targetOf = (path: string): string | undefined => upstreams.targetOf(methodOf(path));
    expect(targetOf("/shop.v1.Orders/Get")).to.equal("exact:1");
    expect(targetOf("/shop.v1.Users/Get")).to.equal("narrow:1");
    expect(targetOf("/shop.v2.Users/Get")).to.equal("wide:1");
    expect(targetOf("/shopping.Cart/Get")).to.equal("rest:1");
  });

  it("sends each call to its backend", async () => {
    const orders = await named("orders", ["/shop.Orders/Get"]);
    const rest = await named("rest", ["/shop.Users/Get"]);
    const { handler } = create({ "shop.Orders": at(orders.target) }, at(rest.target));
    const ask = async (path: string): Promise<string> =>
      Buffer.from((await handler.unary(unaryCall(path))).message).toString();
    expect([await ask("/shop.Orders/Get"), await ask("/shop.Users/Get")]).to.deep.equal(["orders", "rest"]);
    expect(
      (await readAll(handler.stream(streamCall("/shop.Orders/Get", [Buffer.of()])).messages)).map(String),
    ).to.have.length(1);
  });

  it("opens one transport per distinct target", () => {
    const tls = { ca: undefined, cert: undefined, key: undefined, serverName: "x" };
    const upstreams = create({ "a.A": at("one:1"), "a.B": at("one:1"), "a.C": { target: "one:1", tls } }, at("two:1"));
    expect(upstreams.states()).to.deep.equal([
      { target: "one:1", state: "idle" },
      { target: "one:1", state: "idle" },
      { target: "two:1", state: "idle" },
    ]);
  });

  it("answers a call without an upstream as UNAVAILABLE, NO_UPSTREAM", async () => {
    const upstreams = create({});
    expect(upstreams.targetOf(methodOf("/a.A/M"))).to.equal(undefined);
    const reply = upstreams.handler.stream(streamCall("/a.A/M"));
    for (const failing of [
      upstreams.handler.unary(unaryCall("/a.A/M")),
      reply.headers,
      reply.messages.read(),
      reply.trailers,
    ]) {
      const error = await failureOf(failing);
      expect([error.code, error.reason]).to.deep.equal([Code.UNAVAILABLE, "NO_UPSTREAM"]);
    }
  });

  it("connects to all and tells what each has come to", async () => {
    const backend = await named("x", ["/a.A/M"]);
    const upstreams = create({ "a.A": at(backend.target) });
    const ready = createSignal<string>();
    upstreams.onStateChange((target, state) => {
      if (state === "ready") ready.resolve(target);
    });
    expect(await upstreams.connectAll(5000)).to.deep.equal([{ target: backend.target, state: "ready" }]);
    expect(await ready.promise).to.equal(backend.target);
    await upstreams.close();
    expect(upstreams.states()[0].state).to.equal("closed");
  });
});

describe("isServicePattern", () => {
  it("takes full names and package patterns, nothing else", () => {
    for (const text of ["Echo", "shop.v1.Orders", "shop.*", "shop.v1.*"])
      expect(isServicePattern(text), text).to.equal(true);
    for (const text of ["", "*", ".shop", "shop.", "shop*", "shop.*.Orders", "shop..v1", "shop/Orders", "1shop"])
      expect(isServicePattern(text), text).to.equal(false);
  });
});
