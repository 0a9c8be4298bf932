// Rows 7, 9 and 10 of docs/attacks.md: what a client says of itself in headers, or in the metadata of a frame, never becomes what the gateway says.
import { expect } from "chai";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { protos, ways } from "./ways.ts";

const evil = "evil-value";

/** Names that are the gateway's, gRPC's or HTTP's to set, in the spellings that have passed elsewhere. */
const names = [
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Proto",
  "X-Real-IP",
  "Forwarded",
  "Grpc-Status",
  "Grpc-Message",
  "Grpc-Encoding",
  "Grpc-Status-Details-Bin",
  "Grpc-Metadata-X-User-Id",
  "Grpc-Metadata-Grpc-Status",
  "Grpc-Metadata-X-Forwarded-For",
  "Grpcgateway-Authorization",
  "Sluice-User",
  "Connect-Protocol-Version",
  "X-Envoy-Original-Path",
  "X-Http-Method-Override",
  "X-Original-Url",
  "X-User-Id",
  "X-Http-Code",
  "User-Agent",
  "Te",
  "Trailer",
  "Proxy-Authorization",
];

/** Names with an underscore, or that are objects' own. */
const odd = ["X_User_Id", "x_forwarded_for", "__proto__", "constructor", "hasOwnProperty"];

describe("metadata that is not a client's to set", () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await startGateway({ protos });
  });
  after(() => gateway.close());

  for (const way of ways)
    // gRPC must say `te: trailers`, once.
    for (const name of [...names, ...odd].filter((each) => !way.name.startsWith("gRPC") || each !== "Te"))
      it(`does not reach the backend over ${way.name}: ${name}`, async () => {
        const before = gateway.calls.length;
        const { code } = await way.try(gateway, { headers: [[name, evil]], message: '{"text":"a"}' });
        const calls = gateway.calls.slice(before);
        // Refused, or served without; gRPC passes on what is nobody's name, as a gRPC proxy must.
        if (code !== 0) expect(calls).to.deep.equal([]);
        for (const { metadata } of calls) {
          const mine = metadata.filter(([, value]) => value.includes(evil)).map(([key]) => key);
          const passed = way.passesNames ? mine.filter((key) => isReserved(key)) : mine;
          expect(passed, name).to.deep.equal([]);
        }
      });

  for (const way of ways)
    it(`has one meaning for the address over ${way.name}`, async () => {
      await way.try(gateway, { headers: [["X-Forwarded-For", "192.0.2.1"]], message: '{"text":"a"}' });
      const seen = gateway.calls.at(-1)?.metadata.filter(([name]) => name === "x-forwarded-for");
      expect(seen).to.deep.equal([["x-forwarded-for", "127.0.0.1"]]);
    });
});

/** As proxies write it that are trusted: the last one that is not theirs is the client, and that one is not served. */
const denied = [
  "192.0.2.1",
  "::ffff:192.0.2.1",
  "::FFFF:c000:201",
  "192.0.2.1:4711",
  "2001:DB8:0::1",
  "[2001:db8::1]",
  "[2001:db8::1]:4711",
  "1.1.1.1, 192.0.2.1",
  "1.1.1.1, 192.0.2.1:4711, 10.0.0.1:443, 127.0.0.1",
  "unknown, 192.0.2.1, [::ffff:10.0.0.1]:443",
];

describe("an address that trusted proxies tell", () => {
  let gateway: GatewayFixture;
  before(async () => {
    const yaml = `http: { trusted_proxies: [127.0.0.1, "10.0.0.0/8"] }\naccess: { deny: [192.0.2.1, "2001:db8::/32"] }\n`;
    gateway = await startGateway({ protos, yaml });
  });
  after(() => gateway.close());

  // What frames bring is no header of a proxy.
  for (const way of ways.filter(({ name }) => !/multiplexed|grpc-websockets/.test(name)))
    it(`is understood however it is written over ${way.name}`, async () => {
      for (const chain of denied) {
        const headers = [["X-Forwarded-For", chain]] as const;
        const { code, text } = await way.try(gateway, { headers, message: '{"text":"a"}' });
        expect(code, `${chain} ${text}`).to.equal(7);
      }
      expect(gateway.calls).to.have.length(0);
    });

  it("is passed on plain", async () => {
    await gateway.request({ method: "GET", target: "/v1/unary/a", headers: ["X-Forwarded-For: 192.0.2.9:4711"] });
    expect(gateway.calls.at(-1)?.metadata).to.deep.include(["x-forwarded-for", "192.0.2.9, 127.0.0.1"]);
  });
});

/** gRPC's, HTTP's and the gateway's own. */
function isReserved(name: string): boolean {
  return /^(?:grpc-|:|connect-|sluice-|grpcgateway-|x-forwarded-|x-real-ip$|forwarded$|te$|trailer$|proxy-|user-agent$|x-http-code$)/.test(
    name,
  );
}
