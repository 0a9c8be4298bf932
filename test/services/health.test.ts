// grpc.health.v1 as the gateway answers it: its own state, and that of services through real backends and scripted ones.
import { once } from "node:events";
import { expect } from "chai";
import type { Handler, MessageReader } from "../../src/call.ts";
import { Cancellation } from "../../src/cancellation.ts";
import { emptyMetadata } from "../../src/metadata.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { createNativeTransport } from "../../src/upstream/native.ts";
import { createUpstreams, type Upstreams } from "../../src/upstream/upstreams.ts";
import { type Backend, BackendError, type BackendHandlers, startBackend, toStatus } from "../support/backend.ts";
import { clientLeft, createSignal, failureOf, testLimits } from "../upstream/calls.ts";
import { check, createOwn, fakeUpstreams, list, watch } from "./fixture.ts";

const checkPath = "/grpc.health.v1.Health/Check";
const watchPath = "/grpc.health.v1.Health/Watch";

const serving = { status: "SERVING" };
const notServing = { status: "NOT_SERVING" };
const servingBytes = Buffer.from([8, 1]);
const notServingBytes = Buffer.from([8, 2]);
const serviceUnknownBytes = Buffer.from([8, 3]);

/** Of a HealthCheckRequest with a short name. */
const nameIn = (message: Uint8Array): string => Buffer.from(message.subarray(2)).toString();
const orders = { service: "shop.v1.Orders" };

