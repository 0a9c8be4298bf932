// A gateway whose YAML says who may call: what each level asks, what backends are told, and what happens when keys or credentials go.
import { connect as connectHttp2 } from "node:http2";
import { expect } from "chai";
import { goodClaims, goodToken } from "./chain/authenticate/forged-tokens.ts";
import type { ForgeryKit } from "./chain/authenticate/forged-tokens.ts";
import { answerKeys, createKey, KeyServer, makeToken } from "./chain/authenticate/token-kit.ts";
import type { Json } from "./chain/authenticate/token-kit.ts";
import { startGateway } from "./support/gateway.ts";
import type { GatewayFixture } from "./support/gateway.ts";
import { exchangeRaw, request } from "./support/raw-http.ts";
import type { RawResponse } from "./support/raw-http.ts";
import { encodeAsk, methods } from "./support/stream-backend.ts";
import type { Kind } from "./support/stream-backend.ts";
import { startStreamGateway } from "./support/stream-gateway.ts";
import type { StreamGateway } from "./support/stream-gateway.ts";
import { grpc } from "./support/stream-grpc-client.ts";
import { MuxConnection } from "./support/stream-mux-client.ts";
import { transports } from "./matrix/pairs.ts";

const rsa = createKey("RS256", "rsa-1");
const kit: ForgeryKit = {
  rsa,
  ec: createKey("ES256", "ec-1"),
  weak: rsa,
  issuer: "https://idp.example",
  audience: "shop",
  attackersUrl: "http://127.0.0.1:9",
};

let keys: KeyServer;
let gateway: StreamGateway;

async function start(auth: readonly string[] = []): Promise<void> {
  keys ??= await new KeyServer(answerKeys(() => [rsa.jwk])).listen();
  const issuer = `{ issuer: ${kit.issuer}, jwks: "${keys.origin}/keys", audience: shop, algorithms: [RS256] }`;
  const lines = [
    "shedding: { enabled: false }",
    "auth:",
    "  issuers:",
    `    - ${issuer}`,
    ...auth.map((line) => `  ${line}`),
  ];
  gateway = await startStreamGateway({ yaml: lines.join("\n") });
}

function tokenOf(claims: Json): string {
  return makeToken({ alg: "RS256", kid: "rsa-1" }, { ...goodClaims(kit), ...claims }, rsa);
}

function post(path: string, headers: readonly string[], run = "rest"): Promise<RawResponse> {
  return exchangeRaw(gateway, request(`POST ${path}`, headers, JSON.stringify({ run, count: 1 })));
}

