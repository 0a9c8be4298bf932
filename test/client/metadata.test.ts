// Metadata that no call can have: refused where it is given, before a socket or a request of others has to do with it.
import { expect } from "chai";
import { checkMetadata } from "../../src/client/check-metadata.ts";
import { connect } from "../../src/client/client.ts";
import type { Metadata, MethodInfo } from "../../src/client/client.ts";
import { isReservedMetadata } from "../../src/metadata.ts";
import { startCounter } from "./counter.ts";
import type { CounterGateway, Item } from "./counter.ts";
import { methodInfo, nodeWebSocket, openPage } from "./fixture.ts";

const bad: readonly (readonly [what: string, metadata: unknown, named: string])[] = [
  ["a number", { "x-count": 1 }, "x-count"],
  ["undefined", { "x-none": undefined }, "x-none"],
  ["null", { "x-null": null }, "x-null"],
  ["an object", { "x-object": {} }, "x-object"],
  ["null in an array", { "x-list": ["a", null] }, "x-list"],
  ["an array in an array", { "x-list": [["a"]] }, "x-list"],
  ["what is no ASCII", { "x-text": "caf\u00e9" }, "x-text"],
  ["a line break", { "x-text": "a\r\nb: c" }, "x-text"],
  ["no name", { "": "a" }, ""],
  ["a name in upper case", { "X-Text": "a" }, "X-Text"],
  ["a name with a space", { "x text": "a" }, "x text"],
  ["null for all", null, ""],
  ["a number for all", 5, ""],
  ["text for all", "x: a", ""],
  ["an array for all", [], ""],
  ["Headers", new Headers({ "x-text": "a" }), ""],
];

const reserved =
  "connection keep-alive proxy-connection proxy-authenticate te trailer transfer-encoding upgrade host expect content-type content-length content-encoding grpc-timeout grpc-status connect-timeout-ms sluice-x grpcgateway-authorization".split(
    " ",
  );

describe("the metadata of the browser client", () => {
  let gateway: CounterGateway;
  const methods: Record<string, MethodInfo> = {};

  before(async () => {
    gateway = await startCounter();
    for (const name of ["Get", "Watch"]) methods[name] = methodInfo(gateway, name);
  });

  after(() => gateway.close());

  for (const way of ["a socket", "fetch"]) {
    it(`refuses what cannot be sent over ${way} for that call alone`, async () => {
      // Without a WebSocket at all, as Node 20 has none, calls go over fetch.
      const page = openPage(gateway.url, way === "fetch" ? { WebSocket: undefined, fetch } : {});
      const client = page.client;
      const stream = client.stream<Item>(methods["Watch"], { count: "1", act: "hang" });
      expect((await stream.next()).value?.number).to.equal("1");
      const seen = gateway.calls.length;
      for (const [what, metadata, named] of bad) {
        const options = { metadata: metadata as Metadata };
        for (const call of [client.single, client.stream])
          expect(() => call(methods["Get"], {}, options), what).to.throw(TypeError, `metadata "${named}": `);
      }
      expect((await client.single<Item>(methods["Get"], { count: "2" })).number).to.equal("2");
      expect(gateway.calls.length - seen).to.equal(1);
      stream.cancel();
      expect((await stream.status).status).to.equal("CANCELLED");
      client.close();
    });
  }

  it("refuses it for all calls of a connection", () => {
    for (const [what, metadata] of bad)
      expect(() => connect("/", { metadata: metadata as Metadata }), what).to.throw(TypeError);
  });

  it("lets names and values through that gRPC knows", async () => {
    const client = connect(gateway.url, { WebSocket: nodeWebSocket, fetch: false });
    const metadata = {
      "x-request-id": "~ a!",
      "trace_id.1": ["a", "b"],
      "x-bin": "AAE",
      "grpc-metadata-x": "",
      "x-empty": [],
      te2: "a",
      hosts: "a",
    };
    await client.single(methods["Get"], { count: "1" }, { metadata });
    await client.single(methods["Get"], { count: "1" }, { metadata: Object.assign(Object.create(null), metadata) });
    client.close();
  });

  it("refuses no name but those that the gateway would not let through either", () => {
    for (const name of reserved) {
      expect(() => checkMetadata({ [name]: "a" }), name).to.throw(TypeError, name);
      expect(isReservedMetadata(name), name).to.equal(true);
    }
  });
});
