// What the native transport puts on the wire and makes of what comes back: headers, statuses, resets, compression.
import http2 from "node:http2";
import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { expect } from "chai";
import { compressedForm, decompressMessage } from "../../src/compression.ts";
import type { Metadata } from "../../src/metadata.ts";
import { Code } from "../../src/status.ts";
import { createNativeTransport, createNativeTransportWith } from "../../src/upstream/native.ts";
import type { Transport, TransportFactory } from "../../src/upstream/transport.ts";
import { failureOf, readAll, streamCall, testLimits, unaryCall } from "./calls.ts";
import { answer, bodyOf, frame, grpcHead, type OnStream, serveHttp2 } from "./http2-backend.ts";

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

describe("native transport, on the wire", () => {
  const disposals: (() => unknown)[] = [];
  afterEach(async () => {
    for (const dispose of disposals.splice(0).reverse()) await dispose();
  });
  const open = async (onStream: OnStream, factory: TransportFactory = createNativeTransport): Promise<Transport> => {
    const backend = await serveHttp2(onStream);
    disposals.push(() => backend.close());
    const transport = factory({ target: backend.target, tls: undefined }, testLimits);
    disposals.push(() => transport.close());
    return transport;
  };
  const call = (transport: Transport, metadata: Metadata = []) =>
    transport.unary(unaryCall("/t.S/M", Buffer.from("hello"), { metadata }));

  it("sends the headers gRPC asks for, and no more", async () => {
    let seen: http2.IncomingHttpHeaders = {};
    const transport = await open((stream, headers) => {
      seen = headers;
      answer(stream, frame("ok"));
    });
    await transport.unary(
      unaryCall("/t.S/M", undefined, { timeout: 5000, metadata: ["x-a", "1", "x-bin", "AQ==,Ag"] }),
    );
    const { "grpc-timeout": timeout, "user-agent": agent, ":authority": authority, ...rest } = seen;
    expect(timeout).to.match(/^(?:5000|[1-4]?\d{1,3})m$/);
    expect(agent).to.match(/^sluice\/\d+\.\d+\.\d+/);
    expect(authority).to.match(/^127\.0\.0\.1:\d+$/);
    expect(Object.fromEntries(Object.entries(rest))).to.deep.equal({
      ":method": "POST",
      ":scheme": "http",
      ":path": "/t.S/M",
      te: "trailers",
      "content-type": "application/grpc",
      "grpc-accept-encoding": "identity,gzip,deflate",
      "x-a": "1",
      "x-bin": "AQ, Ag",
    });
  });

  it("refuses binary metadata that is not base64", async () => {
    const transport = await open((stream) => answer(stream, frame("ok")));
    const error = await failureOf(call(transport, ["x-bin", "a$"]));
    expect([error.code, error.reason]).to.deep.equal([Code.INVALID_ARGUMENT, "METADATA_INVALID"]);
  });

  it("takes binary reply metadata in lists apart", async () => {
    const transport = await open((stream) =>
      answer(stream, frame("ok"), { "x-bin": "AQ==,Ag", "x-text": "a,b" }, { "grpc-status": "0", "y-bin": "Aw" }),
    );
    const reply = await call(transport);
    expect(reply.headers.join(" ")).to.equal("x-bin AQ x-bin Ag x-text a,b");
    expect(reply.trailers).to.deep.equal(["y-bin", "Aw"]);
  });

  for (const [status, code] of [
    [400, Code.INTERNAL],
    [401, Code.UNAUTHENTICATED],
    [403, Code.PERMISSION_DENIED],
    [404, Code.UNIMPLEMENTED],
    [429, Code.UNAVAILABLE],
    [500, Code.UNKNOWN],
    [502, Code.UNAVAILABLE],
    [503, Code.UNAVAILABLE],
    [504, Code.UNAVAILABLE],
    [204, Code.UNKNOWN],
    [302, Code.UNKNOWN],
  ] as const) {
    it(`reads HTTP ${status} as ${code}, unless gRPC's own status is there`, async () => {
      const transport = await open((stream, headers) =>
        stream.respond(
          { ":status": status, ...(headers["x-own"] !== undefined && { "grpc-status": "9", "grpc-message": "own" }) },
          { endStream: true },
        ),
      );
      expect((await failureOf(call(transport))).code).to.equal(code);
      const own = await failureOf(call(transport, ["x-own", "1"]));
      expect([own.code, own.message]).to.deep.equal([Code.FAILED_PRECONDITION, "own"]);
    });
  }

  for (const [name, code] of [
    ["NGHTTP2_NO_ERROR", Code.INTERNAL],
    ["NGHTTP2_PROTOCOL_ERROR", Code.INTERNAL],
    ["NGHTTP2_INTERNAL_ERROR", Code.INTERNAL],
    ["NGHTTP2_FLOW_CONTROL_ERROR", Code.INTERNAL],
    ["NGHTTP2_SETTINGS_TIMEOUT", Code.INTERNAL],
    ["NGHTTP2_FRAME_SIZE_ERROR", Code.INTERNAL],
    ["NGHTTP2_REFUSED_STREAM", Code.UNAVAILABLE],
    ["NGHTTP2_CANCEL", Code.UNAVAILABLE],
    ["NGHTTP2_COMPRESSION_ERROR", Code.INTERNAL],
    ["NGHTTP2_CONNECT_ERROR", Code.INTERNAL],
    ["NGHTTP2_ENHANCE_YOUR_CALM", Code.RESOURCE_EXHAUSTED],
    ["NGHTTP2_INADEQUATE_SECURITY", Code.PERMISSION_DENIED],
  ] as const) {
    it(`reads a reset with ${name.slice("NGHTTP2_".length)} as ${code}`, async () => {
      const transport = await open((stream) => stream.resume().close(http2.constants[name]));
      const error = await failureOf(call(transport));
      expect(error.code).to.equal(code);
      expect(error.message).to.be.oneOf(["the upstream broke the call off", "upstream unavailable"]);
    });
  }

  it("takes metadata with blanks at its ends, which are no part of it", async () => {
    const blank = { "x-a": " a b " };
    const transport = await open((stream) => answer(stream, frame("ok"), blank, { "grpc-status": "0", ...blank }));
    const { headers, trailers } = await call(transport);
    expect([headers, trailers]).to.deep.equal([
      ["x-a", "a b"],
      ["x-a", "a b"],
    ]);
  });

  it("hands on what came before a reset, and before the connection was lost", async () => {
    for (const end of [
      (stream: http2.ServerHttp2Stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
      (stream: http2.ServerHttp2Stream) => stream.session?.destroy(),
    ]) {
      const transport = await open((stream, headers) => {
        if (headers[":path"] === "/t.S/End") {
          answer(stream, frame("ending"));
          setTimeout(() => end(watching), 10);
          return;
        }
        watching = stream;
        stream.respond(grpcHead);
        for (const word of ["a", "b", "c"]) stream.write(frame(word));
      });
      let watching!: http2.ServerHttp2Stream;
      const reply = transport.stream(streamCall("/t.S/Watch"));
      await reply.headers;
      await transport.unary(unaryCall("/t.S/End"));
      await failureOf(reply.trailers);
      for (const word of ["a", "b", "c"]) expect(text(await reply.messages.read())).to.equal(word);
      await failureOf(reply.messages.read());
    }
  });

  for (const [encoding, shrink, expand] of [
    ["gzip", gzipSync, gunzipSync],
    ["deflate", deflateSync, inflateSync],
  ] as const) {
    describe(encoding, () => {
      it("is undone for replies, and known to who passes them on", async () => {
        for (const size of [5, 300_000]) {
          const packed = shrink(Buffer.alloc(size, "z"));
          const transport = await open((stream) => answer(stream, frame(packed, true), { "grpc-encoding": encoding }));
          const reply = await call(transport);
          expect(text(reply.message)).to.equal("z".repeat(size));
          expect(Buffer.compare(compressedForm(reply.message, encoding) ?? Buffer.of(), packed)).to.equal(0);
        }
      });

      it("is undone message by message in streams, in order", async () => {
        const sizes = [10, 200_000, 0, 20];
        const body = Buffer.concat(
          sizes.flatMap((size) => [frame(shrink(Buffer.alloc(size, "z")), true), frame("plain")]),
        );
        const transport = await open((stream) => answer(stream, body, { "grpc-encoding": encoding }));
        const messages = await readAll(transport.stream(streamCall("/t.S/M")).messages);
        expect(messages.map(({ length }) => length)).to.deep.equal(sizes.flatMap((size) => [size, 5]));
      });

      it("never makes more of a message than the limit", async () => {
        const bomb = shrink(Buffer.alloc(testLimits.maxMessageBytes + 1));
        const transport = await open((stream) => answer(stream, frame(bomb, true), { "grpc-encoding": encoding }));
        const stream = transport.stream(streamCall("/t.S/M"));
        for (const error of await Promise.all([call(transport), stream.messages.read()].map(failureOf))) {
          expect([error.code, error.reason]).to.deep.equal([Code.RESOURCE_EXHAUSTED, "UPSTREAM_MESSAGE_TOO_LARGE"]);
        }
      });

      it("is used for requests that came so, once the backend has said that it reads it", async () => {
        const bodies: { readonly encoding: string | string[] | undefined; readonly body: Buffer }[] = [];
        const transport = await open((stream, headers) => {
          void bodyOf(stream).then((body) => {
            bodies.push({ encoding: headers["grpc-encoding"], body });
            answer(stream, frame("ok"), { "grpc-accept-encoding": `identity,${encoding}` });
          });
        });
        const packed = shrink(Buffer.from("request"));
        const message = await decompressMessage(packed, encoding, 100);
        await transport.unary(unaryCall("/t.S/M", message));
        await transport.unary(unaryCall("/t.S/M", message));
        await transport.unary(unaryCall("/t.S/M", Buffer.from("plain")));
        expect(bodies).to.deep.equal([
          { encoding: undefined, body: frame("request") },
          { encoding, body: frame(packed, true) },
          { encoding: undefined, body: frame("plain") },
        ]);
      });

      it("is used for every request where the transport is told to", async () => {
        const transport = await open(
          (stream, headers) => {
            void bodyOf(stream).then((body) => {
              expect(headers["grpc-encoding"]).to.equal(encoding);
              expect(body[0]).to.equal(1);
              answer(stream, frame(expand(body.subarray(5))));
            });
          },
          createNativeTransportWith({ compression: encoding }),
        );
        for (const size of [3, 100_000]) {
          const reply = await transport.unary(unaryCall("/t.S/M", Buffer.alloc(size, "q")));
          expect(text(reply.message)).to.equal("q".repeat(size));
          const echoed = await readAll(transport.stream(streamCall("/t.S/M", [Buffer.alloc(size, "s")])).messages);
          expect(echoed.map(text)).to.deep.equal(["s".repeat(size)]);
        }
      });
    });
  }

  it("refuses a compressed message where no encoding was said", async () => {
    const transport = await open((stream) => answer(stream, frame(gzipSync("x"), true)));
    const error = await failureOf(call(transport));
    expect([error.code, error.reason]).to.deep.equal([Code.INTERNAL, "UPSTREAM_PROTOCOL"]);
  });

  for (const [where, size] of [
    ["over its own limit", 40_000],
    ["over what HTTP/2 takes", 120_000],
  ] as const) {
    it(`refuses reply headers ${where}`, async () => {
      const large = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`x-${i}`, "x".repeat(size / 10)]));
      const transport = await open((stream) => answer(stream, frame("ok"), large));
      const error = await failureOf(call(transport));
      expect([error.code, error.reason]).to.deep.equal([Code.RESOURCE_EXHAUSTED, "UPSTREAM_METADATA_TOO_LARGE"]);
    });
  }

  it("resets a call whose answer came before its request was sent", async () => {
    const code = new Promise<number>((resolve) => {
      void open((stream) => {
        stream.on("close", () => resolve(stream.rstCode));
        stream.respond({ ...grpcHead, "grpc-status": "7" }, { endStream: true });
      }).then(async (transport) => {
        const never = { read: () => new Promise<undefined>(() => {}) };
        const error = await failureOf(transport.stream(streamCall("/t.S/M", never)).trailers);
        expect(error.code).to.equal(Code.PERMISSION_DENIED);
      });
    });
    expect(await code).to.equal(http2.constants.NGHTTP2_NO_ERROR);
  });
});
