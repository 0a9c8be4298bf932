// What every transport makes of backends that break the rules: always one GatewayError, never a crash, and the next call works.
import http2 from "node:http2";
import { createServer, type Socket } from "node:net";
import { expect } from "chai";
import { Code } from "../../src/status.ts";
import { type Bench, failureOf, readAll, streamCall, unaryCall } from "./calls.ts";

/** `cut` tears the socket down without a word of HTTP/2. */
type Answer = (stream: http2.ServerHttp2Stream, cut: () => void) => void;

const frame = (text: string): Buffer => {
  const bytes = Buffer.alloc(5 + text.length);
  bytes.writeUInt32BE(text.length, 1);
  bytes.write(text, 5);
  return bytes;
};

const grpcHead = { ":status": 200, "content-type": "application/grpc" };

/** Headers, then the body, then trailers if any. */
const answer =
  (
    body: Buffer,
    trailers: http2.OutgoingHttpHeaders | undefined,
    headers: http2.OutgoingHttpHeaders = grpcHead,
  ): Answer =>
  (stream) => {
    stream.respond(headers, { waitForTrailers: trailers !== undefined });
    if (trailers !== undefined) stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end(body);
  };

const trailersOnly =
  (trailers: http2.OutgoingHttpHeaders): Answer =>
  (stream) =>
    stream.respond({ ...grpcHead, ...trailers }, { endStream: true });

interface Case {
  readonly name: string;
  readonly answer: Answer;
  readonly codes: readonly Code[];
  readonly message?: string;
}

