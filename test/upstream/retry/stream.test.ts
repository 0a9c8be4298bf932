// Streams that are made again until an answer begins: with all that their client has sent, and never after. Over either transport.
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { Metadata } from "@grpc/grpc-js";
import { expect } from "chai";
import { Cancellation } from "../../../src/cancellation.ts";
import type { MessageReader } from "../../../src/call.ts";
import { Code, GatewayError } from "../../../src/status.ts";
import { Replay, ReplayPool } from "../../../src/upstream/retry/replay.ts";
import { BackendError, toStatus } from "../../support/backend.ts";
import type { StreamBackend } from "../../support/backend.ts";
import { clientLeft, createSignal, failureOf, readAll, readerOf, streamCall } from "../calls.ts";
import { createBench, factories } from "./fixture.ts";

const path = "/t.S/M";
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const messages = (...said: string[]): Uint8Array[] => said.map((one) => Buffer.from(one));

type ServerCall = ServerDuplexStream<Buffer, Buffer>;

function fail(call: ServerCall, code: number = Code.UNAVAILABLE): void {
  call.emit("error", toStatus(new BackendError(code, "not now")));
}

/** Each attempt by what is given for it, the last one for all that follow. */
function attempts(...each: ((call: ServerCall) => void)[]): StreamBackend {
  let made = 0;
  return { stream: (call) => each[Math.min(made++, each.length - 1)](call) };
}

/** Answers every message with itself. */
const echo = (call: ServerCall): void => {
  call.on("data", (message: Buffer) => call.write(message));
  call.on("end", () => call.end());
};

/** Fails when so many messages have come. */
function failAfter(count: number, received: string[] = []) {
  return (call: ServerCall): void => {
    let left = count;
    call.on("data", (message: Buffer) => {
      received.push(text(message));
      if (--left === 0) fail(call);
    });
    if (count === 0) fail(call);
  };
}

/** A client that says the next message when it is told to. */
function hesitant(...said: readonly string[]) {
  const rest = [...messages(...said)];
  const gates = rest.map(() => createSignal<void>());
  let at = 0;
  const reader: MessageReader = {
    async read() {
      const own = at++;
      await gates[own]?.promise;
      return rest[own];
    },
  };
  return { reader, say: (index: number) => gates[index].resolve(), asked: () => at };
}

