// The grpc-js transport passes the suite of all transports; what it has of its own is here.
import { expect } from "chai";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js.ts";
import { testLimits, unaryCall } from "./calls.ts";
import { answer, bodyOf, frame, serveHttp2 } from "./http2-backend.ts";
import { describeTransport } from "./transport-suite.ts";

describeTransport("grpc-js", createGrpcJsTransport);

describe("unary calls of grpc-js", () => {
  const disposals: (() => unknown)[] = [];
  afterEach(async () => {
    for (const dispose of disposals.splice(0).reverse()) await dispose();
  });

  it("get the values of one name joined, as Node has them, and bytes one by one", async () => {
    const backend = await serveHttp2((stream) => {
      const several = { "x-a": ["1", "2"], "x-b-bin": ["AQ", "Ag"] };
      void bodyOf(stream).then(() => answer(stream, frame("ok"), several, { "grpc-status": "0", "x-t": ["1", "2"] }));
    });
    const transport = createGrpcJsTransport({ target: backend.target, tls: undefined }, testLimits);
    disposals.push(
      () => backend.close(),
      () => transport.close(),
    );
    const { headers, trailers } = await transport.unary(unaryCall("/t.S/M"));
    expect(headers).to.deep.equal(["x-a", "1, 2", "x-b-bin", "AQ", "x-b-bin", "Ag"]);
    expect(trailers).to.deep.equal(["x-t", "1, 2"]);
  });
});
