// API keys, passwords, client certificates and introspected tokens on every way to call, over real sockets.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { run } from "./command/capture.ts";
import { createFolder } from "./config/yaml-fixture.ts";
import type { Folder } from "./config/yaml-fixture.ts";
import { pick, startCredentialsKit } from "./credentials-kit.ts";
import type { CredentialsKit } from "./credentials-kit.ts";
import { createPki } from "./support/pki.ts";
import type { Pki } from "./support/pki.ts";
import { until } from "./support/until.ts";

const six = <T>(value: T): T[] => Array.from({ length: 6 }, () => value);

describe("a gateway with credentials in its configuration", () => {
  let folder: Folder;
  let file: string;
  let kit: CredentialsKit | undefined;
  beforeEach(() => {
    folder = createFolder();
    file = join(folder.path, "keys.yaml");
  });
  afterEach(async () => {
    await kit?.close();
    kit = undefined;
    folder.dispose();
  });
  const keys = async (...argv: string[]): Promise<string> => (await run(["keys", ...argv, "--file", file])).out.trim();
  const start = async (
    yaml: string,
    tls?: Parameters<typeof startCredentialsKit>[0]["tls"],
  ): Promise<CredentialsKit> => {
    kit = await startCredentialsKit({ yaml, ...(tls === undefined ? {} : { tls }) });
    return kit;
  };

  describe("API keys", () => {
    it("are asked for on every way, and let in on every way; backends never see them, but who it is", async () => {
      const key = await keys("create", "--principal", "billing");
      const { everyWay, received } = await start(
        `auth:\n  api_keys: { file: ${file} }\n  forward_claims: { sub: x-user-id }\n`,
      );
      const missing = await everyWay({});
      expect(pick(missing, ({ code }) => code)).to.deep.equal(six("UNAUTHENTICATED"));
      expect(pick(missing, ({ reason }) => reason)).to.deep.equal(six("CREDENTIALS_MISSING"));
      const bad = await everyWay({ "x-api-key": `${key.slice(0, -2)}zz` });
      expect(pick(bad, ({ reason }) => reason)).to.deep.equal(six("API_KEY_INVALID"));
      const challenge = 'ApiKey realm="sluice", header="x-api-key"';
      for (const outcome of [missing.rest, bad.rest, bad["rest stream"], bad.websocket, bad.grpc, bad["grpc stream"]])
        expect(outcome.headers["www-authenticate"]).to.equal(challenge);
      expect(pick(await everyWay({ "x-api-key": key, "x-user-id": "admin" }), ({ code }) => code)).to.deep.equal(
        six("OK"),
      );
      expect(received.map((metadata) => metadata["x-user-id"])).to.deep.equal(six("billing"));
      expect(JSON.stringify(received)).to.not.include("slk_");
    });

    it("that are revoked end what is open with them, on every way that stays open", async () => {
      const key = await keys("create");
      const { grpcStream, simple, mux, rest } = await start(`auth:\n  api_keys: { file: ${file} }\n`);
      const headers = { "x-api-key": key };
      const [grpc, socket, many] = [await grpcStream(headers), await simple(headers), await mux(headers)];
      expect([grpc.first.code, socket.first.code, many.first.code]).to.deep.equal(["OK", "OK", "OK"]);
      await keys("revoke", key);
      expect((await grpc.end).message).to.include("revoked");
      expect(await socket.client?.closed).to.have.property("code", 4016);
      expect(await many.client?.closed).to.have.property("code", 4016);
      expect((await rest(headers)).message).to.equal("the API key was revoked");
    });

    it("come in the query where that is said, and are no unknown parameter then", async () => {
      const key = await keys("create");
      const { rest } = await start(`auth:\n  api_keys: { file: ${file}, query: api_key }\n`);
      expect((await rest({}, `/v1/one?api_key=${key}&text=a`)).code).to.equal("OK");
      expect((await rest({}, "/v1/one?api_key=x")).reason).to.equal("API_KEY_INVALID");
      expect((await rest({}, `/v1/watch?api_key=${key}`)).code).to.equal("OK");
    });

    it("are none when there are two, on HTTP/1.1 and on HTTP/2", async () => {
      const key = await keys("create");
      const { port, rest } = await start(`auth:\n  api_keys: { file: ${file} }\n`);
      expect((await rest({ "x-api-key": `${key}, ${key}` })).reason).to.equal("API_KEY_INVALID");
      const session = connectHttp2(`http://localhost:${port}`);
      const stream = session.request({ ":path": "/v1/one", "x-api-key": [key, key] });
      const [head] = (await once(stream.resume(), "response")) as [Record<string, unknown>];
      expect(head[":status"]).to.equal(401);
      session.destroy();
    });

    it("are not looked at where the method is public", async () => {
      await keys("create");
      const { rest, grpc } = await start(`auth:\n  api_keys: { file: ${file} }\n  public: [t.S.Open]\n`);
      expect((await rest({ "x-api-key": "junk" }, "/v1/open")).code).to.equal("OK");
      expect((await grpc({}, "Open")).code).to.equal("OK");
    });
  });

  it("takes passwords on every way", async () => {
    const password = await keys("create", "--user", "alice");
    const { everyWay, rest } = await start(`auth:\n  basic: { file: ${file} }\n`);
    const bring = async (text: string) => {
      const headers = { authorization: `Basic ${Buffer.from(text).toString("base64")}` };
      // A slow machine may need longer for the hash than a call waits; then it is known.
      await until(async () => (await rest(headers)).reason !== "AUTHENTICATION_TIMEOUT");
      return everyWay(headers);
    };
    expect(pick(await bring(`alice:${password}`), ({ code }) => code)).to.deep.equal(six("OK"));
    const bad = await bring("alice:wrong");
    expect(pick(bad, ({ reason }) => reason)).to.deep.equal(six("PASSWORD_INVALID"));
    expect(bad.rest.headers["www-authenticate"]).to.equal('Basic realm="sluice", charset="UTF-8"');
  });

  describe("client certificates", () => {
    let pki: Pki;
    before(() => {
      pki = createPki();
    });
    after(() => pki?.remove());

    const yaml = (more: string): string =>
      `tls: { cert: ${pki.certFile}, key: ${pki.keyFile}, client_ca: ${pki.caFile}, client_auth: optional }\nauth:\n  mtls: ${more}\n  forward_claims: { sub: x-user-id }\n`;

    it("say who calls on every way; who has none is asked for credentials, who is not let in is told", async () => {
      const client = pki.issue("/CN=billing", "URI:spiffe://example/billing");
      const text = yaml('{ allow: ["spiffe://example/*"] }');
      const known = await start(text, { ca: pki.ca, ...client });
      expect(pick(await known.everyWay({}), ({ code }) => code)).to.deep.equal(six("OK"));
      expect(known.received.map((metadata) => metadata["x-user-id"])).to.deep.equal(six("spiffe://example/billing"));
      await known.close();
      const nobody = await start(text, { ca: pki.ca });
      expect(pick(await nobody.everyWay({}), ({ reason }) => reason)).to.deep.equal(six("CREDENTIALS_MISSING"));
      await nobody.close();
      const stranger = await start(text, { ca: pki.ca, ...pki.issue("/CN=x", "URI:spiffe://other/x") });
      expect(pick(await stranger.everyWay({}), ({ reason }) => reason)).to.deep.equal(six("CERTIFICATE_REFUSED"));
    });

    it("go behind what the request itself brings", async () => {
      const key = await keys("create", "--principal", "user");
      const client = pki.issue("/CN=mesh", "URI:spiffe://example/mesh");
      const text = `${yaml("{}")}  api_keys: { file: ${file} }\n`;
      const { rest, received } = await start(text, { ca: pki.ca, ...client });
      await rest({ "x-api-key": key });
      await rest({});
      expect(received.map((metadata) => metadata["x-user-id"])).to.deep.equal(["user", "spiffe://example/mesh"]);
      expect((await rest({ "x-api-key": "junk" })).reason).to.equal("API_KEY_INVALID");
    });
  });

  describe("introspection", () => {
    let server: Server;
    let requests: string[];
    let answer: (token: string) => { readonly status?: number; readonly body: string } | undefined;
    let url: string;
    beforeEach(async () => {
      requests = [];
      server = createServer((request, response) => {
        let body = "";
        request.on("data", (piece: Buffer) => (body += piece.toString()));
        request.on("end", () => {
          requests.push(`${request.headers.authorization} ${body}`);
          const given = answer(new URLSearchParams(body).get("token") ?? "");
          if (given === undefined) return;
          response.writeHead(given.status ?? 200, { "content-type": "application/json" }).end(given.body);
        });
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/introspect`;
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });
    const yaml = (timeout = "5s") =>
      `auth:\n  introspection: { url: "${url}", client_id: gw, client_secret: s3, timeout: ${timeout} }\n`;
    const bring = (token: string) => ({ authorization: `Bearer ${token}` });

    it("lets in who is active on every way, and asks once", async () => {
      answer = (token) => ({ body: JSON.stringify({ active: token === "good", sub: "u1" }) });
      const { everyWay } = await start(yaml());
      expect(pick(await everyWay(bring("good")), ({ code }) => code)).to.deep.equal(six("OK"));
      expect(requests).to.deep.equal([
        `Basic ${Buffer.from("gw:s3").toString("base64")} token=good&token_type_hint=access_token`,
      ]);
      const bad = await everyWay(bring("bad"));
      expect(pick(bad, ({ reason }) => reason)).to.deep.equal(six("TOKEN_INVALID"));
      expect(bad.rest.headers["www-authenticate"]).to.match(/^Bearer realm="sluice", error="invalid_token"/);
      expect(requests.length).to.equal(2);
    });

    it("answers 503 in time, and lets nobody in, while the server is silent, broken or gone", async () => {
      const { rest, grpc, simple } = await start(yaml("300ms"));
      answer = () => undefined;
      const silent = await rest(bring("a"));
      expect([silent.httpStatus, silent.reason]).to.deep.equal([503, "INTROSPECTION_UNAVAILABLE"]);
      for (const given of [
        { status: 500, body: "" },
        { body: "<html>" },
        { body: `{"active":true,"sub":"${"x".repeat(70_000)}"}` },
        { status: 302, body: "" },
      ]) {
        answer = () => given;
        expect((await grpc(bring("b"))).code).to.equal("UNAVAILABLE");
      }
      server.closeAllConnections();
      server.close();
      expect((await simple(bring("c"))).first.httpStatus).to.equal(503);
    });
  });
});
