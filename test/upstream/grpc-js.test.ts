// The grpc-js transport passes the suite of all transports; what it has of its own is here.
import http2 from "node:http2";
import { expect } from "chai";
import { Code } from "../../src/status.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js.ts";
import type { Transport } from "../../src/upstream/transport.ts";
import { failureOf, testLimits, unaryCall } from "./calls.ts";
import { answer, bodyOf, frame, grpcHead, type Http2Backend, type OnStream, serveHttp2 } from "./http2-backend.ts";
import { describeTransport } from "./transport-suite.ts";

describeTransport("grpc-js", createGrpcJsTransport);

describe("unary calls of grpc-js", () => {
  const disposals: (() => unknown)[] = [];
  afterEach(async () => {
    for (const dispose of disposals.splice(0).reverse()) await dispose();
  });
  const open = async (onStream: OnStream): Promise<Transport> => {
    const backend: Http2Backend = await serveHttp2(onStream);
    const transport = createGrpcJsTransport({ target: backend.target, tls: undefined }, testLimits);
    disposals.push(
      () => backend.close(),
      () => transport.close(),
    );
    // Node says GOAWAY with the stream before only where there was one.
    await transport.unary(unaryCall(first));
    return transport;
  };
  const first = "/t.S/First";

  for (const [how, refuse] of [
    ["refused", (stream: http2.ServerHttp2Stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)],
    ["left out of a GOAWAY", (stream: http2.ServerHttp2Stream) => stream.session?.goaway(0, (stream.id ?? 0) - 2)],
  ] as const) {
    it(`that are ${how} are sent again`, async () => {
      let tries = 0;
      const transport = await open((stream, headers) => {
        if (headers[":path"] !== first && ++tries === 1) refuse(stream);
        else void bodyOf(stream).then((body) => answer(stream, body));
      });
      const { message } = await transport.unary(unaryCall("/t.S/M", Buffer.from("again")));
      expect([Buffer.from(message).toString(), tries]).to.deep.equal(["again", 2]);
    });
  }

  it("that are refused twice are UNAVAILABLE", async () => {
    let tries = 0;
    const transport = await open((stream, headers) => {
      if (headers[":path"] === first || ++tries > 2) answer(stream, frame("ok"));
      else stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    });
    expect((await failureOf(transport.unary(unaryCall("/t.S/M")))).code).to.equal(Code.UNAVAILABLE);
    expect(tries).to.equal(2);
  });

  it("that the backend has begun to answer are not sent again", async () => {
    let tries = 0;
    const transport = await open((stream, headers) => {
      if (headers[":path"] === first) {
        answer(stream, frame("ok"));
        return;
      }
      tries++;
      stream.respond(grpcHead);
      stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    });
    await failureOf(transport.unary(unaryCall("/t.S/M")));
    expect(tries).to.equal(1);
  });

  it("get the values of one name joined, as Node has them, and bytes one by one", async () => {
    const transport = await open((stream) => {
      const several = { "x-a": ["1", "2"], "x-b-bin": ["AQ", "Ag"] };
      void bodyOf(stream).then(() => answer(stream, frame("ok"), several, { "grpc-status": "0", "x-t": ["1", "2"] }));
    });
    const { headers, trailers } = await transport.unary(unaryCall("/t.S/M"));
    expect(headers).to.deep.equal(["x-a", "1, 2", "x-b-bin", "AQ", "x-b-bin", "Ag"]);
    expect(trailers).to.deep.equal(["x-t", "1, 2"]);
  });
});
