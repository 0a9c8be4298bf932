// Bans over real sockets: who is counted, who is banned, what a banned client gets on every way to call the gateway.
import { expect } from "chai";
import type { Authenticate } from "../../src/caller.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { pairs } from "../matrix/pairs.ts";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { MuxConnection } from "../support/stream-mux-client.ts";
import type { Refused } from "../support/stream-websocket-client.ts";
import { exchangeRaw, openRaw } from "../support/raw-http.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M { string text = 1; }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/notes" }; }
    rpc Watch(M) returns (stream M) { option (google.api.http) = { get: "/v1/watch" }; }
  }
`;

const authenticate: Authenticate = ({ headers }) => {
  const name = String(headers["authorization"] ?? "");
  if (name.endsWith("bad")) throw new GatewayError(Code.UNAUTHENTICATED, "who are you", { reason: "TOKEN_INVALID" });
  return name === "" ? undefined : { principal: name, expiresAt: Infinity };
};

describe("bans", () => {
  let gateway: GatewayFixture;
  afterEach(() => gateway.close());

  const start = async (settings: string, { more = "", asks = false } = {}): Promise<void> => {
    const yaml = `bans: { enabled: true, exempt: [], ${settings} }\n${more}`;
    gateway = await startGateway({ protos, yaml, options: asks ? { authenticate } : {} });
  };
  const get = async (target: string, ...headers: readonly string[]): Promise<number> =>
    (await gateway.request({ method: "GET", target, headers })).status;
  const times = async (count: number, run: () => Promise<number>): Promise<number[]> => {
    const seen: number[] = [];
    for (let i = 0; i < count; i++) seen.push(await run());
    return seen;
  };

  it("refuse an address that asked for what is not there, with the time to wait", async () => {
    await start("threshold: 3, duration: 1m, weights: { not_found: 1 }");
    expect(await times(4, () => get("/nothing"))).to.deep.equal([404, 404, 404, 429]);
    const { status, headers, body } = await gateway.request({ method: "GET", target: "/v1/notes" });
    expect(status).to.equal(429);
    expect(Number(headers.get("retry-after"))).to.be.within(1, 60);
    expect(body.toString()).to.contain('"reason":"BANNED"');
    expect(gateway.calls).to.deep.equal([]);
  });

  it("count credentials that are no good, each as much as is said", async () => {
    await start("threshold: 10, weights: { unauthenticated: 5 }", { asks: true });
    expect(await times(3, () => get("/v1/notes", "Authorization: bad"))).to.deep.equal([401, 401, 429]);
  });

  it("count what the backend says of callers, but not what it says of things", async () => {
    await start("threshold: 4, weights: { permission_denied: 2 }");
    gateway.answerWith({ kind: "status", code: 5, message: "no such note" });
    expect(await times(6, () => get("/v1/notes"))).to.deep.equal(Array(6).fill(404));
    gateway.answerWith({ kind: "status", code: 7, message: "not yours" });
    expect(await times(3, () => get("/v1/notes"))).to.deep.equal([403, 403, 429]);
  });

  it("are a principal's where one is known, and leave its address alone", async () => {
    await start("threshold: 4, weights: { permission_denied: 2 }", { asks: true });
    gateway.answerWith({ kind: "status", code: 7, message: "not yours" });
    expect(await times(3, () => get("/v1/notes", "Authorization: mallory"))).to.deep.equal([403, 403, 429]);
    gateway.answerWith();
    expect(await get("/v1/notes", "Authorization: mallory")).to.equal(429);
    expect(await get("/v1/notes", "Authorization: alice")).to.equal(200);
  });

  it("count bytes that are no HTTP", async () => {
    await start("threshold: 2, weights: { malformed: 1 }");
    for (const text of ["GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"])
      expect((await exchangeRaw(gateway, text)).status).to.equal(400);
    expect(await get("/v1/notes")).to.equal(429);
  });

  it("count HTTP/2 and WebSocket frames that are none", async () => {
    await start("threshold: 2, weights: { malformed: 1 }");
    const http2 = await openRaw(gateway);
    http2.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    // DATA on stream 0.
    http2.send(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]));
    await http2.closed;
    expect(await get("/v1/notes")).to.equal(200);
    const socket = await openRaw(gateway);
    const lines = ["GET /v1/watch HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket"];
    socket.send(
      `${[...lines, "Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${"A".repeat(22)}==`].join("\r\n")}\r\n\r\n`,
    );
    // Not masked, and of a type there is none of.
    socket.send(Buffer.from([0xff, 0x01, 0x00]));
    await socket.closed;
    expect(await get("/v1/notes")).to.equal(429);
  });

  for (const form of ["json", "proto"] as const) {
    const open = (bearer?: string): Promise<MuxConnection> =>
      MuxConnection.open(`ws://${gateway.host}:${gateway.port}/-/stream`, form, bearer);

    it(`count what a socket of sluice.mux.v1.${form} asks for that is not there, and hold for a socket that is open`, async () => {
      await start("threshold: 3, weights: { not_found: 1 }");
      const connection = await open();
      const codes: unknown[] = [];
      for (let id = 1; id <= 5; id++) {
        const told = connection.next("status");
        const path = id === 5 ? "GET /v1/watch" : `GET /nothing/${id}`;
        connection.write({ t: "open", id, path, credit: 1 });
        codes.push((await told)["code"]);
      }
      expect(codes).to.deep.equal([5, 5, 5, 8, 8]);
      expect(gateway.calls).to.deep.equal([]);
      expect(gateway.metrics()).to.contain('sluice_misses_total{front="websocket",code="NOT_FOUND"} 3');
      expect(await get("/v1/notes")).to.equal(429);
      connection.socket.terminate();
    });

    it(`count the credentials that a socket of sluice.mux.v1.${form} tries`, async () => {
      await start("threshold: 10, weights: { unauthenticated: 5 }", { asks: true });
      for (let i = 0; i < 2; i++) expect(await open("bad").catch(({ ended }: Refused) => ended.code)).to.equal(16);
      expect(await get("/v1/notes", "Authorization: Bearer good")).to.equal(429);
    });
  }

  it("leave alone the address of a socket whose caller is known", async () => {
    await start("threshold: 2, weights: { not_found: 1 }", { asks: true });
    const connection = await MuxConnection.open(`ws://${gateway.host}:${gateway.port}/-/stream`, "json", "good");
    for (let id = 1; id <= 3; id++) {
      const told = connection.next("status");
      connection.write({ t: "open", id, path: "GET /nothing", credit: 1 });
      await told;
    }
    connection.socket.terminate();
    expect(await get("/v1/notes", "Authorization: Bearer good")).to.equal(429);
    expect(await get("/v1/notes", "Authorization: Bearer another")).to.equal(200);
  });

  it("spare addresses that are exempt, and the trusted proxies' own", async () => {
    await start("threshold: 1", { more: "http: { trusted_proxies: [127.0.0.1] }" });
    expect(await times(3, () => get("/nothing"))).to.deep.equal([404, 404, 404]);
    expect(await times(2, () => get("/nothing", "X-Forwarded-For: 192.0.2.1"))).to.deep.equal([404, 429]);
    // An IPv6 client is a network of addresses.
    expect(await get("/nothing", "X-Forwarded-For: 2001:db8::1")).to.equal(404);
    expect(await get("/nothing", "X-Forwarded-For: 2001:db8::2")).to.equal(429);
    expect(await get("/nothing", "X-Forwarded-For: 2001:db8:0:1::1")).to.equal(404);
    await gateway.close();
    gateway = await startGateway({ protos, yaml: "bans: { enabled: true, threshold: 1 }" });
    expect(await times(3, () => get("/nothing"))).to.deep.equal([404, 404, 404]);
  });

  it("are off by default", async () => {
    gateway = await startGateway({ protos });
    expect(new Set(await times(150, () => get("/nothing")))).to.deep.equal(new Set([404]));
  });
});

describe("a banned client", () => {
  let gateway: StreamGateway;
  before(async () => {
    gateway = await startStreamGateway({ yaml: "bans: { enabled: true, exempt: [], threshold: 1 }" });
    expect((await exchangeRaw(gateway, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")).status).to.equal(404);
  });
  after(() => gateway.close());

  for (const { transport, kind } of pairs)
    it(`is refused over ${transport.name}, ${kind}`, async () => {
      const call = await transport.open(gateway, kind);
      call.send({ run: `${transport.name} ${kind}`, count: 1 });
      call.end();
      const { code, how, message } = await call.ended;
      expect(code ?? how).to.be.oneOf([8, "HTTP 429"]);
      expect(message).to.contain("it is served again in");
    });

  it("shows in the metrics", () => {
    expect(gateway.metric("sluice_banned_clients")).to.equal(1);
    expect(gateway.metric("sluice_bans_total")).to.equal(1);
    expect(gateway.metric("sluice_ban_refusals_total")).to.be.greaterThan(pairs.length - 1);
  });
});