describe("grpc.health.v1", () => {
  const disposals: (() => unknown)[] = [];
  afterEach(async () => {
    for (const dispose of disposals.splice(0).reverse()) await dispose();
  });

  const backendOf = async (handlers: BackendHandlers): Promise<Backend> => {
    const backend = await startBackend(handlers);
    disposals.push(() => backend.close());
    return backend;
  };
  const upstreamsOf = (target: string, byService: Readonly<Record<string, string>> = {}): Upstreams => {
    const toAddress = (to: string) => ({ target: to, tls: undefined });
    const upstreams = createUpstreams({
      targets: {
        default: toAddress(target),
        byService: new Map(Object.entries(byService).map(([service, to]) => [service, toAddress(to)])),
      },
      transport: createNativeTransport,
      limits: testLimits,
    });
    disposals.push(() => upstreams.close());
    return upstreams;
  };
  const inFrontOf = async (handlers: BackendHandlers) => {
    const backend = await backendOf(handlers);
    return { backend, ...createOwn({ upstreams: upstreamsOf(backend.target) }) };
  };

  describe("Check", () => {
    it("says of the gateway whether it is ready", async () => {
      let isReady = true;
      const { call } = createOwn({ isReady: () => isReady });
      expect(await call(check, {})).to.deep.equal(serving);
      isReady = false;
      expect(await call(check, {})).to.deep.equal(notServing);
    });

    it("says of the gateway's own services what it says of the gateway", async () => {
      const { call } = createOwn({ isReady: () => false });
      for (const service of ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"])
        expect(await call(check, { service })).to.deep.equal(notServing);
    });

    it("refuses a service that is not in the schema, without asking a backend", async () => {
      const { call, backend } = await inFrontOf({ [checkPath]: () => servingBytes });
      const error = await failureOf(call(check, { service: "shop.v1.Secrets" }));
      expect(error.code).to.equal(Code.NOT_FOUND);
      expect(error.message).to.equal('no service "shop.v1.Secrets" is served here');
      expect(backend.calls).to.have.length(0);
    });

    it("asks the backend of a service by its name, with the client's metadata", async () => {
      const { call, backend } = await inFrontOf({ [checkPath]: () => notServingBytes });
      expect(await call(check, orders, { metadata: ["authorization", "Bearer x"] })).to.deep.equal(notServing);
      expect(backend.calls).to.have.length(1);
      expect(nameIn(backend.calls[0].message!)).to.equal("shop.v1.Orders");
      expect(backend.calls[0].metadata.get("authorization")).to.deep.equal(["Bearer x"]);
    });

    it("asks each service's own upstream", async () => {
      const first = await backendOf({ [checkPath]: () => servingBytes });
      const second = await backendOf({ [checkPath]: () => notServingBytes });
      const { call } = createOwn({ upstreams: upstreamsOf(first.target, { "shop.v1.Users": second.target }) });
      expect(await call(check, orders)).to.deep.equal(serving);
      expect(await call(check, { service: "shop.v1.Users" })).to.deep.equal(notServing);
    });

    it("asks a backend that does not know the service for itself", async () => {
      const { call, backend } = await inFrontOf({
        [checkPath]: (message) => {
          if (message.length > 0) throw new BackendError(Code.NOT_FOUND, "unknown service");
          return servingBytes;
        },
      });
      expect(await call(check, orders)).to.deep.equal(serving);
      expect(backend.calls.map(({ message }) => message!.length === 0)).to.deep.equal([false, true]);
    });

    it("goes by the connection where the backend has no health service", async () => {
      const { call, backend } = await inFrontOf({});
      expect(await call(check, orders)).to.deep.equal(serving);
      await backend.close();
      expect(await call(check, orders)).to.deep.equal(notServing);
    });

    it("says of a backend that cannot be reached that it does not serve", async () => {
      const { call, backend } = await inFrontOf({ [checkPath]: () => servingBytes });
      expect(await call(check, orders)).to.deep.equal(serving);
      await backend.close();
      expect(await call(check, orders)).to.deep.equal(notServing);
    });

    it("says of a service without an upstream that it is not served", async () => {
      expect(await createOwn().call(check, orders)).to.deep.equal(notServing);
    });

    it("passes on that the backend refuses to tell", async () => {
      const { call } = await inFrontOf({
        [checkPath]: () => {
          throw new BackendError(Code.PERMISSION_DENIED, "not for you");
        },
      });
      const error = await failureOf(call(check, orders));
      expect([error.code, error.message]).to.deep.equal([Code.PERMISSION_DENIED, "not for you"]);
    });

    it("gives the backend five seconds at most, and the client's deadline if that is shorter", async () => {
      const left: number[] = [];
      const upstreams = fakeUpstreams({
        unary: (call) => {
          left.push(call.deadline - performance.now());
          return Promise.reject(new GatewayError(Code.DEADLINE_EXCEEDED, "deadline exceeded"));
        },
      });
      const { call } = createOwn({ upstreams });
      expect(await call(check, orders)).to.deep.equal(notServing);
      expect((await failureOf(call(check, orders, { timeout: 2_000 }))).code).to.equal(Code.DEADLINE_EXCEEDED);
      expect(left[0]).to.be.within(2_500, 5_000);
      expect(left[1]).to.be.within(1, 2_000);
    });

    it("fails when the client's own deadline has passed", async () => {
      const { call } = await inFrontOf({ [checkPath]: (_, { cancelled }) => cancelled.then(() => servingBytes) });
      expect((await failureOf(call(check, orders, { timeout: 50 }))).code).to.equal(Code.DEADLINE_EXCEEDED);
    });

    it("cancels the backend's call when the client leaves", async () => {
      const cancelled = createSignal<void>();
      const cancellation = new Cancellation();
      const { call } = await inFrontOf({
        [checkPath]: (_, backendCall) => {
          void backendCall.cancelled.then(() => cancelled.resolve());
          cancellation.cancel(clientLeft());
          return new Promise(() => {});
        },
      });
      expect((await failureOf(call(check, orders, { cancellation }))).code).to.equal(Code.CANCELLED);
      await cancelled.promise;
    });

    it("takes a status it does not know for unknown, and malformed bytes for a fault of the backend", async () => {
      const answers = [Buffer.from([8, 9]), Buffer.from([8])];
      const { call } = await inFrontOf({ [checkPath]: () => answers.shift()! });
      expect(await call(check, orders)).to.deep.equal({});
      expect((await failureOf(call(check, orders))).code).to.equal(Code.INTERNAL);
    });

    it("refuses a malformed request", async () => {
      const { own } = createOwn();
      const method = own.methods.find(({ name }) => name === check)!;
      const error = await failureOf(
        own.handler.unary({
          kind: "unary",
          method,
          message: Buffer.from([10, 200]),
          metadata: emptyMetadata,
          deadline: Infinity,
          cancellation: new Cancellation(),
          peer: { address: "127.0.0.1", port: 1 },
        }),
      );
      expect([error.code, error.reason]).to.deep.equal([Code.INVALID_ARGUMENT, "MESSAGE_MALFORMED"]);
    });
  });

  describe("List", () => {
    it("has the gateway, its services and those of the schema, each as Check says", async () => {
      const { call } = await inFrontOf({
        [checkPath]: (message) => (nameIn(message) === "shop.v1.Users" ? notServingBytes : servingBytes),
      });
      expect(await call(list, {})).to.deep.equal({
        statuses: {
          "": serving,
          "grpc.health.v1.Health": serving,
          "grpc.reflection.v1.ServerReflection": serving,
          "grpc.reflection.v1alpha.ServerReflection": serving,
          "shop.v1.Orders": serving,
          "shop.v1.Users": notServing,
        },
      });
    });

    it("leaves unknown what the backend refuses to tell", async () => {
      const { call } = await inFrontOf({
        [checkPath]: () => {
          throw new BackendError(Code.UNAUTHENTICATED, "who are you?");
        },
      });
      const { statuses } = (await call(list, {})) as { statuses: Record<string, unknown> };
      expect(statuses["shop.v1.Orders"]).to.deep.equal({});
    });

    it("is refused for more services than the protocol allows", async () => {
      const many = Array.from({ length: 100 }, (_, index) => `service S${index} { rpc Get(M) returns (M); }`);
      const { call } = createOwn({ protos: `syntax = "proto3"; package many; message M {} ${many.join("\n")}` });
      const error = await failureOf(call(list, {}));
      expect(error.code).to.equal(Code.RESOURCE_EXHAUSTED);
      expect(error.message).to.equal("List names at most 100 services, and here are 104: use Check");
    });

    it("is refused while many others go on, and answered after them", async () => {
      const waiting: (() => void)[] = [];
      const upstreams = fakeUpstreams({
        unary: () =>
          new Promise((resolve) =>
            waiting.push(() => resolve({ message: servingBytes, headers: emptyMetadata, trailers: emptyMetadata })),
          ),
      });
      const { call } = createOwn({ upstreams });
      const running = Array.from({ length: 8 }, () => call(list, {}));
      expect((await failureOf(call(list, {}))).code).to.equal(Code.RESOURCE_EXHAUSTED);
      for (const answer of waiting.splice(0)) answer();
      await Promise.all(running);
      const last = call(list, {});
      for (const answer of waiting.splice(0)) answer();
      await last;
    });
  });

  describe("Watch", () => {
    it("tells of the gateway at once, then every change once", async () => {
      let isReady = true;
      const upstreams = fakeUpstreams({});
      const { next } = createOwn({ upstreams, isReady: () => isReady }).open(watch, [{}]);
      expect(await next()).to.deep.equal(serving);
      const second = next();
      upstreams.become("connecting");
      isReady = false;
      upstreams.become("failing");
      expect(await second).to.deep.equal(notServing);
      isReady = true;
      upstreams.become("ready");
      expect(await next()).to.deep.equal(serving);
    });

    it("tells a slow client the newest state only", async () => {
      let isReady = true;
      const upstreams = fakeUpstreams({});
      const { next } = createOwn({ upstreams, isReady: () => isReady }).open(watch, [{}]);
      expect(await next()).to.deep.equal(serving);
      for (let i = 0; i < 101; i++) {
        isReady = !isReady;
        upstreams.become("ready");
      }
      expect(await next()).to.deep.equal(notServing);
      const following = next();
      isReady = true;
      upstreams.become("ready");
      expect(await following).to.deep.equal(serving);
    });

    it("says of a service that is not in the schema that it is unknown, and stays open until the client leaves", async () => {
      const { next, cancellation, reply } = createOwn().open(watch, [{ service: "shop.v1.Secrets" }]);
      expect(await next()).to.deep.equal({ status: "SERVICE_UNKNOWN" });
      const pending = failureOf(next());
      cancellation.cancel(clientLeft());
      expect((await pending).message).to.equal("client left");
      expect((await failureOf(reply.trailers)).message).to.equal("client left");
    });

    it("says of a service without an upstream that it is not served", async () => {
      expect(await createOwn().open(watch, [orders]).next()).to.deep.equal(notServing);
    });

    it("passes on what the backend's own Watch says, and ends that when the client leaves", async () => {
      const received = createSignal<string>();
      const gone = createSignal<void>();
      const change = createSignal<void>();
      const { open } = await inFrontOf({
        [watchPath]: {
          stream: (call) => {
            call.once("data", (message: Buffer) => {
              received.resolve(nameIn(message));
              call.write(servingBytes);
              void change.promise.then(() => call.write(notServingBytes));
            });
            call.once("cancelled", () => gone.resolve());
          },
        },
      });
      const { next, cancellation } = open(watch, [orders]);
      expect(await next()).to.deep.equal(serving);
      expect(await received.promise).to.equal("shop.v1.Orders");
      change.resolve();
      expect(await next()).to.deep.equal(notServing);
      cancellation.cancel(clientLeft());
      await gone.promise;
    });

    it("asks a backend that does not know the service for itself", async () => {
      const { open } = await inFrontOf({
        [watchPath]: {
          stream: (call) =>
            void call.once("data", (message: Buffer) =>
              call.write(message.length === 0 ? notServingBytes : serviceUnknownBytes),
            ),
        },
      });
      expect(await open(watch, [orders]).next()).to.deep.equal(notServing);
    });

    it("cancels none of the backend's streams before the client leaves, and prefers the service once that is known", async () => {
      const known = createSignal<void>();
      const forgotten = createSignal<void>();
      const asked: string[] = [];
      const cancelled: string[] = [];
      const bothCancelled = createSignal<void>();
      const { open } = await inFrontOf({
        [watchPath]: {
          stream: (call) => {
            call.once("data", (message: Buffer) => {
              const name = nameIn(message);
              asked.push(name);
              call.once("cancelled", () => cancelled.push(name) === 2 && bothCancelled.resolve());
              call.write(name === "" ? servingBytes : serviceUnknownBytes);
              if (name === "") return;
              void known.promise.then(() => call.write(notServingBytes));
              void forgotten.promise.then(() => call.write(serviceUnknownBytes));
            });
          },
        },
      });
      const { next, cancellation } = open(watch, [orders]);
      expect(await next()).to.deep.equal(serving);
      known.resolve();
      expect(await next()).to.deep.equal(notServing);
      forgotten.resolve();
      expect(await next()).to.deep.equal(serving);
      expect([asked, cancelled]).to.deep.equal([["shop.v1.Orders", ""], []]);
      cancellation.cancel(clientLeft());
      await bothCancelled.promise;
      expect(cancelled).to.have.members(["shop.v1.Orders", ""]);
    });

    it("asks a backend for itself that ends the Watch of a name it does not know", async () => {
      const upstreams = fakeUpstreams({
        stream: ({ messages }) => {
          const answer = async (): Promise<Uint8Array | undefined> => {
            const request = await messages.read();
            if (request === undefined) return new Promise(() => {});
            if (request.length > 0) throw new GatewayError(Code.NOT_FOUND, "unknown service");
            return notServingBytes;
          };
          const { headers, trailers } = speaking([], silence);
          return { headers, trailers, messages: { read: answer } };
        },
      });
      expect(await createOwn({ upstreams }).open(watch, [orders]).next()).to.deep.equal(notServing);
    });

    for (const [what, stream] of [
      ["knows neither the service nor itself", () => speaking([serviceUnknownBytes], silence)],
      ["has no health service", () => failing(Code.UNIMPLEMENTED)],
    ] as const) {
      it(`goes by the connection where the backend ${what}`, async () => {
        const upstreams = fakeUpstreams({ stream });
        const { next } = createOwn({ upstreams }).open(watch, [orders]);
        expect(await next()).to.deep.equal(serving);
        upstreams.become("failing");
        expect(await next()).to.deep.equal(notServing);
        upstreams.become("connecting");
        expect(await next()).to.deep.equal(serving);
      });
    }

    it("asks a backend without health service again after a new connection", async () => {
      const script = [() => failing(Code.UNIMPLEMENTED), () => speaking([notServingBytes], silence)];
      const upstreams = fakeUpstreams({ stream: () => script.shift()!() });
      const { next } = createOwn({ upstreams }).open(watch, [orders]);
      expect(await next()).to.deep.equal(serving);
      upstreams.become("idle");
      upstreams.become("ready");
      expect(await next()).to.deep.equal(notServing);
      expect(script).to.have.length(0);
    });

    it("asks again when a lost backend is back", async () => {
      const script = [
        () => failing(Code.UNAVAILABLE),
        () => speaking([servingBytes], failing(Code.UNAVAILABLE).messages),
        () => speaking([servingBytes], failing(Code.UNAVAILABLE).messages),
      ];
      const upstreams = fakeUpstreams({ stream: () => script.shift()!() });
      upstreams.become("failing");
      const { next } = createOwn({ upstreams }).open(watch, [orders]);
      expect(await next()).to.deep.equal(notServing);
      upstreams.become("ready");
      expect(await next()).to.deep.equal(serving);
      // Lost while the connection still stands: the status does, too, until that fails.
      upstreams.become("failing");
      expect(await next()).to.deep.equal(notServing);
      upstreams.become("ready");
      expect(await next()).to.deep.equal(serving);
      expect(script).to.have.length(0);
    });

    it("ends with what the backend refuses it with", async () => {
      const upstreams = fakeUpstreams({ stream: () => failing(Code.UNAUTHENTICATED) });
      const { next } = createOwn({ upstreams }).open(watch, [orders]);
      expect((await failureOf(next())).code).to.equal(Code.UNAUTHENTICATED);
    });

    it("ends at the client's deadline", async () => {
      const { next } = createOwn().open(watch, [{}], { timeout: 30 });
      expect(await next()).to.deep.equal(serving);
      expect((await failureOf(next())).code).to.equal(Code.DEADLINE_EXCEEDED);
    });

    it("is refused without a request, and with a malformed one", async () => {
      expect((await failureOf(createOwn().open(watch, []).next())).reason).to.equal("MESSAGE_COUNT_INVALID");
      const malformed: MessageReader = { read: () => Promise.resolve(Buffer.from([10, 200])) };
      expect((await failureOf(createOwn().open(watch, malformed).next())).code).to.equal(Code.INVALID_ARGUMENT);
    });

    it("is refused to the thousand and first at a time, and free again when one ends", async () => {
      const { open } = createOwn();
      const watches = Array.from({ length: 1_000 }, () => open(watch, [{}]));
      await Promise.all(watches.map(({ next }) => next()));
      expect((await failureOf(open(watch, [{}]).next())).code).to.equal(Code.RESOURCE_EXHAUSTED);
      watches[0].cancellation.cancel(clientLeft());
      expect(await open(watch, [{}]).next()).to.deep.equal(serving);
    });
  });

  describe("stop", () => {
    it("tells who watches that the gateway does not serve, then ends the stream", async () => {
      const { own, open } = createOwn();
      const { next } = open(watch, [{}]);
      expect(await next()).to.deep.equal(serving);
      const second = next();
      own.stop();
      expect(await second).to.deep.equal(notServing);
      const error = await failureOf(next());
      expect([error.code, error.reason]).to.deep.equal([Code.UNAVAILABLE, "SHUTTING_DOWN"]);
    });

    it("ends a watch whose client has not said yet what to watch", async () => {
      const { own, open } = createOwn();
      const { next } = open(watch, silence);
      const first = next();
      own.stop();
      expect(await first).to.deep.equal(notServing);
      expect((await failureOf(next())).reason).to.equal("SHUTTING_DOWN");
    });

    it("gives up the backends' streams", async () => {
      const cancelled = createSignal<GatewayError>();
      const upstreams = fakeUpstreams({
        stream: (call) => {
          call.cancellation.onCancel((error) => cancelled.resolve(error));
          return speaking([servingBytes], silence);
        },
      });
      const { own, open } = createOwn({ upstreams });
      const { next } = open(watch, [orders]);
      expect(await next()).to.deep.equal(serving);
      own.stop();
      expect(await next()).to.deep.equal(notServing);
      expect((await cancelled.promise).code).to.equal(Code.CANCELLED);
    });

    it("leaves Check to say so, of every service, and takes no new watch", async () => {
      const { own, call, open } = await inFrontOf({ [checkPath]: () => servingBytes });
      own.stop();
      expect(await call(check, {})).to.deep.equal(notServing);
      expect(await call(check, orders)).to.deep.equal(notServing);
      expect((await failureOf(open(watch, [{}]).next())).reason).to.equal("SHUTTING_DOWN");
    });
  });

  it("survives a backend that ends its Watch with an error while being cancelled", async () => {
    const { open } = await inFrontOf({
      [watchPath]: {
        stream: (call) => {
          call.once("data", () => call.write(servingBytes));
          void once(call, "cancelled").then(() => call.emit("error", toStatus(new BackendError(13, "late"))));
        },
      },
    });
    const { next, cancellation } = open(watch, [orders]);
    expect(await next()).to.deep.equal(serving);
    cancellation.cancel(clientLeft());
    expect((await failureOf(next())).message).to.equal("client left");
  });
});

type Stream = ReturnType<Handler["stream"]>;

const silence: MessageReader = { read: () => new Promise(() => {}) };

function failing(code: Code): Stream {
  const failure: Promise<never> = Promise.reject(new GatewayError(code, "scripted"));
  failure.catch(() => {});
  return { headers: failure, messages: { read: () => failure }, trailers: failure };
}

/** The messages, then what `rest` does. */
function speaking(messages: readonly Uint8Array[], rest: MessageReader): Stream {
  const waiting = [...messages];
  return {
    headers: Promise.resolve(emptyMetadata),
    messages: { read: () => (waiting.length > 0 ? Promise.resolve(waiting.shift()) : rest.read()) },
    trailers: Promise.resolve(emptyMetadata),
  };
}
