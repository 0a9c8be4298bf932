// Row 24 of docs/attacks.md, and credentials in two places: they mean one thing, or nothing, and a page of another site has none of its visitor's.
import { expect } from "chai";
import { secretIssuer, tokenOf } from "../matrix/secret-issuer.ts";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import type { Attempt } from "./attempt.ts";
import { protos, unaryWays, ways } from "./ways.ts";

const good = tokenOf({ sub: "ada" });
const forged = `${good.slice(0, -4)}AAAA`;
const bearer = (token: string): string => `Bearer ${token}`;

const cookieAuth = `${secretIssuer}\n  cookie: session\n`;

/** What one request brings, as HTTP lets it be said, and the code that comes of it. */
const brought: readonly (readonly [what: string, headers: NonNullable<Attempt["headers"]>, code: number])[] = [
  ["a token", [["authorization", bearer(good)]], 0],
  [
    "a token and a forged one",
    [
      ["authorization", bearer(good)],
      ["authorization", bearer(forged)],
    ],
    3,
  ],
  [
    "a forged token and one that is not",
    [
      ["authorization", bearer(forged)],
      ["authorization", bearer(good)],
    ],
    3,
  ],
  ["two tokens in one header", [["authorization", `${bearer(forged)}, ${bearer(good)}`]], 16],
  ["another scheme before the token", [["authorization", `Basic YTpi, ${bearer(good)}`]], 16],
  ["a token before another scheme", [["authorization", `${bearer(good)}, Basic YTpi`]], 16],
  [
    "a forged token, and a good one in the cookie",
    [
      ["authorization", bearer(forged)],
      ["cookie", `session=${good}`],
    ],
    16,
  ],
  [
    "a token, and a forged one in the cookie",
    [
      ["authorization", bearer(good)],
      ["cookie", `session=${forged}`],
    ],
    0,
  ],
  [
    "another scheme, and a token in the cookie",
    [
      ["authorization", "Basic YTpi"],
      ["cookie", `session=${good}`],
    ],
    16,
  ],
];

describe("credentials in two places", () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await startGateway({ protos, yaml: `websocket: { unary: true }\n${cookieAuth}` });
  });
  after(() => gateway.close());

  // Node's client, and an object of a multiplexed frame, hold a name once; lines of grpc-websockets are joined.
  const repeats = (name: string): boolean => name.startsWith("REST") || name === "a WebSocket in simple mode";
  for (const way of unaryWays)
    for (const [what, headers, code] of brought) {
      if (!repeats(way.name) && new Set(headers.map(([name]) => name)).size < headers.length) continue;
      it(`mean one thing over ${way.name}: ${what}`, async () => {
        const before = gateway.calls.length;
        const outcome = await way.get(gateway, "a", headers);
        expect(outcome.code, outcome.text).to.equal(code);
        expect(gateway.calls.length - before).to.equal(code === 0 ? 1 : 0);
      });
    }

  it("are none in a sub-protocol that has two of them", async () => {
    const offer = [good, forged].map((token) => `bearer.${Buffer.from(token).toString("base64url")}`).join(", ");
    for (const protocol of ["sluice.v1.json", "sluice.mux.v1.json", "sluice.mux.v1.proto", "grpc-websockets"]) {
      const headers = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
      headers.push("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", `Sec-WebSocket-Protocol: ${protocol}, ${offer}`);
      const target = protocol.includes("mux") ? "/-/stream" : "/v1/stream/a";
      const { status } = await gateway.request({ method: "GET", target, headers });
      expect(status, protocol).to.equal(400);
    }
  });
});

/** What a browser says of a page of another site, and what else a request can be made to look like. */
const foreign: readonly (readonly string[])[] = [
  ["Origin: https://evil.example"],
  ["Origin: null"],
  ["Sec-Fetch-Site: cross-site"],
  ["Origin: https://a", "Sec-Fetch-Site: cross-site"],
  ["Origin: https://evil.example", "Upgrade: other"],
  ["Origin: https://evil.example", "Connection: Upgrade", "Upgrade: other"],
  ["Origin: https://evil.example", "Upgrade: websocket"],
  [
    "Origin: https://evil.example",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  ],
];

for (const enabled of [true, false])
  describe(`a page of another site, WebSockets ${enabled ? "on" : "off"}`, () => {
    let gateway: GatewayFixture;
    before(async () => {
      gateway = await startGateway({ protos, yaml: `websocket: { enabled: ${enabled} }\n${cookieAuth}` });
    });
    after(() => gateway.close());

    for (const headers of foreign)
      it(`calls nothing with the cookies of its visitor: ${headers.join(", ")}`, async () => {
        for (const target of ["/v1/unary/a", "/v1/stream/a"]) {
          const { status } = await gateway.request({
            method: "GET",
            target,
            headers: ["Host: a", `Cookie: session=${good}`, ...headers],
          });
          expect(status, target).to.be.oneOf([400, 401, 403]);
        }
        expect(gateway.calls).to.have.length(0);
      });

    it("is told apart from the gateway's own", async () => {
      const before = gateway.calls.length;
      const own = ["Host: a", `Cookie: session=${good}`, "Origin: https://a", "Sec-Fetch-Site: same-origin"];
      expect((await gateway.request({ method: "GET", target: "/v1/unary/a", headers: own })).status).to.equal(200);
      expect(gateway.calls.length - before).to.equal(1);
    });
  });

describe("an expired token", () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await startGateway({ protos, yaml: secretIssuer });
  });
  after(() => gateway.close());

  for (const way of ways)
    it(`opens nothing over ${way.name}`, async () => {
      for (const exp of [1, 1e9, Math.floor(Date.now() / 1000) - 120]) {
        const headers = [["authorization", bearer(tokenOf({ sub: "ada", exp }))]] as const;
        const { code, text } = await way.try(gateway, { headers, message: '{"text":"a"}' });
        expect(code, text).to.equal(16);
      }
      expect(gateway.calls).to.have.length(0);
    });
});
