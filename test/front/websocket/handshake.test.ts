// The handshake of a WebSocket: who is let in, with what, and how the others hear of it.
import { expect } from "chai";
import type { ClientOptions } from "ws";
import { serveHttp2 } from "../../../src/serve/http2-connection.ts";
import { openRaw, request } from "../../support/raw-http.ts";
import type { RawResponse } from "../../support/raw-http.ts";
import { createPki } from "../../support/pki.ts";
import type { KitFixture, KitOptions } from "./kit.ts";
import { Refused, startKit } from "./kit.ts";

const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const upgrade = ["Connection: Upgrade", "Upgrade: websocket"];
const version = "Sec-WebSocket-Version: 13";

describe("the handshake", () => {
  let kit: KitFixture;

  const start = async (settings: KitOptions = {}): Promise<void> => {
    kit = await startKit(settings);
  };
  afterEach(() => kit.close());

  const send = async (line: string, headers: readonly string[]): Promise<RawResponse> => {
    const raw = await openRaw(kit);
    try {
      raw.send(request(line, headers));
      return await raw.response(true);
    } finally {
      raw.close();
    }
  };
  const refused = async (
    path: string,
    protocols: readonly string[] = [],
    options: ClientOptions = {},
  ): Promise<Refused> => {
    const result = await kit.connect(path, protocols, options).catch((error: unknown) => error);
    if (result instanceof Refused) return result;
    throw new Error("the handshake was not refused");
  };
  const reasonOf = ({ body }: Refused): unknown =>
    (JSON.parse(body) as { details: readonly { reason: string }[] }).details[0].reason;

  const ownPage = (): ClientOptions => ({ origin: `http://${kit.host}:${kit.port}` });

  it("refuses what is no handshake with 400, and another version with 426", async () => {
    await start();
    const all = [...upgrade, key, version];
    const cases: readonly (readonly [string, readonly string[], number])[] = [
      ["GET /v1/rooms/7/talk", all, 101],
      ["GET /v1/rooms/7/talk", [...upgrade, version], 400],
      ["GET /v1/rooms/7/talk", [...upgrade, version, "Sec-WebSocket-Key: short"], 400],
      ["POST /v1/rooms/7/talk", all, 400],
      ["GET /v1/rooms/7/talk", [...upgrade, key], 426],
      ["GET /v1/rooms/7/talk", [...upgrade, key, "Sec-WebSocket-Version: 8"], 426],
      ["GET /v1/rooms/7/talk", [...all, "Sec-WebSocket-Protocol: a b"], 400],
      // No upgrade is asked for: a request like others.
      ["GET /v1/rooms/7/talk", ["Upgrade: websocket", key, version], 200],
      ["GET /v1/rooms/7/talk", ["Connection: Upgrade", "Upgrade: h2c"], 200],
    ];
    for (const [line, headers, status] of cases) {
      const response = await send(line, headers);
      expect(response.status, headers.join()).to.equal(status);
      if (status === 426) expect(response.headers.get("sec-websocket-version")).to.equal("13");
    }
  });

  it("takes what a client sends right behind its handshake", async () => {
    await start();
    const raw = await openRaw(kit);
    // A masked text frame, its mask zero.
    const frame = Buffer.concat([Buffer.from([0x81, 0x8d, 0, 0, 0, 0]), Buffer.from('{"text":"hi"}')]);
    const reply = '{"room":"7","number":1,"text":"hi"}';
    let received = "";
    const replied = new Promise<void>((resolve) => {
      raw.socket.on("data", (chunk: Buffer) => {
        received += chunk.toString("latin1");
        if (received.includes(reply)) resolve();
      });
    });
    raw.send(Buffer.concat([request("GET /v1/rooms/7/talk", [...upgrade, key, version]), frame]));
    await replied;
    expect(received)
      .to.match(/^HTTP\/1\.1 101 /)
      .and.to.include("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    raw.close();
  });

  it("agrees to the first sub-protocol it knows, and echoes no credential", async () => {
    await start();
    const protocolOf = async (offered: readonly string[]): Promise<string> =>
      (await kit.connect("/v1/rooms/7/talk", offered)).protocol;
    expect(await protocolOf([])).to.equal("");
    expect(await protocolOf(["sluice.v1.json"])).to.equal("sluice.v1.json");
    expect(await protocolOf(["other", "sluice.v1.proto", "sluice.v1.json"])).to.equal("sluice.v1.proto");
    expect(await protocolOf(["bearer.dG9rZW4", "sluice.v1.json"])).to.equal("sluice.v1.json");
  });

  it("agrees to no extension", async () => {
    await start();
    const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
    const { status, headers } = await send("GET /v1/rooms/7/talk", [...upgrade, key, version, offer]);
    expect([status, headers.get("sec-websocket-extensions")]).to.deep.equal([101, undefined]);
  });

  for (const offer of ['a; b="c" ,d;e=f', "permessage-deflate;client_max_window_bits=10, x"]) {
    it(`is one that offers the extensions ${offer}`, async () => {
      await start();
      const head = [...upgrade, key, version, `Sec-WebSocket-Extensions: ${offer}`];
      expect((await send("GET /v1/rooms/7/talk", head)).status).to.equal(101);
    });
  }

  for (const offer of [";;", "", ",", "a;", "a b", "a; b=", 'a; b="', "a, ,b"]) {
    it(`is none whose extensions are ${JSON.stringify(offer)}`, async () => {
      await start();
      const head = [...upgrade, key, version, `Sec-WebSocket-Extensions: ${offer}`];
      expect((await send("GET /v1/rooms/7/talk", head)).status).to.equal(400);
    });
  }

  it("refuses unknown sub-protocols with the list of its own, for pages, too", async () => {
    await start();
    for (const offered of [["other"], ["bearer.dG9rZW4"]]) {
      for (const options of [{}, ownPage()]) {
        const { status, body } = await refused("/v1/rooms/7/talk", offered, options);
        expect(status).to.equal(400);
        expect(body).to.include(
          "sluice.v1.json, sluice.v1.proto, sluice.mux.v1.json, sluice.mux.v1.proto, grpc-websockets",
        );
        expect(body).not.to.include("dG9rZW4").and.not.to.include("token");
      }
    }
    expect((await refused("/-/stream", ["sluice.v1.json"])).status).to.equal(400);
  });

  it("lets in pages of its own origin and of those listed, and no other", async () => {
    await start({ options: { allowedOrigins: ["https://app.example", "http://localhost:5173"] } });
    const { port } = kit;
    for (const origin of [
      `http://127.0.0.1:${port}`,
      "https://app.example",
      "https://app.example:443",
      "http://localhost:5173",
    ])
      await kit.connect("/v1/rooms/7/talk", [], { origin });
    for (const origin of [
      `https://127.0.0.1:${port}`,
      `http://127.0.0.1:${port + 1}`,
      "http://app.example",
      "https://app.example.evil",
      "https://app.example:444",
      "http://localhost",
      "null",
      "",
      "https://app.example/x",
    ]) {
      const refusal = await refused("/v1/rooms/7/talk", [], { headers: { origin } });
      expect([refusal.status, reasonOf(refusal)], origin).to.deep.equal([403, "ORIGIN_FORBIDDEN"]);
    }
  });

  it("believes a trusted proxy about its own origin", async () => {
    await start({ options: { trustedProxies: ["127.0.0.1"] } });
    const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "api.example" };
    await kit.connect("/v1/rooms/7/talk", [], { headers: { ...headers, origin: "https://api.example" } });
    expect((await refused("/v1/rooms/7/talk", [], { headers: { ...headers, origin: kit.url } })).status).to.equal(403);
  });

  it("lets every page in with *, and refuses to start with what is no origin", async () => {
    await start({ options: { allowedOrigins: ["*"] } });
    await kit.connect("/v1/rooms/7/talk", [], { origin: "https://anything.example" });
    let problem: unknown;
    await startKit({ options: { allowedOrigins: ["app.example"] } }).catch((error: unknown) => (problem = error));
    expect(String(problem)).to.include('"app.example" is not an origin');
  });

  const wrongUrls: readonly (readonly [string, number, string, string])[] = [
    ["/v1/nothing", 404, "ROUTE_NOT_FOUND", "NOT_FOUND"],
    ["/v1/rooms/7", 501, "WEBSOCKET_NOT_OFFERED", "UNIMPLEMENTED"],
    ["/v1/hidden", 501, "WEBSOCKET_NOT_OFFERED", "UNIMPLEMENTED"],
    ["/v1/rooms/7/talk?color=red", 400, "FIELD_UNKNOWN", "INVALID_ARGUMENT"],
    ["/v1/rooms/7/talk?$color=red", 400, "SYSTEM_PARAMETER_INVALID", "INVALID_ARGUMENT"],
    ["/v1/rooms/7/talk?$alt=xml", 400, "SYSTEM_PARAMETER_INVALID", "INVALID_ARGUMENT"],
    ["/v1/rooms/7/talk?$alt=json&$alt=json", 400, "SYSTEM_PARAMETER_INVALID", "INVALID_ARGUMENT"],
    ["/v1/rooms/7/talk?$head=yes", 400, "SYSTEM_PARAMETER_INVALID", "INVALID_ARGUMENT"],
    ["/v1/rooms/7/talk?$timeout=soon", 400, "TIMEOUT_INVALID", "INVALID_ARGUMENT"],
    ["/v1/rooms/7/talk?number=many", 400, "VALUE_INVALID", "INVALID_ARGUMENT"],
    ["/v1/rooms/%zz/talk", 400, "PATH_INVALID_ESCAPE", "INVALID_ARGUMENT"],
    ["/v1/shared", 400, "SYSTEM_PARAMETER_INVALID", "INVALID_ARGUMENT"],
    ["/v1/shared?$verb=PUT", 400, "SYSTEM_PARAMETER_INVALID", "INVALID_ARGUMENT"],
    ["/v1/rooms/7/talk?$ticket=nonsense", 401, "TICKET_INVALID", "UNAUTHENTICATED"],
  ];
  for (const [path, status, reason, name] of wrongUrls) {
    it(`refuses ${path} with ${status} to a program, in a frame and a close code to a page`, async () => {
      await start();
      const refusal = await refused(path);
      expect([refusal.status, reasonOf(refusal)]).to.deep.equal([status, reason]);
      const { frames, code, reason: said } = await (await kit.connect(path, [], ownPage())).rest();
      const { "@status": shown } = JSON.parse((frames[0] as { text: string }).text) as {
        "@status": { code: number; status: string; details: readonly { reason: string }[] };
      };
      expect([shown.status, shown.details[0].reason]).to.deep.equal([name, reason]);
      expect(code).to.equal(4000 + shown.code);
      expect(said).to.match(new RegExp(`^${name}: `));
      expect(kit.calls).to.deep.equal([]);
      expect(kit.census.refusals()).to.deep.equal([[reason, 2]]);
    });
  }

  it("says of a unary method how to call it, and of a shared path which verbs it has", async () => {
    await start();
    expect((await refused("/v1/rooms/7")).body).to.include("kit.v1.Kit.Get is unary; call it by GET");
    expect((await refused("/v1/shared")).body).to.include("GET (kit.v1.Kit.Shared), POST (kit.v1.Kit.SharedTalk)");
  });

  it("finds a rule by $verb, and one made for WebSocket without", async () => {
    await start();
    for (const [path, method] of [
      ["/v1/shared?$verb=GET", "Shared"],
      ["/v1/shared?$verb=POST", "SharedTalk"],
      ["/ws/7", "Talk"],
    ]) {
      const called = kit.nextCall();
      await kit.connect(path);
      expect((await called).method).to.equal(method);
    }
  });

  it("refuses the handshakes of one address beyond so many a second with 429", async () => {
    await start({ options: { handshakesPerSecond: 2 } });
    const results: (number | string | string[] | undefined)[] = [];
    // Across two seconds at most four get through.
    for (let i = 0; i < 8; i++) {
      const result = await kit.connect("/v1/rooms/7/talk", [], ownPage()).catch((error: Refused) => error);
      if (result instanceof Refused) results.push(result.status, result.headers["retry-after"]);
    }
    expect(results.slice(0, 2)).to.deep.equal([429, "1"]);
  });

  it("refuses sockets of one client beyond its share, and counts those that are gone no more", async () => {
    await start({ options: { maxSocketsPerPrincipal: 2 } });
    const first = await kit.connect("/v1/rooms/7/talk");
    await kit.connect("/v1/rooms/7/talk");
    expect((await refused("/v1/rooms/7/talk")).status).to.equal(429);
    expect((await (await kit.connect("/v1/rooms/7/talk", [], ownPage())).rest()).code).to.equal(4008);
    // Another client by its credentials.
    await kit.connect("/v1/rooms/7/talk", [], { headers: { authorization: "Bearer other" } });
    first.socket.close();
    await first.closed;
    while (kit.census.sockets > 2) await new Promise(setImmediate);
    await kit.connect("/v1/rooms/7/talk");
  });

  it("takes all addresses of one IPv6 network for one client", async () => {
    const trustedProxies = ["127.0.0.0/8"];
    const from = (address: string): object => ({ headers: { "x-forwarded-for": address } });
    await start({ options: { maxSocketsPerPrincipal: 1, trustedProxies } });
    await kit.connect("/v1/rooms/7/talk", [], from("2001:db8:1:2::1"));
    expect((await refused("/v1/rooms/7/talk", [], from("2001:db8:1:2::2"))).status).to.equal(429);
    await kit.connect("/v1/rooms/7/talk", [], from("2001:db8:1:3::1"));
    await kit.close();
    await start({ options: { handshakesPerSecond: 1, trustedProxies } });
    const statuses: (number | undefined)[] = [];
    for (let i = 0; i < 8; i++) {
      const result = await kit.connect("/v1/rooms/7/talk", [], from(`2001:db8::${i}`)).catch((error: Refused) => error);
      if (result instanceof Refused) statuses.push(result.status);
    }
    expect(statuses).to.include(429);
  });

  it("refuses sockets beyond those the process has room for with 503, or 1013", async () => {
    await start({ options: { maxSockets: 1 } });
    await kit.connect("/v1/rooms/7/talk");
    expect((await refused("/v1/rooms/7/talk")).status).to.equal(503);
    const { frames, code } = await (await kit.connect("/v1/rooms/7/talk", [], ownPage())).rest();
    expect([frames.length, code]).to.deep.equal([0, 1013]);
  });

  it("is the same over TLS, where the page's own origin is https", async () => {
    const pki = createPki();
    const tls = { cert: pki.cert, key: pki.key, clientCa: undefined, minVersion: "TLSv1.2" } as const;
    await start({ listener: { tls, http2: serveHttp2 } });
    const client = await kit.connect("/v1/rooms/7/talk", [], { origin: `https://${kit.host}:${kit.port}` });
    client.socket.send('{"text":"a"}');
    expect(await client.nextText()).to.equal('{"room":"7","number":1,"text":"a"}');
    expect((await refused("/v1/rooms/7/talk", [], ownPage())).status).to.equal(403);
    pki.remove();
  });
});