for (const [name, factory] of factories)
  describe(`streams under a retry policy, over ${name}`, () => {
    const bench = createBench(factory);
    afterEach(() => bench.close());

    it("are made again with what their client has sent, until an answer begins", async () => {
      const received: string[] = [];
      const retried = await bench.open({ [path]: attempts(failAfter(2, received), failAfter(0), echo) });
      const reply = retried.stream(streamCall(path, messages("a", "b", "c")));
      expect((await readAll(reply.messages)).map(text)).to.deep.equal(["a", "b", "c"]);
      await reply.headers;
      await reply.trailers;
      expect(received.slice(0, 2)).to.deep.equal(["a", "b"]);
      expect(
        retried.backend.calls.map(({ metadata }) => metadata.get("grpc-previous-rpc-attempts")?.[0]),
      ).to.deep.equal([undefined, "1", "2"]);
      expect(retried.retries.tallies[0]).to.include({ answered: 1, failed: 1 });
    });

    it("lose nothing that a failed attempt has asked the client for", async () => {
      const client = hesitant("a", "b", "c");
      const failed = createSignal<void>();
      const first = (call: ServerCall): void => {
        call.on("data", () => fail(call));
        call.on("close", () => failed.resolve());
      };
      const retried = await bench.open({ [path]: attempts(first, echo) });
      const reply = retried.stream(streamCall(path, client.reader));
      client.say(0);
      expect(text(await reply.messages.read())).to.equal("a");
      client.say(1);
      expect(text(await reply.messages.read())).to.equal("b");
      client.say(2);
      expect((await readAll(reply.messages)).map(text)).to.deep.equal(["c"]);
      // Each message, and the end, once.
      expect(client.asked()).to.equal(4);
    });

    it("end with the last failure, in all that is asked of them", async () => {
      const retried = await bench.open({ [path]: attempts(failAfter(0)) });
      const reply = retried.stream(streamCall(path, messages("a")));
      const failures = await Promise.all(
        [reply.messages.read(), reply.headers, reply.trailers].map((one) => failureOf(one as Promise<unknown>)),
      );
      expect(failures.map(({ message }) => message)).to.deep.equal(["not now", "not now", "not now"]);
      expect(retried.backend.calls).to.have.length(3);
    });

    it("are not made again after the first message of an answer", async () => {
      const retried = await bench.open({
        [path]: attempts((call) => {
          call.write(Buffer.from("one"), () => setImmediate(() => fail(call)));
        }, echo),
      });
      const reply = retried.stream(streamCall(path, messages("a")));
      expect(text(await reply.messages.read())).to.equal("one");
      expect((await failureOf(reply.messages.read())).code).to.equal(Code.UNAVAILABLE);
      await failureOf(reply.trailers);
      expect(retried.backend.calls).to.have.length(1);
      expect(retried.retries.tallies[0].omitted.begun).to.equal(1);
    });

    it("are not made again after the headers of an answer", async () => {
      const head = new Metadata();
      head.set("x-head", "1");
      const go = createSignal<void>();
      const retried = await bench.open({
        [path]: attempts((call) => {
          call.sendMetadata(head);
          void go.promise.then(() => fail(call));
        }, echo),
      });
      const reply = retried.stream(streamCall(path, messages("a")));
      expect(await reply.headers).to.include("x-head");
      go.resolve();
      expect((await failureOf(reply.messages.read())).code).to.equal(Code.UNAVAILABLE);
      expect(retried.backend.calls).to.have.length(1);
    });

    it("are not made again after another code", async () => {
      const retried = await bench.open({ [path]: attempts((call) => fail(call, Code.ABORTED), echo) });
      const reply = retried.stream(streamCall(path, messages("a")));
      expect((await failureOf(reply.messages.read())).code).to.equal(Code.ABORTED);
      expect(retried.backend.calls).to.have.length(1);
    });

    it("are not made again when their client has sent more than is kept", async () => {
      const large = Array.from({ length: 5 }, () => Buffer.alloc(16_384));
      const kept = await bench.open({ [path]: attempts(failAfter(4), echo) });
      await readAll(kept.stream(streamCall(path, large.slice(0, 4))).messages);
      expect(kept.backend.calls).to.have.length(2);
      const retried = await bench.open({ [path]: attempts(failAfter(5), echo) });
      const reply = retried.stream(streamCall(path, large));
      expect((await failureOf(reply.messages.read())).code).to.equal(Code.UNAVAILABLE);
      expect(retried.backend.calls).to.have.length(1);
      expect(retried.retries.tallies[0].omitted.begun).to.equal(1);
    });

    it("are not made again when it is their client that fails", async () => {
      const read = (): Promise<never> => Promise.reject(new GatewayError(Code.UNAVAILABLE, "the client's fault"));
      const retried = await bench.open({ [path]: attempts(echo) });
      const reply = retried.stream(streamCall(path, { read }));
      expect((await failureOf(reply.messages.read())).message).to.equal("the client's fault");
      expect(retried.waits).to.deep.equal([]);
    });

    it("are made again when no answer begins in an attempt's time, which does not end one that did", async () => {
      const perTryTimeoutMs = 300;
      const goOn = createSignal<void>();
      const second = (call: ServerCall): void => {
        call.write(Buffer.from("one"));
        void goOn.promise.then(() => {
          call.write(Buffer.from("two"));
          call.end();
        });
      };
      const retried = await bench.open({ [path]: attempts(() => {}, second) }, { perTryTimeoutMs, codes: ["ABORTED"] });
      const reply = retried.stream(streamCall(path, messages("a")));
      expect(text(await reply.messages.read())).to.equal("one");
      await new Promise((resolve) => setTimeout(resolve, 2 * perTryTimeoutMs));
      goOn.resolve();
      expect((await readAll(reply.messages)).map(text)).to.deep.equal(["two"]);
      await reply.trailers;
      expect(retried.retries.tallies[0].answered).to.equal(1);
    });

    it("are cancelled at the backend when they are cancelled, in whichever attempt", async () => {
      const cancelled = createSignal<void>();
      const second = (call: ServerCall): void => {
        call.write(Buffer.from("one"));
        call.once("cancelled", () => cancelled.resolve());
      };
      const retried = await bench.open({ [path]: attempts(failAfter(0), second) }, { perTryTimeoutMs: 10_000 });
      const cancellation = new Cancellation();
      const reply = retried.stream(streamCall(path, messages("a"), { cancellation }));
      await reply.messages.read();
      cancellation.cancel(clientLeft());
      await cancelled.promise;
      expect((await failureOf(reply.messages.read())).message).to.equal("client left");
    });

    it("keep nothing of what was answered or has failed", async () => {
      const large = Array.from({ length: 4 }, () => Buffer.alloc(16_384));
      const answerLate = (call: ServerCall): void => {
        let left = large.length;
        call.on("data", () => {
          if (--left > 0) return;
          call.write(Buffer.from("one"));
          call.end();
        });
      };
      const rounds = 260;
      const each = Array.from({ length: rounds }, () => answerLate);
      const retried = await bench.open({ [path]: attempts(...each, failAfter(4), answerLate) });
      for (let i = 0; i < rounds; i++) await readAll(retried.stream(streamCall(path, large)).messages);
      await readAll(retried.stream(streamCall(path, large)).messages);
      expect(retried.backend.calls).to.have.length(rounds + 2);
    });

    it("do not multiply when a backend fails", async () => {
      const retried = await bench.open({ [path]: attempts(failAfter(0)) });
      await Promise.all(Array.from({ length: 50 }, () => failureOf(retried.stream(streamCall(path)).messages.read())));
      expect(retried.backend.calls).to.have.length(54);
    });
  });

