// The behaviour every transport must show, against real backends: calls, metadata, deadlines, cancellation, limits, streams.
import { expect } from "chai";
import { Cancellation } from "../../src/cancellation.ts";
import { getMetadata } from "../../src/metadata.ts";
import { Code } from "../../src/status.ts";
import type { TransportFactory } from "../../src/upstream/transport.ts";
import { BackendError, startBackend, toStatus } from "../support/backend.ts";
import { type Bench, clientLeft, createSignal, failureOf, testLimits, unaryCall } from "./calls.ts";
import { describeConnecting } from "./transport-connecting.ts";
import { describeHostileBackends } from "./transport-hostile.ts";
import { describeRefusals } from "./transport-refused.ts";
import { describeStreams } from "./transport-streams.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const echo = (message: Buffer): Buffer => message;
const never = (): Promise<never> => new Promise(() => {});

export function describeTransport(name: string, factory: TransportFactory): void {
  describe(`transport ${name}`, () => {
    const disposals: (() => unknown)[] = [];
    const bench: Bench = {
      backend: async (handlers, options) => {
        const backend = await startBackend(handlers, options);
        disposals.push(() => backend.close());
        return backend;
      },
      open: (target, options = {}) => {
        const transport = factory({ target, tls: options.tls }, { ...testLimits, ...options.limits });
        disposals.push(() => transport.close());
        return transport;
      },
      later: (dispose) => disposals.push(dispose),
    };
    afterEach(async () => {
      for (const dispose of disposals.splice(0).reverse()) await dispose();
    });

    describeUnary(bench);
    describeMetadata(bench);
    describeEndings(bench);
    describeLimits(bench);
    describeStreams(bench);
    describeConnecting(bench);
    describeHostileBackends(bench);
    describeRefusals(bench);
  });
}

function describeUnary(bench: Bench): void {
  describe("unary", () => {
    it("carries the message bytes both ways untouched", async () => {
      const backend = await bench.backend({ "/t.S/M": (message) => Buffer.concat([message, message]) });
      const reply = await bench.open(backend.target).unary(unaryCall("/t.S/M", Uint8Array.of(0, 255, 10, 128)));
      expect([...reply.message]).to.deep.equal([0, 255, 10, 128, 0, 255, 10, 128]);
    });

    it("carries empty messages", async () => {
      const backend = await bench.backend({ "/t.S/M": echo });
      const reply = await bench.open(backend.target).unary(unaryCall("/t.S/M"));
      expect(reply.message).to.have.length(0);
    });

    it("carries a message that is a view into a larger buffer", async () => {
      const backend = await bench.backend({ "/t.S/M": echo });
      const reply = await bench
        .open(backend.target)
        .unary(unaryCall("/t.S/M", new Uint8Array([1, 2, 3, 4]).subarray(1, 3)));
      expect([...reply.message]).to.deep.equal([2, 3]);
    });

    it("answers 500 calls at once, each with its own reply", async () => {
      const backend = await bench.backend({ "/t.S/M": echo });
      const transport = bench.open(backend.target);
      const replies = await Promise.all(
        Array.from({ length: 500 }, (_, i) => transport.unary(unaryCall("/t.S/M", Buffer.from(`${i}`)))),
      );
      expect(replies.map(({ message }) => text(message))).to.deep.equal(Array.from({ length: 500 }, (_, i) => `${i}`));
    });

    for (let code = 1; code <= 16; code++) {
      it(`passes status ${code} with its message, details and trailers on`, async () => {
        const details = Buffer.from([8, code, 18, 1, 120]);
        const backend = await bench.backend({
          "/t.S/M": (_, call) => {
            call.trailer("x-why", "because");
            throw new BackendError(code, "no, 100 % über", details);
          },
        });
        const error = await failureOf(bench.open(backend.target).unary(unaryCall("/t.S/M")));
        expect(error.code).to.equal(code);
        expect(error.message).to.equal("no, 100 % über");
        expect(error.statusBytes).to.deep.equal(details);
        expect(error.reason).to.equal(undefined);
        expect(error.backendTrailers).to.deep.equal(["x-why", "because"]);
      });
    }

    it("keeps the headers that came before a failure", async () => {
      const backend = await bench.backend({
        "/t.S/M": {
          stream: (call) => {
            const headers = call.metadata.clone();
            headers.set("x-early", "1");
            call.sendMetadata(headers);
            call.emit("error", toStatus(new BackendError(5, "gone")));
          },
        },
      });
      const error = await failureOf(bench.open(backend.target).unary(unaryCall("/t.S/M")));
      expect(error.code).to.equal(Code.NOT_FOUND);
      expect(getMetadata(error.backendHeaders, "x-early")).to.equal("1");
    });

    it("reports a method the backend does not have as UNIMPLEMENTED", async () => {
      const backend = await bench.backend({ "/t.S/M": echo });
      const error = await failureOf(bench.open(backend.target).unary(unaryCall("/t.S/Other")));
      expect(error.code).to.equal(Code.UNIMPLEMENTED);
    });
  });
}