/** A gRPC call with any metadata; the status in its trailers. */
async function callGrpc(kind: Kind, headers: Readonly<Record<string, string | string[]>>, run: string): Promise<Json> {
  const session = connectHttp2(`http://${gateway.host}:${gateway.port}`);
  const stream = session.request({
    ":method": "POST",
    ":path": `/streams.Streams/${methods[kind]}`,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  const message = encodeAsk({ run, count: 1 });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  let seen: Json = {};
  stream.on("response", (found) => (seen = { ...seen, ...found }));
  stream.on("trailers", (found) => (seen = { ...seen, ...found }));
  stream.end(Buffer.concat([head, message]));
  stream.resume();
  await new Promise<void>((resolve) => stream.once("close", resolve));
  session.close();
  return seen;
}

async function metadataOf(run: string): Promise<Json> {
  const found = await gateway.backend.run(run);
  gateway.backend.forget(run);
  return found.metadata;
}

describe("a gateway with auth in its YAML", () => {
  afterEach(() => gateway.close());
  after(() => keys.close());

  it("asks what each method asks: credentials, good ones or none, nothing", async () => {
    await start(["public: [streams.Streams.Gather]", "optional: [streams.Streams.List]"]);
    const good = `Authorization: Bearer ${goodToken(kit)}`;
    const bad = "Authorization: Bearer bad";
    const odd = "Authorization: Negotiate abc";
    const outcomes = async (path: string): Promise<number[]> => {
      const answers = [post(path, []), post(path, [good]), post(path, [bad]), post(path, [odd])];
      return (await Promise.all(answers)).map(({ status }) => status);
    };
    expect(await outcomes("/v1/single")).to.deep.equal([401, 200, 401, 401]);
    expect(await outcomes("/v1/list")).to.deep.equal([200, 200, 401, 401]);
    expect(await outcomes("/v1/gather")).to.deep.equal([200, 200, 200, 200]);
  });

  it("tells clients without credentials what to bring, over HTTP and gRPC", async () => {
    await start();
    const answer = await post("/v1/single", []);
    expect(answer.headers.get("www-authenticate")).to.equal('Bearer realm="sluice"');
    expect(answer.body.toString()).to.contain("CREDENTIALS_MISSING");
    expect(await callGrpc("unary", {}, "x")).to.include({
      "grpc-status": "16",
      "www-authenticate": 'Bearer realm="sluice"',
    });
    const invalid = await callGrpc("unary", { authorization: "Bearer x" }, "x");
    expect(invalid["www-authenticate"]).to.contain('error="invalid_token"');
  });

  it("asks nothing of the gateway's own health and reflection", async () => {
    await start();
    const session = connectHttp2(`http://${gateway.host}:${gateway.port}`);
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const trailers = new Promise((resolve) => stream.once("trailers", resolve));
    stream.end(Buffer.alloc(5));
    stream.resume();
    expect(await trailers).to.include({ "grpc-status": "0" });
    session.destroy();
  });

  it("tells backends the caller's claims and nothing that a client says in their place, also of public methods", async () => {
    await start(["forward_claims: { sub: x-user-id }", "public: [streams.Streams.Gather]"]);
    const spoofed = {
      "x-user-id": "root",
      "x-user-id-bin": "cm9vdA",
      "grpc-metadata-x-user-id": "root",
      "x.user.id": "root",
    };
    const authorization = `Bearer ${goodToken(kit)}`;
    await callGrpc("unary", { ...spoofed, authorization, "x-other": "stays" }, "known");
    const known = await metadataOf("known");
    expect(known).to.include({ "x-user-id": "ada", "x-other": "stays" });
    await callGrpc("client-streaming", { ...spoofed, authorization }, "anonymous");
    const anonymous = await metadataOf("anonymous");
    for (const metadata of [known, anonymous])
      expect(metadata).not.to.have.any.keys("x-user-id-bin", "grpc-metadata-x-user-id", "x.user.id", "authorization");
    expect(anonymous).not.to.have.property("x-user-id");
  });

  it("refuses a request with two Authorization headers, whichever is good", async () => {
    await start();
    const good = `Authorization: Bearer ${goodToken(kit)}`;
    for (const pair of [
      [good, "Authorization: Bearer bad"],
      ["Authorization: Bearer bad", good],
    ])
      expect((await post("/v1/single", pair, "twice")).status).to.equal(400);
    expect(gateway.backend.reached("twice")).to.equal(undefined);
  });

  it("refuses a call on a good multiplexed socket that brings bad credentials of its own", async () => {
    await start();
    const url = `ws://${gateway.host}:${gateway.port}/-/stream`;
    const mux = await MuxConnection.open(url, "json", goodToken(kit));
    const open = { t: "open", method: "streams.Streams/Single", m: { run: "own", count: 1 }, end: true };
    const refused = mux.next("status");
    mux.write({ ...open, id: 1, metadata: { authorization: `Bearer ${tokenOf({ aud: "bank" })}` } });
    expect(await refused).to.deep.include({ id: 1, code: 16 });
    expect(gateway.backend.reached("own")).to.equal(undefined);
    const taken = mux.next("status");
    mux.write({ ...open, id: 2, metadata: { authorization: `Bearer ${tokenOf({ sub: "bob" })}` } });
    expect(await taken).to.deep.include({ id: 2, code: 0 });
    mux.socket.terminate();
  });

  it("takes no token from a cookie of a page that is not its own", async () => {
    await start(["cookie: session"]);
    const cookie = `Cookie: session=${goodToken(kit)}; other=1`;
    expect((await post("/v1/single", [cookie])).status).to.equal(200);
    expect((await post("/v1/single", [cookie, "Origin: http://localhost"])).status).to.equal(200);
    expect((await post("/v1/single", [cookie, "Origin: https://evil.example"])).status).to.equal(401);
    expect((await post("/v1/single", [cookie, "Sec-Fetch-Site: cross-site"])).status).to.equal(401);
  });

  it("does not take the tokens of a revoked principal any more, and ends its streams", async () => {
    await start();
    const token = tokenOf({});
    const authorization = `Authorization: Bearer ${token}`;
    const stream = await grpc.open(gateway, "server-streaming", { bearer: token });
    stream.send({ run: "revoked", count: 1, next: "hang" });
    await stream.until(1);
    expect((await post("/v1/single", [authorization])).status).to.equal(200);
    expect(gateway.gateway.revoke(`${kit.issuer}|ada`)).to.deep.equal({ calls: 1, sockets: 0 });
    expect(await stream.ended).to.include({ code: 16 });
    const answer = await post("/v1/single", [authorization]);
    expect(answer.status).to.equal(401);
    expect(answer.body.toString()).to.contain("CREDENTIALS_REVOKED");
  });

  it("keeps tokens from calls whose credentials have ended, on every way to open a stream", async () => {
    await start();
    const expired = tokenOf({ exp: Math.floor(Date.now() / 1000) - 1 });
    for (const transport of transports) {
      const call = await transport.open(gateway, "server-streaming", { bearer: expired });
      call.send({ run: "expired", count: 1 });
      call.end();
      expect(await call.ended, transport.name).to.include({ code: 16 });
    }
    expect(gateway.backend.reached("expired")).to.equal(undefined);
  });

  it("starts while the keys are not to be had, says so, and is ready when they are", async () => {
    keys.answer = (_request, response) => void response.writeHead(503).end();
    await start();
    const authorization = `Authorization: Bearer ${goodToken(kit)}`;
    const answer = await post("/v1/single", [authorization]);
    expect(answer.status).to.equal(503);
    expect(answer.headers.get("retry-after")).to.equal("5");
    expect(answer.body.toString()).to.contain("KEYS_UNAVAILABLE").and.not.to.contain("127.0.0.1");
    const { ready, reasons } = gateway.gateway.readiness();
    expect(ready).to.equal(false);
    expect(reasons.join("\n")).to.match(/the keys of https:\/\/idp\.example are not there: .* answers 503/);
    expect(String(gateway.reports[0])).to.contain("answers 503");
    const asked = new Promise<void>((resolve) => {
      keys.answer = (asking, response) => {
        answerKeys(() => [rsa.jwk])(asking, response);
        response.once("close", resolve);
      };
    });
    await asked;
    while (gateway.gateway.readiness().reasons.some((reason) => reason.includes("keys")))
      await new Promise((resolve) => setImmediate(resolve));
    expect((await post("/v1/single", [authorization])).status).to.equal(200);
  });
});

describe("a gateway of profile grpc-gateway with auth in its YAML", () => {
  let profile: GatewayFixture;
  let server: KeyServer;
  const protos = `
    syntax = "proto3";
    package t;
    import "google/api/annotations.proto";
    message M {}
    service S { rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/one" }; } }
  `;
  const authorization = `Bearer ${goodToken(kit)}`;
  const spoofed = ["Grpc-Metadata-X-User-Id: root", "Grpc-Metadata-Authorization: Bearer evil", "Cookie: a=b"];

  const metadataWith = async (...more: readonly string[]): Promise<Record<string, string>> => {
    server = await new KeyServer(answerKeys(() => [rsa.jwk])).listen();
    const issuer = `{ issuer: ${kit.issuer}, jwks: "${server.origin}/", audience: shop, algorithms: [RS256] }`;
    const yaml = ["auth:", `  issuers: [${issuer}]`, ...more.map((line) => `  ${line}`)].join("\n");
    profile = await startGateway({ protos, yaml, profile: "grpc-gateway" });
    const headers = [`Authorization: ${authorization}`, ...spoofed];
    const { status } = await profile.request({ method: "GET", target: "/v1/one", headers });
    expect(status).to.equal(200);
    return Object.fromEntries(profile.calls[0].metadata);
  };

  afterEach(() => Promise.all([profile.close(), server.close()]));

  it("tells backends who calls, whatever metadata clients name", async () => {
    const metadata = await metadataWith("forward_claims: { sub: x-user-id }");
    expect(metadata).to.include({ "x-user-id": "ada", "grpcgateway-cookie": "a=b" });
    expect(metadata).not.to.have.any.keys("authorization", "grpcgateway-authorization");
  });

  it("lets backends see the token that was judged, and no other, where that is asked", async () => {
    const metadata = await metadataWith("forward_token: true");
    expect(metadata).to.include({ authorization, "grpcgateway-authorization": authorization });
  });
});