const cases: readonly Case[] = [
  {
    name: "a status beyond the known ones",
    answer: trailersOnly({ "grpc-status": "99", "grpc-message": "odd" }),
    codes: [Code.UNKNOWN],
    message: "odd",
  },
  { name: "a status that is no number", answer: trailersOnly({ "grpc-status": "abc" }), codes: [Code.UNKNOWN] },
  { name: "a negative status", answer: trailersOnly({ "grpc-status": "-1" }), codes: [Code.UNKNOWN] },
  {
    name: "trailers only, with an error",
    answer: trailersOnly({ "grpc-status": "5", "grpc-message": "not%20here" }),
    codes: [Code.NOT_FOUND],
    message: "not here",
  },
  {
    name: "a message with broken percent encoding",
    answer: trailersOnly({ "grpc-status": "3", "grpc-message": "50%ZZ" }),
    codes: [Code.INVALID_ARGUMENT],
    message: "50%ZZ",
  },
  {
    name: "a message with blanks at its ends, as grpc-go writes them",
    answer: trailersOnly({ "grpc-status": "5", "grpc-message": " not here " }),
    codes: [Code.NOT_FOUND],
  },
  {
    name: "two statuses that contradict each other",
    answer: answer(frame("a"), { "grpc-status": ["0", "5"] }),
    codes: [Code.UNKNOWN],
  },
  {
    name: "trailers only, OK, without a message",
    answer: trailersOnly({ "grpc-status": "0" }),
    codes: [Code.INTERNAL],
  },
  { name: "OK without a message", answer: answer(Buffer.of(), { "grpc-status": "0" }), codes: [Code.INTERNAL] },
  {
    name: "two messages to a unary call",
    answer: answer(Buffer.concat([frame("a"), frame("b")]), { "grpc-status": "0" }),
    codes: [Code.INTERNAL],
  },
  { name: "no trailers", answer: answer(frame("a"), undefined), codes: [Code.INTERNAL, Code.UNKNOWN] },
  {
    name: "trailers without a status",
    answer: answer(frame("a"), { "x-other": "1" }),
    codes: [Code.INTERNAL, Code.UNKNOWN],
  },
  {
    name: "half a message",
    answer: answer(Buffer.from([0, 0, 0, 0, 9, 1]), undefined),
    codes: [Code.INTERNAL, Code.UNKNOWN],
  },
  {
    name: "a message that claims 4 GiB",
    answer: answer(Buffer.from([0, 255, 255, 255, 255, 1]), { "grpc-status": "0" }),
    codes: [Code.RESOURCE_EXHAUSTED],
  },
  {
    name: "a compressed message in an unknown encoding",
    answer: answer(Buffer.from([1, 0, 0, 0, 1, 7]), { "grpc-status": "0" }, { ...grpcHead, "grpc-encoding": "x" }),
    codes: [Code.INTERNAL, Code.UNKNOWN, Code.UNIMPLEMENTED],
  },
  {
    name: "a compressed message that is none",
    answer: answer(Buffer.from([1, 0, 0, 0, 1, 7]), { "grpc-status": "0" }, { ...grpcHead, "grpc-encoding": "gzip" }),
    codes: [Code.INTERNAL],
  },
  {
    name: "an HTML page",
    answer: answer(Buffer.from("<html>hello</html>"), undefined, { ":status": 200, "content-type": "text/html" }),
    codes: [Code.UNKNOWN],
    message: "the upstream did not answer with gRPC",
  },
  {
    name: "an HTTP 503 page",
    answer: answer(Buffer.from("<html>busy</html>"), undefined, { ":status": 503, "content-type": "text/html" }),
    codes: [Code.UNAVAILABLE],
    message: "upstream unavailable",
  },
  { name: "an HTTP 404", answer: answer(Buffer.of(), undefined, { ":status": 404 }), codes: [Code.UNIMPLEMENTED] },
  {
    name: "header metadata over the limit",
    answer: answer(frame("a"), { "grpc-status": "0" }, { ...grpcHead, "x-large": "x".repeat(20_000) }),
    codes: [Code.RESOURCE_EXHAUSTED],
  },
  {
    name: "a thousand headers",
    answer: answer(
      frame("a"),
      { "grpc-status": "0" },
      { ...grpcHead, ...Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x-${i}`, "1"])) },
    ),
    codes: [Code.RESOURCE_EXHAUSTED, Code.INTERNAL, Code.UNAVAILABLE],
  },
  { name: "a reset", answer: (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), codes: [Code.INTERNAL] },
  {
    name: "a refusal",
    answer: (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM),
    codes: [Code.UNAVAILABLE],
  },
  {
    name: "a reset after the headers",
    answer: (stream) => (stream.respond(grpcHead), stream.close(http2.constants.NGHTTP2_CANCEL)),
    // From Node 22 on, the end of the stream that Node sends before the reset comes alone: an answer without a status.
    codes: [Code.UNAVAILABLE, Code.UNKNOWN, Code.INTERNAL],
  },
  {
    name: "a GOAWAY instead of an answer",
    answer: (stream) => stream.session?.destroy(undefined, http2.constants.NGHTTP2_ENHANCE_YOUR_CALM),
    codes: [Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED],
  },
  { name: "a socket that is torn down", answer: (_, cut) => cut(), codes: [Code.UNAVAILABLE] },
];

export function describeHostileBackends(bench: Bench): void {
  describe("hostile backends", () => {
    for (const { name, answer: hostile, codes, message } of cases) {
      it(`turns ${name} into an error of the call`, async () => {
        const target = await serve(bench, hostile);
        const transport = bench.open(target);
        const error = await failureOf(transport.unary(unaryCall("/t.S/M", Buffer.from("x"), { timeout: 10_000 })));
        expect(error.code).to.be.oneOf(codes);
        if (message !== undefined) expect(error.message).to.equal(message);
        expect(error.message).to.not.match(/127\.0\.0\.1|RST_STREAM|ECONN|larger than max/);
        const reply = await transport.unary(unaryCall("/t.S/Good", Buffer.from("x"), { timeout: 10_000 }));
        expect(Buffer.from(reply.message).toString()).to.equal("good");
      });
    }

    it("reads over informational responses", async () => {
      const target = await serve(bench, (stream) => {
        stream.additionalHeaders({ ":status": 103, "x-hint": "1" });
        answer(frame("late"), { "grpc-status": "0" })(stream, () => {});
      });
      const reply = await bench.open(target).unary(unaryCall("/t.S/M"));
      expect(Buffer.from(reply.message).toString()).to.equal("late");
    });

    it("keeps the backend's status when its trailers are over the limit", async () => {
      const target = await serve(
        bench,
        answer(Buffer.of(), { "grpc-status": "5", "grpc-message": "gone", "x-large": "x".repeat(20_000) }),
      );
      const error = await failureOf(bench.open(target).unary(unaryCall("/t.S/M")));
      expect([error.code, error.message, error.backendTrailers]).to.deep.equal([Code.NOT_FOUND, "gone", []]);
    });

    it("delivers the messages of a stream that came in one piece with its error", async () => {
      const target = await serve(bench, answer(Buffer.concat(["a", "b", "c"].map(frame)), { "grpc-status": "9" }));
      const reply = bench.open(target).stream(streamCall("/t.S/M"));
      await failureOf(reply.trailers);
      for (const expected of ["a", "b", "c"])
        expect(Buffer.from((await reply.messages.read()) ?? []).toString()).to.equal(expected);
      expect((await failureOf(reply.messages.read())).code).to.equal(Code.FAILED_PRECONDITION);
    });

    it("bounds what a flood of empty messages leaves unread", async () => {
      const target = await serve(bench, answer(Buffer.alloc(5 * 100_000), { "grpc-status": "0" }));
      const reply = bench.open(target).stream(streamCall("/t.S/M"));
      await reply.headers;
      expect(await readAll(reply.messages)).to.have.length(100_000);
    });

    it("calls a server that speaks HTTP/1.1 unavailable", async () => {
      const server = createServer((socket) =>
        socket
          .on("error", () => {})
          .resume()
          .end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
      );
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      bench.later(() => new Promise((resolve) => server.close(resolve)));
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const error = await failureOf(
        bench.open(`127.0.0.1:${port}`).unary(unaryCall("/t.S/M", undefined, { timeout: 10_000 })),
      );
      expect([error.code, error.message]).to.deep.equal([Code.UNAVAILABLE, "upstream unavailable"]);
    });
  });
}

async function serve(bench: Bench, hostile: Answer): Promise<string> {
  const server = http2.createServer({ maxSendHeaderBlockLength: 1_000_000 });
  const sessions = new Set<http2.ServerHttp2Session>();
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {}).resume();
    if (headers[":path"] === "/t.S/Good") answer(frame("good"), { "grpc-status": "0" })(stream, cut);
    else hostile(stream, cut);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  bench.later(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const session of sessions) session.destroy();
    await closed;
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}
