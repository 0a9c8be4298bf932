// A gateway that puts its calls to a real ext_authz server, on every way to call.
import { join } from "node:path";
import { request } from "node:http";
import { expect } from "chai";
import { run } from "./command/capture.ts";
import { createFolder } from "./config/yaml-fixture.ts";
import { pick, startCredentialsKit } from "./credentials-kit.ts";
import type { CredentialsKit } from "./credentials-kit.ts";
import { startExtAuthzServer, toStruct } from "./ext-authz-server.ts";
import { createPki } from "./support/pki.ts";
import type { ExtAuthzServer } from "./ext-authz-server.ts";

const six = <T>(value: T): T[] => Array.from({ length: 6 }, () => value);
const header = (key: string, value: string, append?: boolean) => ({
  header: { key, value },
  ...(append === undefined ? {} : { append: { value: append } }),
});

describe("a gateway with auth.ext_authz", () => {
  let server: ExtAuthzServer;
  let kit: CredentialsKit | undefined;
  beforeEach(async () => {
    server = await startExtAuthzServer();
  });
  afterEach(async () => {
    await kit?.close();
    kit = undefined;
    server.close();
  });
  const start = async (more = "", auth = "  default: optional", timeout = "4s"): Promise<CredentialsKit> => {
    kit = await startCredentialsKit({
      yaml: `auth:\n${auth}\n  public: [t.S.Open]\n  ext_authz: { target: "${server.target}", timeout: ${timeout} ${more} }\n`,
    });
    return kit;
  };
  const named = "  default: required";
  const principal = ', principal: "metadata:sub"';

  it("tells the server what is called, by whom and how", async () => {
    const { rest, grpc, port } = await start(", context: { zone: a, grpc_method: no }, headers: [x-team, cookie]");
    await rest({ "x-team": "red", "x-secret": "s", host: "api.example" }, "/v1/one?text=a%2Fb");
    await grpc({ "x-team": "blue" });
    const [first, second] = server.asked;
    expect(first.request.http).to.deep.include({
      method: "GET",
      path: "/v1/one?text=a%2Fb",
      host: "api.example",
      scheme: "http",
      protocol: "HTTP/1.1",
      size: "-1",
      headers: { "x-team": "red" },
    });
    expect(first.source.address.socket_address.address).to.match(/^(?:::ffff:)?127\.0\.0\.1$|^::1$/);
    expect(first.source.address.socket_address.port_value).to.be.greaterThan(0);
    expect(Math.abs(Number(first.request.time.seconds) * 1000 - Date.now())).to.be.lessThan(60_000);
    expect(first.context_extensions).to.deep.equal({ zone: "a", grpc_method: "/t.S/Get", front: "rest" });
    expect(second.request.http).to.deep.include({
      method: "POST",
      path: "/t.S/Get",
      host: `localhost:${port}`,
      protocol: "HTTP/2",
      headers: { "x-team": "blue" },
    });
    expect(second.context_extensions["front"]).to.equal("grpc");
  });

  it("is refused as the server says, on every way, and nobody reaches the backend", async () => {
    server.answer = () => ({
      status: { code: 7 },
      denied_response: {
        status: { code: 429 },
        headers: [
          header("x-why", "quota"),
          header("connection", "close"),
          header("grpc-status", "0"),
          header("bad name", "x"),
        ],
        body: "come back tomorrow",
      },
    });
    const { everyWay, received, gateway } = await start();
    const ways = await everyWay({});
    expect(pick(ways, ({ code }) => code)).to.deep.equal(six("RESOURCE_EXHAUSTED"));
    expect(pick(ways, ({ reason }) => reason)).to.deep.equal(six("EXT_AUTHZ_DENIED"));
    expect(pick(ways, ({ message }) => message)).to.deep.equal(six("come back tomorrow"));
    expect([ways.rest.httpStatus, ways["rest stream"].httpStatus]).to.deep.equal([429, 429]);
    for (const way of ["rest", "rest stream", "grpc"]) expect(ways[way].headers["x-why"]).to.equal("quota");
    expect(received).to.deep.equal([]);
    expect(gateway.metrics()).to.include('sluice_ext_authz_checks_total{result="denied"} 6\n');
  });

  it("is refused with what a denial without words means", async () => {
    const { rest, grpc } = await start();
    const outcomes: [object, number, string][] = [
      [{ status: { code: 7 } }, 403, "PERMISSION_DENIED"],
      [{ status: { code: 16 } }, 401, "UNAUTHENTICATED"],
      [{ status: { code: 13 } }, 403, "PERMISSION_DENIED"],
      [{ status: { code: 99 } }, 403, "PERMISSION_DENIED"],
      [{ status: { code: 7 }, denied_response: { status: { code: 404 } } }, 404, "NOT_FOUND"],
      [{ status: { code: 7 }, denied_response: { status: { code: 200 }, body: "<html>" } }, 403, "PERMISSION_DENIED"],
    ];
    for (const [answer, httpStatus, code] of outcomes) {
      server.answer = () => answer as Record<string, unknown>;
      const outcome = await rest({});
      expect([outcome.httpStatus, outcome.code, outcome.message]).to.deep.equal([
        httpStatus,
        code,
        "the call is not allowed",
      ]);
      expect((await grpc({})).code).to.equal(code);
    }
    server.answer = () => ({
      status: { code: 16 },
      denied_response: { status: { code: 302 }, headers: [header("Location", "https://login.example/")] },
    });
    const redirect = await rest({});
    expect([redirect.httpStatus, redirect.headers["location"]]).to.deep.equal([302, "https://login.example/"]);
  });

  it("sets and removes metadata for the backend and adds headers for the client, within what anybody may", async () => {
    server.answer = () => ({
      ok_response: {
        headers: [
          header("X-User", "ada"),
          header("accept-language", "de", true),
          header("grpc-timeout", "1n"),
          header("x-line", "a\r\nb"),
        ],
        headers_to_remove: ["Authorization", "x-nothing"],
        response_headers_to_add: [header("x-quota", "7"), header("content-length", "1"), header("x-line", "a\nb")],
      },
    });
    const { rest, grpc, received } = await start("", "  default: optional\n  forward_token: true");
    const headers = { "accept-language": "en", "x-user": "mallory" };
    const outcomes = [await rest(headers), await grpc({ ...headers, "x-other": "kept" })];
    for (const outcome of outcomes) expect([outcome.code, outcome.headers["x-quota"]]).to.deep.equal(["OK", "7"]);
    for (const metadata of received)
      expect(metadata).to.deep.include({ "x-user": "ada" }).and.not.have.any.keys("x-line");
    expect(String(received[0]["accept-language"])).to.match(/^en/);
    expect(received[1]["x-other"]).to.equal("kept");
  });

  it("changes metadata in Envoy's order: what is set, the last of a name, then what is appended, then what is removed", async () => {
    const byAction = (key: string, value: string, append_action: string) => ({ header: { key, value }, append_action });
    server.answer = () => ({
      ok_response: {
        headers: [
          header("x-list", "two", true),
          header("x-user", "first"),
          header("x-user", "last"),
          header("x-list", "one"),
          header("x-gone", "set"),
          byAction("x-team", "blue", "ADD_IF_ABSENT"),
          byAction("x-role", "guest", "APPEND_IF_EXISTS_OR_ADD"),
          { header: { key: "x-raw", raw_value: Buffer.from("raw") } },
        ],
        headers_to_remove: ["X-Gone", ":path", "host"],
        query_parameters_to_set: [{ key: "text", value: "theirs" }],
        query_parameters_to_remove: ["text"],
      },
    });
    const { grpc, received } = await start();
    const sent = { "x-user": "mallory", "x-list": "zero", "x-gone": "here", "x-team": "red", "x-role": "admin" };
    expect((await grpc(sent)).code).to.equal("OK");
    const { "x-list": list, ...rest } = received[0];
    expect(String(list)).to.match(/^one, ?two$/);
    // What an own header of the client's would survive is replaced, whatever append_action says.
    expect(rest).to.deep.include({ "x-user": "last", "x-team": "blue", "x-role": "guest", "x-raw": "raw" });
    expect(rest).not.to.have.property("x-gone");
  });

  it("lets nobody in on a response that is the server's own error, whatever its status", async () => {
    const { rest, received, gateway } = await start();
    for (const status of [{}, { status: { code: 13 } }]) {
      server.answer = () => ({ ...status, error_response: { status: { code: 500 }, body: "my database is gone" } });
      const { httpStatus, reason, message } = await rest({});
      expect([httpStatus, reason]).to.deep.equal([503, "EXT_AUTHZ_UNAVAILABLE"]);
      expect(message).not.to.contain("database");
    }
    expect(received).to.deep.equal([]);
    expect(gateway.metrics()).to.include('sluice_ext_authz_checks_total{result="failed"} 2\n');
  });

  it("lets the server say who calls: on every way, and each call of a multiplexed socket by itself", async () => {
    server.answer = ({ request: { http } }) =>
      http.headers["authorization"] === undefined
        ? { status: { code: 16 } }
        : { dynamic_metadata: toStruct({ sub: http.headers["authorization"].slice(7), scope: "a b" }) };
    const { everyWay, received } = await start(principal, `${named}\n  forward_claims: { sub: x-user-id }`);
    expect(pick(await everyWay({ authorization: "Bearer ada" }), ({ code }) => code)).to.deep.equal(six("OK"));
    expect(received.map((metadata) => metadata["x-user-id"])).to.deep.equal(six("ada"));
    expect(received.filter((metadata) => "authorization" in metadata)).to.deep.equal([]);
    expect(server.asked.length, "asked once a call").to.equal(6);
    expect(pick(await everyWay({}), ({ code }) => code)).to.deep.equal(six("UNAUTHENTICATED"));
  });

  it("keeps the client's token from backends, and gives them one that the server has set in its place", async () => {
    server.answer = () => ({ dynamic_metadata: toStruct({ sub: "ada" }) });
    const { rest, received } = await start(principal, named);
    await rest({ authorization: "Bearer ada" });
    server.answer = () => ({
      dynamic_metadata: toStruct({ sub: "ada" }),
      ok_response: { headers: [header("authorization", "Bearer inside")] },
    });
    await rest({ authorization: "Bearer ada" });
    expect(received.map(({ authorization }) => authorization)).to.deep.equal([undefined, "Bearer inside"]);
  });

  it("takes the name from a header that the server adds, and nobody where there is none", async () => {
    server.answer = ({ request: { http } }) =>
      http.headers["cookie"] === undefined ? {} : { ok_response: { headers: [header("x-auth-user", "ada")] } };
    const { rest, received } = await start(
      ', principal: "header:x-auth-user"',
      `${named}\n  forward_claims: { sub: x-user-id }`,
    );
    await rest({ cookie: "a=b" });
    expect(received[0]).to.deep.include({ "x-user-id": "ada", "x-auth-user": "ada" });
    expect((await rest({})).reason).to.equal("CREDENTIALS_MISSING");
  });

  it("ends the streams of who the server named when that one is revoked", async () => {
    server.answer = () => ({ dynamic_metadata: toStruct({ sub: "ada" }) });
    const { grpcStream, mux, simple, gateway } = await start(principal, named);
    const [grpc, many, socket] = [await grpcStream({}), await mux({}), await simple({})];
    expect([grpc.first.code, many.first.code, socket.first.code]).to.deep.equal(["OK", "OK", "OK"]);
    expect(gateway.revoke("ext_authz:ada")).to.deep.equal({ calls: 3, sockets: 1 });
    expect((await grpc.end).code).to.equal("UNAUTHENTICATED");
    expect(JSON.parse((await many.client?.nextText()) ?? "")).to.include({ t: "status", id: 1, code: 16 });
    expect(await socket.client?.closed).to.have.property("code", 4016);
  });

  it("is told who it is where another way says that, and decides all the same", async () => {
    const folder = createFolder();
    const file = join(folder.path, "keys.yaml");
    const key = (await run(["keys", "create", "--principal", "billing", "--file", file])).out.trim();
    server.answer = ({ context_extensions }) =>
      context_extensions["principal"] === "api_keys:billing" ? { status: { code: 7 } } : {};
    const { everyWay, rest } = await start(principal, `${named}\n  api_keys: { file: ${file} }`);
    const ways = await everyWay({ "x-api-key": key });
    expect(pick(ways, ({ reason }) => reason)).to.deep.equal(six("EXT_AUTHZ_DENIED"));
    expect((await rest({ "x-api-key": "junk" })).reason).to.equal("API_KEY_INVALID");
    folder.dispose();
  });

  it("asks nobody about public methods and the gateway's own", async () => {
    server.answer = () => ({ status: { code: 7 } });
    const { rest, grpc } = await start();
    expect([(await rest({}, "/v1/open")).code, (await grpc({}, "Open")).code]).to.deep.equal(["OK", "OK"]);
    expect(server.asked).to.deep.equal([]);
  });

  describe("when the server does not answer as it must", () => {
    const bad: [string, () => Record<string, unknown> | Error | undefined][] = [
      ["is silent", () => undefined],
      ["fails", () => Object.assign(new Error("no"), { code: 13 })],
      ["says OK and denies", () => ({ denied_response: { status: { code: 403 } } })],
      ["answers more than 64 KiB", () => ({ status: { code: 7 }, denied_response: { body: "x".repeat(70_000) } })],
    ];
    for (const [name, answer] of bad) {
      it(`lets nobody in, as it ${name}`, async () => {
        server.answer = answer;
        const { rest, grpc, received, gateway } = await start("", undefined, "300ms");
        const refused = await Promise.all([rest({}), grpc({})]);
        expect(refused.map(({ code, reason }) => [code, reason])).to.deep.equal([
          ["UNAVAILABLE", "EXT_AUTHZ_UNAVAILABLE"],
          ["UNAVAILABLE", "EXT_AUTHZ_UNAVAILABLE"],
        ]);
        expect(received).to.deep.equal([]);
        expect(gateway.metrics()).to.include('sluice_ext_authz_checks_total{result="failed"} 2\n');
      });
    }

    it("lets all in where on_failure says allow, with what identity others give, and goes on asking", async () => {
      server.answer = () => new Error("no");
      const { everyWay, rest } = await start(", on_failure: allow");
      expect(pick(await everyWay({}), ({ code }) => code)).to.deep.equal(six("OK"));
      server.answer = () => ({ status: { code: 7 } });
      expect((await rest({})).code).to.equal("PERMISSION_DENIED");
    });

    it("still needs somebody to say who calls where that is required", async () => {
      server.answer = () => new Error("no");
      const { rest } = await start(`, on_failure: allow ${principal}`, named);
      expect((await rest({})).reason).to.equal("CREDENTIALS_MISSING");
    });

    it("does not start to ask about calls whose server was never there", async () => {
      server.close();
      const { rest } = await start();
      const outcome = await rest({});
      expect([outcome.httpStatus, outcome.reason]).to.deep.equal([503, "EXT_AUTHZ_UNAVAILABLE"]);
      expect(outcome.message).to.not.include("127.0.0.1");
    });
  });

  it("is asked over TLS, by either transport, and only where its certificate holds", async () => {
    const pki = createPki();
    const secure = await startExtAuthzServer(pki);
    secure.answer = () => ({ status: { code: 7 } });
    const target = secure.target.replace("127.0.0.1", "localhost");
    const ask = async (tls: string, transport: string): Promise<string | undefined> => {
      const yaml = `transport: ${transport}\nauth:\n  default: optional\n  ext_authz: { target: "${target}", timeout: 2s, tls: ${tls} }\n`;
      const asking = await startCredentialsKit({ yaml });
      const { reason } = await asking.rest({});
      await asking.close();
      return reason;
    };
    for (const transport of ["native", "grpc-js"]) {
      expect(await ask(`{ ca: ${pki.caFile} }`, transport)).to.equal("EXT_AUTHZ_DENIED");
      expect(await ask("{}", transport)).to.equal("EXT_AUTHZ_UNAVAILABLE");
    }
    secure.close();
    pki.remove();
  });

  it("gives the question up when the client leaves", async () => {
    const asked = new Promise<void>((resolve) => {
      server.answer = () => {
        resolve();
        return undefined;
      };
    });
    const { port } = await start();
    const outgoing = request({ host: "localhost", port, path: "/v1/one", agent: false }).end();
    outgoing.on("error", () => {});
    await asked;
    outgoing.destroy();
    await server.givenUp;
  });
});
