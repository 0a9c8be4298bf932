// What every transport does with streams: order, half-close, errors after messages, backpressure both ways.
import { expect } from "chai";
import { Cancellation } from "../../src/cancellation.ts";
import { getMetadata } from "../../src/metadata.ts";
import { Code } from "../../src/status.ts";
import { type Backend, BackendError, toStatus } from "../support/backend.ts";
import {
  type Bench,
  clientLeft,
  createSignal,
  failureOf,
  readAll,
  readerOf,
  streamCall,
  testLimits,
  unaryCall,
} from "./calls.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const echo = (message: Buffer): Buffer => message;

export function describeStreams(bench: Bench): void {
  describe("streams", () => {
    it("delivers a server stream in order, then the trailers", async () => {
      const backend = await bench.backend({
        "/t.S/Watch": {
          stream: (call) => {
            for (let i = 0; i < 50; i++) call.write(Buffer.from(`m${i}`));
            const trailers = call.metadata.clone();
            trailers.set("x-count", "50");
            call.end(trailers);
          },
        },
      });
      const reply = bench.open(backend.target).stream(streamCall("/t.S/Watch", [Buffer.from("go")]));
      expect((await readAll(reply.messages)).map(text)).to.deep.equal(Array.from({ length: 50 }, (_, i) => `m${i}`));
      expect(getMetadata(await reply.trailers, "x-count")).to.equal("50");
      expect(await reply.messages.read()).to.equal(undefined);
    });

    it("delivers what came before an error, then the error", async () => {
      const backend = await bench.backend({
        "/t.S/Watch": {
          stream: (call) => {
            for (let i = 0; i < 5; i++) call.write(Buffer.from(`m${i}`));
            call.emit("error", toStatus(new BackendError(9, "enough")));
          },
        },
      });
      const reply = bench.open(backend.target).stream(streamCall("/t.S/Watch"));
      const failure = await failureOf(reply.trailers);
      const received: string[] = [];
      for (let i = 0; i < 5; i++) received.push(text((await reply.messages.read()) ?? Buffer.from("end")));
      expect(received).to.deep.equal(["m0", "m1", "m2", "m3", "m4"]);
      expect(await failureOf(reply.messages.read())).to.equal(failure);
      expect([failure.code, failure.message]).to.deep.equal([9, "enough"]);
    });

    it("rejects headers, messages and trailers of a call that fails at once", async () => {
      const backend = await bench.backend({});
      const reply = bench.open(backend.target).stream(streamCall("/t.S/None"));
      for (const part of [reply.headers, reply.messages.read(), reply.trailers]) {
        expect((await failureOf(part)).code).to.equal(Code.UNIMPLEMENTED);
      }
    });

    it("carries a client stream and its half-close", async () => {
      const backend = await bench.backend({
        "/t.S/Sum": {
          stream: (call) => {
            const parts: string[] = [];
            call.on("data", (message: Buffer) => parts.push(message.toString()));
            call.on("end", () => {
              call.write(Buffer.from(parts.join("+")));
              call.end();
            });
          },
        },
      });
      const reply = bench.open(backend.target).stream(
        streamCall(
          "/t.S/Sum",
          ["a", "", "c"].map((part) => Buffer.from(part)),
        ),
      );
      expect((await readAll(reply.messages)).map(text)).to.deep.equal(["a++c"]);
    });

    it("carries both directions turn by turn", async () => {
      const backend = await bench.backend({
        "/t.S/Chat": {
          stream: (call) => {
            call.on("data", (message: Buffer) => call.write(Buffer.from(`re: ${message.toString()}`)));
            call.on("end", () => call.end());
          },
        },
      });
      let send: (message: Uint8Array | undefined) => void = () => {};
      const reply = bench
        .open(backend.target)
        .stream(streamCall("/t.S/Chat", { read: () => new Promise((resolve) => (send = resolve)) }));
      for (const word of ["one", "two", "three"]) {
        send(Buffer.from(word));
        expect(text((await reply.messages.read()) ?? Buffer.of())).to.equal(`re: ${word}`);
      }
      send(undefined);
      expect(await reply.messages.read()).to.equal(undefined);
    });

    it("resolves the headers before any message", async () => {
      const backend = await bench.backend({
        "/t.S/Watch": {
          stream: (call) => {
            const headers = call.metadata.clone();
            headers.set("x-early", "1");
            call.sendMetadata(headers);
          },
        },
      });
      const cancellation = new Cancellation();
      const reply = bench.open(backend.target).stream(streamCall("/t.S/Watch", undefined, { cancellation }));
      expect(getMetadata(await reply.headers, "x-early")).to.equal("1");
      cancellation.cancel(clientLeft());
      expect((await failureOf(reply.trailers)).message).to.equal("client left");
    });

    it("cancels the backend when the request messages fail", async () => {
      const gone = createSignal<void>();
      const backend = await bench.backend({
        "/t.S/Sum": { stream: (call) => call.on("cancelled", () => gone.resolve()).resume() },
      });
      let reads = 0;
      const messages = { read: () => (reads++ === 0 ? Promise.resolve(Buffer.from("one")) : arrivedThenFail(backend)) };
      const reply = bench.open(backend.target).stream(streamCall("/t.S/Sum", messages));
      expect((await failureOf(reply.messages.read())).message).to.equal("client left");
      await gone.promise;
    });

    it("cancels a stream and drops what was not read", async () => {
      const gone = createSignal<void>();
      const backend = await bench.backend({
        "/t.S/Watch": {
          stream: (call) => {
            call.on("cancelled", () => gone.resolve());
            for (let i = 0; i < 10; i++) call.write(Buffer.from(`m${i}`));
          },
        },
      });
      const cancellation = new Cancellation();
      const reply = bench.open(backend.target).stream(streamCall("/t.S/Watch", [], { cancellation }));
      expect(text((await reply.messages.read()) ?? Buffer.of())).to.equal("m0");
      cancellation.cancel(clientLeft());
      expect((await failureOf(reply.messages.read())).message).to.equal("client left");
      await gone.promise;
    });

    it("stops the backend while nobody reads, and other calls go on", async () => {
      const chunk = Buffer.alloc(16 * 1024, 1);
      let written = 0;
      const blocked = createSignal<void>();
      const backend = await bench.backend({
        "/t.S/Flood": {
          stream: (call) => {
            const more = (): void => {
              while (written < 2000) {
                written++;
                if (!call.write(chunk)) {
                  call.once("drain", more);
                  // A drain that comes late enough is one the reader caused; an unrelated call has passed in between.
                  blocked.resolve();
                  return;
                }
              }
              call.end();
            };
            more();
          },
        },
        "/t.S/M": echo,
      });
      const transport = bench.open(backend.target);
      const reply = transport.stream(streamCall("/t.S/Flood"));
      await reply.headers;
      await blocked.promise;
      for (let i = 0; i < 200; i++) await transport.unary(unaryCall("/t.S/M", Buffer.alloc(1000)));
      expect(written).to.be.below(200);
      expect(await readAll(reply.messages)).to.have.length(2000);
    });

    it("stops reading the client while the backend does not read", async () => {
      const resume = createSignal<void>();
      let received = 0;
      const backend = await bench.backend({
        "/t.S/Upload": {
          stream: (call) => {
            void resume.promise.then(() => {
              call.on("data", () => received++);
              call.on("end", () => call.end());
            });
          },
        },
        "/t.S/M": echo,
      });
      const transport = bench.open(backend.target);
      const chunk = Buffer.alloc(16 * 1024, 2);
      let read = 0;
      const messages = { read: () => Promise.resolve(read < 1000 ? (read++, chunk) : undefined) };
      const reply = transport.stream(streamCall("/t.S/Upload", messages));
      for (let i = 0; i < 200; i++) await transport.unary(unaryCall("/t.S/M", Buffer.alloc(1000)));
      expect(read).to.be.below(200);
      resume.resolve();
      expect(await readAll(reply.messages)).to.have.length(0);
      expect([read, received]).to.deep.equal([1000, 1000]);
    });

    it("refuses a request message over the limit in the middle of a stream", async () => {
      const backend = await bench.backend({ "/t.S/Sum": { stream: (call) => call.resume() } });
      const messages = readerOf([Buffer.from("ok"), Buffer.alloc(testLimits.maxMessageBytes + 1)]);
      const error = await failureOf(bench.open(backend.target).stream(streamCall("/t.S/Sum", messages)).trailers);
      expect(error.reason).to.equal("MESSAGE_TOO_LARGE");
    });
  });
}

async function arrivedThenFail(backend: Backend): Promise<never> {
  while (backend.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
  throw clientLeft();
}