function describeMetadata(bench: Bench): void {
  describe("metadata", () => {
    it("reaches the backend with repeated names in order and -bin values as bytes", async () => {
      const backend = await bench.backend({ "/t.S/M": echo });
      const metadata = ["x-one", "1", "x-many", "a", "x-many", "b", "x-raw-bin", "AP8", "x-raw-bin", "AQI="];
      await bench.open(backend.target).unary(unaryCall("/t.S/M", undefined, { metadata }));
      const seen = backend.calls[0].metadata;
      expect(seen.get("x-one")).to.deep.equal(["1"]);
      expect(seen.get("x-many")?.join(", ")).to.equal("a, b");
      expect(seen.get("x-raw-bin")).to.deep.equal([Buffer.from([0, 255]), Buffer.from([1, 2])]);
    });

    it("comes back as headers and trailers, without what belongs to the protocol", async () => {
      const backend = await bench.backend({
        "/t.S/M": (message, call) => {
          call.header("x-head", "h");
          call.header("x-head-bin", Buffer.from([1, 2, 3]));
          call.trailer("x-trail", "t1");
          call.trailer("x-trail", "t2");
          return message;
        },
      });
      const reply = await bench.open(backend.target).unary(unaryCall("/t.S/M"));
      expect(reply.headers).to.deep.equal(["x-head", "h", "x-head-bin", "AQID"]);
      expect(reply.trailers.filter((_, i) => i % 2 === 1).join(", ")).to.equal("t1, t2");
    });

    it("never carries names of the transport itself", async () => {
      const backend = await bench.backend({ "/t.S/M": echo });
      const metadata = [
        "connection",
        "close",
        "transfer-encoding",
        "chunked",
        "content-length",
        "7",
        "host",
        "evil",
        "grpc-timeout",
        "1n",
        "te",
        "gzip",
      ];
      const reply = await bench.open(backend.target).unary(unaryCall("/t.S/M", Buffer.from("ok"), { metadata }));
      expect(text(reply.message)).to.equal("ok");
      for (const name of ["connection", "transfer-encoding", "content-length", "host"])
        expect(backend.calls[0].metadata.has(name), name).to.equal(false);
    });

    for (const [why, metadata] of [
      ["an illegal name", ["X Bad", "1"]],
      ["a pseudo header", [":path", "/other"]],
      ["a control character", ["x-bad", "a\r\nb"]],
      ["a second value of a single-value header", ["referer", "a", "referer", "b"]],
    ] as const) {
      it(`refuses ${why} without harm to other calls`, async () => {
        const arrived = createSignal<void>();
        const answer = createSignal<void>();
        const backend = await bench.backend({
          "/t.S/Slow": async (message) => {
            arrived.resolve();
            await answer.promise;
            return message;
          },
          "/t.S/M": echo,
        });
        const transport = bench.open(backend.target);
        const slow = transport.unary(unaryCall("/t.S/Slow", Buffer.from("slow")));
        await arrived.promise;
        const error = await failureOf(transport.unary(unaryCall("/t.S/M", undefined, { metadata })));
        expect(error.code).to.equal(Code.INVALID_ARGUMENT);
        expect(error.reason).to.equal("METADATA_INVALID");
        answer.resolve();
        expect(text((await slow).message)).to.equal("slow");
      });
    }
  });
}