describe("the messages kept for another attempt", () => {
  it("are bounded over all streams, and given back", async () => {
    const pool = new ReplayPool();
    const long = (): MessageReader => readerOf(Array.from({ length: 4 }, () => Buffer.alloc(16_384)));
    const replays = Array.from({ length: 257 }, () => new Replay(long(), pool));
    for (const replay of replays) await readAll(replay.open());
    expect(replays.map(({ canRepeat }) => canRepeat)).to.deep.equal(replays.map((_, index) => index < 256));
    expect(pool.bytes).to.equal(16 * 1024 * 1024);
    for (const replay of replays) replay.release();
    expect(pool.bytes).to.equal(0);
  });

  it("are bounded in number where they have no bytes", async () => {
    const pool = new ReplayPool();
    const replay = new Replay(readerOf(Array.from({ length: 513 }, () => new Uint8Array(0))), pool);
    const attempt = replay.open();
    for (let i = 0; i < 512; i++) await attempt.read();
    expect(replay.canRepeat).to.equal(true);
    await attempt.read();
    expect(replay.canRepeat).to.equal(false);
    expect(pool.bytes).to.equal(0);
  });

  it("all come to the attempt that goes on, also those read before it was settled", async () => {
    const replay = new Replay(readerOf(messages("a", "b", "c", "d")), new ReplayPool());
    const first = replay.open();
    await first.read();
    await first.read();
    const second = replay.open();
    expect(text(await second.read())).to.equal("a");
    replay.release();
    expect((await readAll(second)).map(text)).to.deep.equal(["b", "c", "d"]);
    expect(await first.read()).to.equal(undefined);
  });
});
