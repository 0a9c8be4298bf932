// What a transport does with servers of other implementations, each a process of its own: test/upstream/servers has their twins of one service.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { Cancellation } from "../../src/cancellation.ts";
import { getMetadata, type Metadata } from "../../src/metadata.ts";
import { Code } from "../../src/status.ts";
import type { Transport, TransportFactory } from "../../src/upstream/transport.ts";
import { clientLeft, failureOf, readAll, readerOf, streamCall, testLimits, unaryCall } from "./calls.ts";
import { createPki, type Pki } from "../support/pki.ts";

export interface InteropServer {
  readonly name: string;
  /** Takes `-streams N`, `-age 100ms`, `-cert FILE -key FILE`; prints its port. */
  readonly command: readonly string[];
  /** What it compresses replies with when `x-compress` asks for it. */
  readonly encodings: readonly string[];
}

interface Launched {
  readonly target: string;
  kill(): Promise<void>;
}

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const bytes = (said: string): Uint8Array => Buffer.from(said);

export function describeInterop(server: InteropServer, transportName: string, factory: TransportFactory): void {
  const isNative = transportName === "native";

  describe(`transport ${transportName} and a ${server.name} server`, () => {
    const disposals: (() => unknown)[] = [];
    const own: (() => unknown)[] = [];
    let target: string;
    let transport: Transport;

    const launch = async (...flags: string[]): Promise<Launched> => {
      const [command, ...args] = server.command;
      const child = spawn(command, [...args, ...flags], { stdio: ["pipe", "pipe", "inherit"] });
      const exited = once(child, "exit");
      const kill = async (): Promise<void> => {
        child.kill("SIGKILL");
        await exited;
      };
      const [line] = (await Promise.race([
        once(child.stdout, "data"),
        exited.then(() => Promise.reject(new Error(`${server.name} ended before it had a port`))),
      ])) as [Buffer];
      return { target: `127.0.0.1:${line.toString().trim()}`, kill };
    };
    const another = async (...flags: string[]): Promise<Launched> => {
      const launched = await launch(...flags);
      own.push(() => launched.kill());
      return launched;
    };
    const open = (to: string, options: { readonly tls?: Pki } = {}): Transport => {
      const tls =
        options.tls === undefined
          ? undefined
          : { ca: options.tls.ca, cert: undefined, key: undefined, serverName: "localhost" };
      const opened = factory({ target: to, tls }, testLimits);
      own.push(() => opened.close());
      return opened;
    };
    const ask = async (path: string, message = "", metadata: Metadata = [], timeout = 20_000): Promise<string> =>
      text((await transport.unary(unaryCall(path, bytes(message), { metadata, timeout }))).message);

    before(async () => {
      const launched = await launch();
      disposals.push(() => launched.kill());
      ({ target } = launched);
      transport = factory({ target, tls: undefined }, testLimits);
      disposals.push(() => transport.close());
    });
    afterEach(async () => {
      for (const dispose of own.splice(0).reverse()) await dispose();
    });
    after(async () => {
      for (const dispose of disposals.splice(0).reverse()) await dispose();
    });

    for (const size of [0, 1, 16_379, 65_536, 1_000_000, testLimits.maxMessageBytes]) {
      it(`echoes ${size} bytes`, async () => {
        const message = Buffer.alloc(size, 0xa5);
        const reply = await transport.unary(unaryCall("/t.S/Echo", message));
        expect(Buffer.compare(reply.message, message)).to.equal(0);
      });
    }

    it("answers 1,000 calls at once, each with its own reply", async () => {
      const replies = await Promise.all(Array.from({ length: 1000 }, (_, i) => ask("/t.S/Echo", `m${i}`)));
      expect(replies).to.deep.equal(Array.from({ length: 1000 }, (_, i) => `m${i}`));
    });

    it("carries metadata there, back as headers and back as trailers", async () => {
      const metadata = ["x-echo", "one", "x-echo", "two", "x-raw-bin", "AP8", "x-raw-bin", "AQI="];
      const reply = await transport.unary(unaryCall("/t.S/Echo", bytes("x"), { metadata }));
      for (const received of [reply.headers, reply.trailers]) {
        const of = (name: string): string[] =>
          received.filter((_, i) => i % 2 === 1 && received[i - 1] === name).flatMap((value) => value.split(/, ?/));
        expect(of("x-echo")).to.deep.equal(["one", "two"]);
        expect(of("x-raw-bin").map((value) => [...Buffer.from(value, "base64")])).to.deep.equal([
          [0, 255],
          [1, 2],
        ]);
      }
    });

    for (let code = 1; code <= 16; code++) {
      it(`passes status ${code} on`, async () => {
        const error = await failureOf(transport.unary(unaryCall("/t.S/Fail", bytes(`${code} no, 100 % über\t"€"`))));
        expect([error.code, error.message]).to.deep.equal([code, 'no, 100 % über\t"€"']);
        expect(getMetadata(error.backendTrailers, "x-why")).to.equal("because");
      });
    }

    it("reports a method that is not there as UNIMPLEMENTED", async () => {
      expect((await failureOf(ask("/t.S/None"))).code).to.equal(Code.UNIMPLEMENTED);
    });

    for (const [count, size] of [
      [0, 0],
      [1000, 100],
      [300, 16_384],
      [10, 1_000_000],
    ]) {
      it(`reads a stream of ${count} messages of ${size} bytes`, async () => {
        const reply = transport.stream(streamCall("/t.S/Watch", [bytes(`${count} ${size} 0`)]));
        const messages = await readAll(reply.messages);
        expect(messages.map((message) => [message.length, message[0]])).to.deep.equal(
          Array.from({ length: count }, (_, i) => [size, i % 256]),
        );
        expect(getMetadata(await reply.trailers, "x-count")).to.equal(String(count));
      });
    }

    it("reads what came before an error, then the error", async () => {
      // grpc-js drops what it has not handed on when the status comes.
      const [count, size] = isNative ? [300, 4000] : [3, 10];
      const reply = transport.stream(streamCall("/t.S/Watch", [bytes(`${count} ${size} 9`)]));
      if (isNative) await new Promise((resolve) => setTimeout(resolve, 50));
      for (let i = 0; i < count; i++) expect((await reply.messages.read())?.[0]).to.equal(i % 256);
      const error = await failureOf(reply.messages.read());
      expect([error.code, error.message]).to.deep.equal([Code.FAILED_PRECONDITION, "enough"]);
    });

    it("sends a stream and its end", async () => {
      const messages = readerOf(Array.from({ length: 500 }, () => Buffer.alloc(10_240)));
      const reply = transport.stream(streamCall("/t.S/Sum", messages));
      expect((await readAll(reply.messages)).map(text)).to.deep.equal(["500 5120000"]);
    });

    it("talks turn by turn", async () => {
      let send: (message: Uint8Array | undefined) => void = () => {};
      const reply = transport.stream(
        streamCall("/t.S/Chat", { read: () => new Promise((resolve) => (send = resolve)) }),
      );
      for (let i = 0; i < 100; i++) {
        send(bytes(`turn ${i}`));
        expect(text(await reply.messages.read())).to.equal(`turn ${i}`);
      }
      send(undefined);
      expect(await reply.messages.read()).to.equal(undefined);
    });

    it("has its headers before any message, and the server told when it is cancelled", async () => {
      const before = Number(await ask("/t.S/Cancelled"));
      const cancellation = new Cancellation();
      const silent = { read: () => new Promise<undefined>(() => {}) };
      const reply = transport.stream(streamCall("/t.S/Hang", silent, { cancellation }));
      expect(getMetadata(await reply.headers, "x-early")).to.equal("1");
      cancellation.cancel(clientLeft());
      expect((await failureOf(reply.messages.read())).message).to.equal("client left");
      while (Number(await ask("/t.S/Cancelled")) === before) await new Promise((resolve) => setTimeout(resolve, 5));
    });

    it("tells the server how much time is left, or that there is no limit", async () => {
      expect(Number(await ask("/t.S/Left", "", [], 60_000))).to.be.within(50_000, 60_100);
      expect(await ask("/t.S/Left", "", [], Infinity)).to.equal("none");
    });

    it("ends at its deadline", async () => {
      const error = await failureOf(transport.stream(streamCall("/t.S/Hang", [], { timeout: 100 })).trailers);
      expect([error.code, error.message]).to.deep.equal([Code.DEADLINE_EXCEEDED, "deadline exceeded"]);
    });

    it("refuses a reply over the limit and goes on", async () => {
      const error = await failureOf(ask("/t.S/Big", String(testLimits.maxMessageBytes + 1)));
      expect([error.code, error.reason]).to.deep.equal([Code.RESOURCE_EXHAUSTED, "UPSTREAM_MESSAGE_TOO_LARGE"]);
      expect(await ask("/t.S/Echo", "on")).to.equal("on");
    });

    for (const encoding of server.encodings) {
      it(`reads replies in ${encoding}`, async () => {
        const metadata = ["x-compress", encoding];
        for (const size of [10, 100_000])
          expect(await ask("/t.S/Echo", "z".repeat(size), metadata)).to.have.length(size);
        const reply = transport.stream(streamCall("/t.S/Watch", [bytes("50 5000 0")], { metadata }));
        expect((await readAll(reply.messages)).map((message) => message[0])).to.deep.equal(
          Array.from({ length: 50 }, (_, i) => i),
        );
      });
    }

    it("serves other calls while streams are not read", async () => {
      const cancellation = new Cancellation();
      for (let i = 0; i < 40; i++) {
        const reply = transport.stream(streamCall("/t.S/Watch", [bytes("100 65536 0")], { cancellation }));
        await reply.messages.read();
      }
      expect(await ask("/t.S/Echo", "x".repeat(100_000))).to.have.length(100_000);
      cancellation.cancel(clientLeft());
    });

    // The grpc-js transport has one connection, and what a second one refuses it does not send a third time.
    if (isNative) {
      it("serves more calls at once than a connection may have streams", async () => {
        const { target: few } = await another("-streams", "3");
        const opened = open(few);
        const calls = Array.from({ length: 50 }, (_, i) => opened.unary(unaryCall("/t.S/Echo", bytes(`${i}`))));
        expect((await Promise.all(calls)).map(({ message }) => text(message))).to.deep.equal(
          Array.from({ length: 50 }, (_, i) => `${i}`),
        );
      });

      it("opens more connections before streams have to wait", async () => {
        const { target: few } = await another("-streams", "3");
        const opened = open(few);
        const cancellation = new Cancellation();
        const silent = { read: () => new Promise<undefined>(() => {}) };
        const replies = Array.from({ length: 10 }, () =>
          opened.stream(streamCall("/t.S/Hang", silent, { cancellation })),
        );
        for (const reply of replies) expect(getMetadata(await reply.headers, "x-early")).to.equal("1");
        cancellation.cancel(clientLeft());
      });

      it("loses no call on connections the server drains", async () => {
        const { target: aging } = await another("-age", "150ms");
        const opened = open(aging);
        const until = performance.now() + 1200;
        let count = 0;
        while (performance.now() < until || count <= 10) {
          const reply = await opened.unary(unaryCall("/t.S/Echo", bytes(`${count}`)));
          expect(text(reply.message)).to.equal(`${count++}`);
        }
      });
    }

    it("ends running calls as UNAVAILABLE when the server dies", async () => {
      const dying = await another();
      const reply = open(dying.target).stream(streamCall("/t.S/Hang"));
      await reply.headers;
      await dying.kill();
      const error = await failureOf(reply.trailers);
      expect([error.code, error.message]).to.deep.equal([Code.UNAVAILABLE, "upstream unavailable"]);
    });

    it("speaks over TLS", async () => {
      const pki = createPki();
      own.push(() => pki.remove());
      const secured = await another("-cert", pki.certFile, "-key", pki.keyFile);
      const reply = await open(secured.target, { tls: pki }).unary(unaryCall("/t.S/Echo", bytes("safe")));
      expect(text(reply.message)).to.equal("safe");
    });
  });
}