function describeEndings(bench: Bench): void {
  describe("deadline and cancellation", () => {
    it("sends the remaining time along", async () => {
      let left = 0;
      const backend = await bench.backend({
        "/t.S/M": (message, call) => {
          left = call.deadline - Date.now();
          return message;
        },
      });
      await bench.open(backend.target).unary(unaryCall("/t.S/M", undefined, { timeout: 60_000 }));
      expect(left).to.be.within(50_000, 60_100);
    });

    it("sends none when there is none", async () => {
      let seen: number | undefined;
      const backend = await bench.backend({ "/t.S/M": (message, call) => ((seen = call.deadline), message) });
      await bench.open(backend.target).unary(unaryCall("/t.S/M", undefined, { timeout: Infinity }));
      expect(seen).to.equal(Infinity);
    });

    it("ends a call whose backend never answers, without naming the backend", async () => {
      let gone: Promise<void> | undefined;
      const backend = await bench.backend({ "/t.S/M": (_, call) => ((gone = call.cancelled), never()) });
      const transport = bench.open(backend.target);
      await transport.connect(5000);
      const error = await failureOf(transport.unary(unaryCall("/t.S/M", undefined, { timeout: 1000 })));
      expect(error.code).to.equal(Code.DEADLINE_EXCEEDED);
      expect(error.message).to.equal("deadline exceeded");
      await gone;
    });

    it("calls nobody when the deadline has passed already", async () => {
      const backend = await bench.backend({ "/t.S/M": echo });
      const error = await failureOf(bench.open(backend.target).unary(unaryCall("/t.S/M", undefined, { timeout: -1 })));
      expect(error.code).to.equal(Code.DEADLINE_EXCEEDED);
      expect(backend.calls).to.have.length(0);
    });

    it("resets the call at the backend when it is cancelled, and rejects with the given error", async () => {
      const cancellation = new Cancellation();
      const arrived = createSignal<void>();
      let gone: Promise<void> | undefined;
      const backend = await bench.backend({
        "/t.S/M": (_, call) => {
          gone = call.cancelled;
          arrived.resolve();
          return never();
        },
      });
      const failure = failureOf(bench.open(backend.target).unary(unaryCall("/t.S/M", undefined, { cancellation })));
      await arrived.promise;
      cancellation.cancel(clientLeft());
      await gone;
      expect((await failure).message).to.equal("client left");
    });

    it("calls nobody when it was cancelled before", async () => {
      const cancellation = new Cancellation();
      cancellation.cancel(clientLeft());
      const backend = await bench.backend({ "/t.S/M": echo });
      const error = await failureOf(bench.open(backend.target).unary(unaryCall("/t.S/M", undefined, { cancellation })));
      expect(error.message).to.equal("client left");
      expect(backend.calls).to.have.length(0);
    });

    it("ignores a cancellation after the end", async () => {
      const cancellation = new Cancellation();
      const backend = await bench.backend({ "/t.S/M": echo });
      const reply = await bench.open(backend.target).unary(unaryCall("/t.S/M", Buffer.from("x"), { cancellation }));
      cancellation.cancel(clientLeft());
      expect(text(reply.message)).to.equal("x");
    });
  });
}

function describeLimits(bench: Bench): void {
  describe("limits", () => {
    const max = testLimits.maxMessageBytes;

    it("carries messages of exactly the limit both ways", async () => {
      const backend = await bench.backend({ "/t.S/M": echo });
      const message = Buffer.alloc(max, 7);
      const reply = await bench.open(backend.target).unary(unaryCall("/t.S/M", message));
      expect(Buffer.from(reply.message).equals(message)).to.equal(true);
    });

    it("refuses a larger request before it is sent", async () => {
      const backend = await bench.backend({ "/t.S/M": echo });
      const error = await failureOf(bench.open(backend.target).unary(unaryCall("/t.S/M", Buffer.alloc(max + 1))));
      expect([error.code, error.reason]).to.deep.equal([Code.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE"]);
      expect(backend.calls).to.have.length(0);
    });

    it("refuses a larger reply and goes on with other calls", async () => {
      const backend = await bench.backend({ "/t.S/Big": () => Buffer.alloc(max + 1), "/t.S/M": echo });
      const transport = bench.open(backend.target);
      const error = await failureOf(transport.unary(unaryCall("/t.S/Big")));
      expect([error.code, error.reason]).to.deep.equal([Code.RESOURCE_EXHAUSTED, "UPSTREAM_MESSAGE_TOO_LARGE"]);
      expect(text((await transport.unary(unaryCall("/t.S/M", Buffer.from("ok")))).message)).to.equal("ok");
    });

    it("refuses request metadata over the limit", async () => {
      const backend = await bench.backend({ "/t.S/M": echo });
      const metadata = ["x-large", "x".repeat(testLimits.maxMetadataBytes)];
      const error = await failureOf(bench.open(backend.target).unary(unaryCall("/t.S/M", undefined, { metadata })));
      expect([error.code, error.reason]).to.deep.equal([Code.RESOURCE_EXHAUSTED, "METADATA_TOO_LARGE"]);
    });
  });
}
