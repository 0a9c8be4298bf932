// How the native transport spreads calls over connections, and what it does with those a server has not begun.
import http2 from "node:http2";
import { connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { expect } from "chai";
import { Cancellation } from "../../src/cancellation.ts";
import { Code } from "../../src/status.ts";
import { createNativeTransport, createNativeTransportWith } from "../../src/upstream/native.ts";
import type { TlsOptions, Transport, TransportFactory } from "../../src/upstream/transport.ts";
import { clientLeft, createSignal, failureOf, streamCall, testLimits, unaryCall } from "./calls.ts";
import { answer, frame, grpcHead, type Http2Backend, type OnStream, serveHttp2 } from "./http2-backend.ts";
import { createPki } from "../support/pki.ts";

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const silent = { read: () => new Promise<undefined>(() => {}) };

describe("native transport, its connections", () => {
  const disposals: (() => unknown)[] = [];
  afterEach(async () => {
    for (const dispose of disposals.splice(0).reverse()) await dispose();
  });
  const serve = async (onStream: OnStream, settings?: http2.Settings): Promise<Http2Backend> => {
    const backend = await serveHttp2(onStream, settings);
    disposals.push(() => backend.close());
    return backend;
  };
  const open = (target: string, factory: TransportFactory = createNativeTransport, tls?: TlsOptions): Transport => {
    const transport = factory({ target, tls }, testLimits);
    disposals.push(() => transport.close());
    return transport;
  };

  it("are one for as many streams as it takes, and more beyond that", async () => {
    const backend = await serve((stream) => stream.respond(grpcHead), { maxConcurrentStreams: 4 });
    const transport = open(backend.target);
    const replies = Array.from({ length: 10 }, () => transport.stream(streamCall("/t.S/M", silent)));
    for (const { headers } of replies) await headers;
    expect(backend.sessions.length).to.be.within(3, 4);
  });

  it("are no more than the option allows: further calls wait for a stream", async () => {
    let running = 0;
    let most = 0;
    const backend = await serve(
      (stream) => {
        most = Math.max(most, ++running);
        setImmediate(() => {
          running--;
          answer(stream, frame("ok"));
        });
      },
      { maxConcurrentStreams: 2 },
    );
    const transport = open(backend.target, createNativeTransportWith({ maxConnections: 2 }));
    await Promise.all(Array.from({ length: 100 }, () => transport.unary(unaryCall("/t.S/M"))));
    expect(backend.sessions).to.have.length(2);
    expect(most).to.be.at.most(4);
  });

  it("let a waiting call go at its deadline and when it is cancelled", async () => {
    const backend = await serve((stream) => stream.respond(grpcHead), { maxConcurrentStreams: 1 });
    const transport = open(backend.target, createNativeTransportWith({ maxConnections: 1 }));
    await transport.stream(streamCall("/t.S/M", silent)).headers;
    const late = await failureOf(transport.unary(unaryCall("/t.S/M", undefined, { timeout: 30 })));
    expect(late.code).to.equal(Code.DEADLINE_EXCEEDED);
    const cancellation = new Cancellation();
    const failure = failureOf(transport.unary(unaryCall("/t.S/M", undefined, { cancellation })));
    cancellation.cancel(clientLeft());
    expect((await failure).message).to.equal("client left");
  });

  it("finish their calls after GOAWAY, while new ones go elsewhere", async () => {
    const first = createSignal<http2.ServerHttp2Stream>();
    const backend = await serve((stream, headers, sessions) => {
      if (headers[":path"] === "/t.S/Long") first.resolve(stream);
      else answer(stream, frame(`session ${sessions}`));
    });
    const transport = open(backend.target);
    const long = transport.unary(unaryCall("/t.S/Long"));
    const stream = await first.promise;
    const idle = new Promise<void>((resolve) => transport.onStateChange((state) => state === "idle" && resolve()));
    stream.session?.goaway(0, stream.id);
    await idle;
    expect(text((await transport.unary(unaryCall("/t.S/M"))).message)).to.equal("session 2");
    answer(stream, frame("long"));
    expect(text((await long).message)).to.equal("long");
  });

  it("go on serving while nobody reads many streams", async () => {
    const backend = await serve((stream, headers) => {
      if (headers[":path"] === "/t.S/Flood") {
        stream.respond(grpcHead);
        stream.write(Buffer.concat(Array.from({ length: 20 }, () => frame(Buffer.alloc(60_000)))));
      } else answer(stream, frame(Buffer.alloc(100_000)));
    });
    const transport = open(backend.target);
    for (let i = 0; i < 90; i++) {
      const reply = transport.stream(streamCall("/t.S/Flood", silent));
      await reply.messages.read();
    }
    const reply = await transport.unary(unaryCall("/t.S/M"));
    expect(reply.message).to.have.length(100_000);
    expect(backend.sessions).to.have.length(1);
  });

  it("hold less of each stream that nobody reads any more, where there are many", async () => {
    const [bytes, count] = [8192, 300];
    let sent = 0;
    const backend = await serve((stream, headers) => {
      if (headers[":path"] !== "/t.S/Flood") answer(stream, frame(Buffer.alloc(10)));
      else {
        stream.respond(grpcHead);
        let left = count;
        // One at a time: the last one that was not taken is not counted.
        const more = (): void => {
          sent++;
          if (left-- > 0) stream.write(frame(Buffer.alloc(bytes)), more);
        };
        stream.write(frame(Buffer.alloc(bytes)), more);
      }
    });
    const transport = open(backend.target);
    const held = async (streams: number): Promise<number> => {
      const before = sent;
      const replies = Array.from({ length: streams }, () => transport.stream(streamCall("/t.S/Flood", silent)));
      // Fast for a while: windows would grow.
      await Promise.all(
        replies.map(async ({ messages }) => {
          for (let i = 0; i < 100; i++) await messages.read();
        }),
      );
      for (let i = 0; i < 50; i++) await transport.unary(unaryCall("/t.S/M"));
      return ((sent - before) / streams - 100) * bytes;
    };
    const few = await held(4);
    expect(few).to.be.below(104 * 1024);
    // The first of them are few as well.
    await held(30);
    expect(await held(40)).to.be.below(72 * 1024);
  });

  describe("to a server that has gone silent", () => {
    /** A way to the backend that can be cut without anybody being told. */
    const throughProxy = async (backend: Http2Backend): Promise<{ target: string; cut: () => void }> => {
      const sockets = new Set<Socket>();
      const proxy = createServer((near) => {
        const far = connect(Number(backend.target.split(":")[1]), "127.0.0.1");
        for (const socket of [near, far]) sockets.add(socket.on("error", () => {}));
        near.pipe(far);
        far.pipe(near);
      });
      await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
      disposals.push(() => {
        for (const socket of sockets) socket.destroy();
        proxy.close();
      });
      const address = proxy.address();
      return {
        target: `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
        cut: () => sockets.forEach((socket) => socket.unpipe().pause()),
      };
    };

    it("end with the calls on them, by keepalive", async () => {
      const backend = await serve((stream) => stream.respond(grpcHead));
      const { target, cut } = await throughProxy(backend);
      const transport = open(target, createNativeTransportWith({ keepalive: { intervalMs: 30, timeoutMs: 1000 } }));
      const reply = transport.stream(streamCall("/t.S/M", silent));
      await reply.headers;
      cut();
      const error = await failureOf(reply.trailers);
      expect(error.code).to.equal(Code.UNAVAILABLE);
      expect(String(error.cause)).to.contain("PING");
    });

    it("end soon after a call has had no answer in time, and the next call has a new one", async () => {
      const backend = await serve((stream, headers) => {
        if (headers[":path"] !== "/t.S/Slow") answer(stream, frame("ok"));
      });
      const { target, cut } = await throughProxy(backend);
      const keepalive = { intervalMs: 1_000_000, timeoutMs: 1000 };
      const transport = open(target, createNativeTransportWith({ keepalive }));
      await transport.unary(unaryCall("/t.S/M"));
      // A server that answers pings is slow, not gone.
      await failureOf(transport.unary(unaryCall("/t.S/Slow", undefined, { timeout: 30 })));
      await new Promise((resolve) => setTimeout(resolve, 1200));
      expect(transport.state).to.equal("ready");

      const another = open(target, createNativeTransportWith({ keepalive }));
      await another.unary(unaryCall("/t.S/M"));
      const lost = new Promise<string>((resolve) => {
        another.onStateChange((state, reason) => state === "idle" && resolve(reason));
      });
      cut();
      const late = await failureOf(another.unary(unaryCall("/t.S/M", undefined, { timeout: 30 })));
      expect(late.code).to.equal(Code.DEADLINE_EXCEEDED);
      expect(await lost).to.contain("did not answer a PING within 1000 ms");
      expect(text((await another.unary(unaryCall("/t.S/M"))).message)).to.equal("ok");
    });
  });

  it("refuse a TLS server that does not agree to HTTP/2", async () => {
    const pki = createPki();
    disposals.push(() => pki.remove());
    const server = createTlsServer({ key: pki.key, cert: pki.cert, ALPNProtocols: ["http/1.1"] });
    server.on("tlsClientError", () => {});
    const plain = createTlsServer({ key: pki.key, cert: pki.cert }, (socket) => socket.on("error", () => {}));
    for (const one of [server, plain]) {
      await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
      disposals.push(() => one.close());
      const address = one.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const tls = { ca: pki.ca, cert: undefined, key: undefined, serverName: "localhost" };
      const error = await failureOf(
        open(`127.0.0.1:${port}`, createNativeTransport, tls).unary(unaryCall("/t.S/M", undefined, { timeout: 5000 })),
      );
      expect(error.code).to.equal(Code.UNAVAILABLE);
      expect(String(error.cause)).to.match(/ALPN|no application protocol/i);
    }
  });
});
