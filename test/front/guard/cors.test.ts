// CORS over real sockets: which pages get to read what, whatever it is that answers.
import { connect } from "node:http2";
import { expect } from "chai";
import type { AuthConfig } from "../../../src/config/config.ts";
import { compileCors } from "../../../src/front/guard/cors.ts";
import { toGuardOptions } from "../../../src/guard-options.ts";
import { createRouter } from "../../../src/route/router.ts";
import { configOf } from "../../config/yaml-fixture.ts";
import { startGateway } from "../../support/gateway.ts";
import type { GatewayFixture } from "../../support/gateway.ts";
import type { RawResponse } from "../../support/raw-http.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M { string text = 1; }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/notes/{text}" }; }
    rpc Put(M) returns (M) { option (google.api.http) = { put: "/v1/notes/{text}" body: "*" }; }
    rpc Any(M) returns (M) { option (google.api.http) = { custom: { kind: "*" path: "/v1/any" } }; }
    rpc Watch(M) returns (stream M) { option (google.api.http) = { get: "/v1/watch" }; }
  }
`;

const app = "https://app.example";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

function toAnswer({ status, headers, body }: RawResponse): Answer {
  return { status, headers: Object.fromEntries(headers), body };
}

function granted({ headers }: Pick<Answer, "headers">): unknown {
  return headers["access-control-allow-origin"];
}

describe("CORS", () => {
  let gateway: GatewayFixture;

  const start = async (cors: string, more = ""): Promise<void> => {
    gateway = await startGateway({ protos, yaml: `${cors === "" ? "" : `cors: { ${cors} }\n`}${more}` });
  };
  afterEach(() => gateway.close());

  const ask = (line: string, ...headers: readonly string[]): Promise<Answer> => {
    const [method, target] = line.split(" ");
    return gateway.request({ method, target, headers }).then(toAnswer);
  };
  const preflight = (target: string, origin: string, method: string, ...headers: readonly string[]) =>
    ask(`OPTIONS ${target}`, `Origin: ${origin}`, `Access-Control-Request-Method: ${method}`, ...headers);

  it("is not heard of where it is not configured", async () => {
    await start("");
    const answers = [await ask("GET /v1/notes/a", `Origin: ${app}`), await preflight("/v1/notes/a", app, "GET")];
    for (const { headers } of answers)
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).to.deep.equal([]);
    expect(answers[1].headers["allow"]).to.equal("GET, HEAD, OPTIONS, PUT");
  });

  it("lets listed pages read every kind of answer, and others none", async () => {
    await start(`origins: [${app}]`);
    const targets = ["/v1/notes/a", "/v1/nothing", "/v1/notes/%zz", "/v1/notes/a?unknown=1", "/v1/watch", "/-/nothing"];
    for (const target of targets) {
      const allowed = await ask(`GET ${target}`, `Origin: ${app}`);
      expect(granted(allowed), target).to.equal(app);
      expect(allowed.headers["vary"], target).to.contain("Origin");
      expect(allowed.headers["access-control-expose-headers"], target).to.contain("retry-after");
      expect(allowed.headers["access-control-allow-credentials"], target).to.equal(undefined);
      for (const origin of [
        "https://evil.example",
        "null",
        `${app}.evil.example`,
        "http://app.example",
        `${app}:443`,
      ]) {
        const refused = await ask(`GET ${target}`, `Origin: ${origin}`);
        expect(granted(refused), `${origin} ${target}`).to.equal(undefined);
        expect(refused.status).to.equal(allowed.status);
        expect(refused.headers["vary"]).to.contain("Origin");
      }
    }
  });

  it("says Vary: Origin to programs as well, as caches keep one answer for both", async () => {
    await start(`origins: [${app}]`);
    const answer = await ask("GET /v1/notes/a");
    expect(granted(answer)).to.equal(undefined);
    expect(answer.headers["vary"]).to.contain("Origin").and.to.contain("Accept");
  });

  it("answers a preflight with the methods of its path, without a call", async () => {
    await start(`origins: [${app}], headers: [X-Tenant], max_age: 1h`);
    const { status, headers, body } = await preflight(
      "/v1/notes/a",
      app,
      "PUT",
      "Access-Control-Request-Headers: x-tenant",
    );
    expect([status, body.length]).to.deep.equal([204, 0]);
    expect(headers["access-control-allow-origin"]).to.equal(app);
    expect(headers["access-control-allow-methods"]).to.equal("GET, HEAD, OPTIONS, PUT");
    const allowed = headers["access-control-allow-headers"].split(", ");
    expect(allowed).to.include.members(["authorization", "content-type", "x-tenant", "traceparent", "sluice-timeout"]);
    expect(headers["access-control-max-age"]).to.equal("3600");
    expect(headers["vary"]).to.contain("Origin").and.to.contain("Access-Control-Request-Headers");
    expect(gateway.calls).to.deep.equal([]);
  });

  it("lets a page find out by itself that there is no route", async () => {
    await start(`origins: [${app}]`);
    const { status, headers } = await preflight("/v1/nothing", app, "DELETE");
    expect([status, headers["access-control-allow-methods"]]).to.deep.equal([
      204,
      "GET, HEAD, POST, PUT, PATCH, DELETE",
    ]);
    const answer = await ask("DELETE /v1/nothing", `Origin: ${app}`);
    expect([answer.status, granted(answer)]).to.deep.equal([404, app]);
  });

  it("names the method that is asked for where a route takes any", async () => {
    await start(`origins: [${app}]`);
    const allowed = async (method: string): Promise<string> =>
      (await preflight("/v1/any", app, method)).headers["access-control-allow-methods"];
    expect(await allowed("PURGE")).to.equal("GET, HEAD, POST, PUT, PATCH, DELETE, PURGE");
    expect(await allowed("DELETE")).to.equal("GET, HEAD, POST, PUT, PATCH, DELETE");
    // As it stands in the request: browsers compare the letters' case, too.
    expect(await allowed("patch")).to.equal("GET, HEAD, POST, PUT, PATCH, DELETE, patch");
    for (const none of ["A, B", "A(", "A".repeat(65)])
      expect(await allowed(none), none).to.equal("GET, HEAD, POST, PUT, PATCH, DELETE");
    expect((await ask("PURGE /v1/any", `Origin: ${app}`)).status).to.equal(200);
  });

  it("knows the methods of the gateway's own pages", async () => {
    await start(`origins: [${app}]`);
    const methodsOf = async (target: string) =>
      (await preflight(target, app, "POST")).headers["access-control-allow-methods"];
    expect(await methodsOf("/-/ticket")).to.equal("POST, OPTIONS");
    expect(await methodsOf("/-/sluice-client.js")).to.equal("GET, HEAD, OPTIONS");
  });

  it("refuses the preflight of any other page with the reason", async () => {
    await start(`origins: [${app}]`);
    for (const origin of ["https://evil.example", "null", "https://app.example.evil", "junk", `${app}/`]) {
      const { status, headers, body } = await preflight("/v1/notes/a", origin, "PUT");
      expect(status, origin).to.equal(403);
      expect(granted({ headers })).to.equal(undefined);
      expect(headers["access-control-allow-methods"]).to.equal(undefined);
      expect(headers["vary"]).to.contain("Origin");
      expect(body.toString()).to.contain("ORIGIN_FORBIDDEN").and.to.contain("cors.origins");
    }
    expect(gateway.calls).to.deep.equal([]);
  });

  it("answers OPTIONS that is no preflight as ever", async () => {
    await start(`origins: [${app}]`);
    const { status, headers } = await ask("OPTIONS /v1/notes/a", `Origin: ${app}`);
    expect([status, headers["allow"], headers["access-control-allow-origin"]]).to.deep.equal([
      204,
      "GET, HEAD, OPTIONS, PUT",
      app,
    ]);
  });

  it("takes one level of names for a star, and nothing that only looks like one", async () => {
    await start("origins: ['https://*.app.example:8443']");
    const allowed = async (origin: string) => granted(await ask("GET /v1/notes/a", `Origin: ${origin}`)) === origin;
    for (const origin of ["https://a.app.example:8443", "https://x-1.app.example:8443"])
      expect(await allowed(origin), origin).to.equal(true);
    const refused = [
      "https://app.example:8443",
      "https://a.b.app.example:8443",
      "https://a.app.example",
      "http://a.app.example:8443",
      "https://aapp.example:8443",
      "https://.app.example:8443",
      "https://evil.example/.app.example:8443",
      "https://evil.example#.app.example:8443",
      "https://u@a.app.example:8443",
      "https://-.app.example:8443",
    ];
    for (const origin of refused) expect(await allowed(origin), origin).to.equal(false);
  });

  it("grants credentials to listed pages only where that is said", async () => {
    await start(`origins: [${app}], credentials: true`);
    const answer = await ask("GET /v1/notes/a", `Origin: ${app}`);
    expect(answer.headers["access-control-allow-credentials"]).to.equal("true");
    const asked = await preflight("/v1/notes/a", app, "PUT");
    expect(asked.headers["access-control-allow-credentials"]).to.equal("true");
    const refused = await ask("GET /v1/notes/a", "Origin: https://evil.example");
    expect(refused.headers["access-control-allow-credentials"]).to.equal(undefined);
  });

  it("answers every page alike where all may read", async () => {
    await start("origins: ['*']");
    const [page, program] = [await ask("GET /v1/notes/a", "Origin: https://any.example"), await ask("GET /v1/notes/a")];
    for (const answer of [page, program]) {
      expect(granted(answer)).to.equal("*");
      expect(answer.headers["vary"]).not.to.contain("Origin");
    }
  });

  it("lets a page without an origin of its own do where all may read what it may do anywhere", async () => {
    await start("origins: ['*']");
    const asked = await preflight("/v1/notes/a", "null", "PUT", "Access-Control-Request-Headers: content-type");
    expect([asked.status, granted(asked)]).to.deep.equal([204, "*"]);
    expect(asked.headers["access-control-allow-headers"].split(", ")).to.contain("content-type");
    const answer = await ask("GET /v1/notes/a", "Origin: null");
    expect([answer.status, granted(answer)]).to.deep.equal([200, "*"]);
    expect(answer.headers["access-control-allow-credentials"]).to.equal(undefined);
  });

  it("names each header, and says nothing of those that the page asks for", async () => {
    await start(`origins: [${app}], credentials: true, headers: [x-tenant], expose: [x-total]`);
    const asked = await preflight(
      "/v1/notes/a",
      app,
      "patch",
      "Access-Control-Request-Headers: x-tenant,X-Evil",
      'Access-Control-Request-Headers: *, x-"',
    );
    expect(asked.status).to.equal(204);
    // With credentials a star is the name of a header.
    for (const name of ["headers", "methods"]) {
      const named = asked.headers[`access-control-allow-${name}`].split(", ");
      expect(named).to.not.include.members(["*"]);
      expect(named.some((one) => /evil|"|patch/i.test(one))).to.equal(false);
      expect(named).to.deep.equal([...new Set(named)]);
    }
    const exposed = asked.headers["access-control-expose-headers"].split(", ");
    expect(exposed).to.include("x-total").and.not.include("*");
  });

  it("lets pages read that what they have is still good, and that they may not call at all", async () => {
    const issuer = `{ issuer: "https://idp.example", secret: ${"s".repeat(32)}, audience: any, algorithms: [HS256] }`;
    const auth = `auth: { issuers: [${issuer}], public: [t.S.Get] }\n`;
    await start(`origins: [${app}]`, `${auth}policies: [{ methods: [t.S.Get], cache: { ttl: 1m, public: true } }]\n`);
    const first = await ask("GET /v1/notes/a", `Origin: ${app}`);
    const again = await ask("GET /v1/notes/a", `Origin: ${app}`, `If-None-Match: ${first.headers["etag"]}`);
    expect([again.status, granted(again)]).to.deep.equal([304, app]);
    expect(again.headers["vary"]).to.contain("Origin");
    expect(again.headers["access-control-expose-headers"].split(", ")).to.contain("etag");
    const refused = await ask("GET /v1/watch", `Origin: ${app}`);
    expect([refused.status, granted(refused)]).to.deep.equal([401, app]);
    const asked = await preflight("/v1/watch", app, "GET", "Access-Control-Request-Headers: authorization");
    expect([asked.status, granted(asked)]).to.deep.equal([204, app]);
    expect(gateway.calls).to.have.length(1);
  });

  it("lets pages of the internet into a private network only where that is said", async () => {
    const header = "access-control-allow-private-network";
    const asked = "Access-Control-Request-Private-Network: true";
    await start(`origins: [${app}]`);
    expect((await preflight("/v1/notes/a", app, "GET", asked)).headers[header]).to.equal(undefined);
    await gateway.close();
    await start(`origins: [${app}], private_network: true`);
    expect((await preflight("/v1/notes/a", app, "GET", asked)).headers[header]).to.equal("true");
    expect((await preflight("/v1/notes/a", app, "GET")).headers[header]).to.equal(undefined);
  });

  it("lets listed pages open sockets and fetch tickets, but not every page because all may read", async () => {
    const body = '{"path":"/v1/watch"}';
    const ticket = async (origin: string) =>
      toAnswer(
        await gateway.request({
          method: "POST",
          target: "/-/ticket",
          headers: ["Content-Type: application/json", `Origin: ${origin}`],
          body,
        }),
      );
    await start(`origins: [${app}]`);
    const given = await ticket(app);
    expect([given.status, granted(given)]).to.deep.equal([200, app]);
    expect((await ticket("https://evil.example")).status).to.equal(403);
    await gateway.close();
    await start("origins: ['*']");
    const refused = await ticket(app);
    expect([refused.status, granted(refused)]).to.deep.equal([403, "*"]);
  });

  it("replaces what a backend says about CORS", async () => {
    await start(`origins: [${app}]`, "http: { response_headers: [access-control-allow-origin] }");
    gateway.answerWith({ kind: "reply", message: "{}", headers: [["access-control-allow-origin", "*"]] });
    const answer = await ask("GET /v1/notes/a", `Origin: ${app}`);
    expect(granted(answer)).to.equal(app);
  });

  it("holds over HTTP/2", async () => {
    await start(`origins: [${app}]`);
    const session = connect(`http://${gateway.host}:${gateway.port}`);
    try {
      const headersOf = (headers: Record<string, string>) =>
        new Promise<Record<string, unknown>>((resolve, reject) => {
          const stream = session.request({ ":path": "/v1/notes/a", origin: app, ...headers });
          stream.once("response", (answer) => {
            resolve(answer);
            stream.resume();
          });
          stream.once("error", reject);
          stream.end();
        });
      expect((await headersOf({}))["access-control-allow-origin"]).to.equal(app);
      const asked = await headersOf({ ":method": "OPTIONS", "access-control-request-method": "PUT" });
      expect([asked[":status"], asked["access-control-allow-methods"]]).to.deep.equal([204, "GET, HEAD, OPTIONS, PUT"]);
    } finally {
      session.close();
    }
  });
});

describe("compileCors", () => {
  const base = {
    credentials: true,
    requestHeaders: [],
    exposedHeaders: [],
    maxAgeMs: 0,
    privateNetwork: false,
    methodsOf: () => undefined,
  };
  it("refuses credentials for every page", () =>
    expect(() => compileCors({ ...base, origins: ["*"] })).to.throw(RangeError, "credentials"));
  for (const origin of [
    "null",
    "app.example",
    "https://*.com",
    "https://*",
    "https://a.*.example",
    "https://app.example/x",
  ])
    it(`refuses ${origin} as an origin`, () =>
      expect(() => compileCors({ ...base, origins: [origin] })).to.throw(RangeError, "is not an origin"));
});

describe("toGuardOptions", () => {
  it("lets pages set the header of API keys, the names of the request's id, and those that become metadata", () => {
    const yaml =
      "cors: { origins: [https://app.example], headers: [x-tenant] }\nrequest_id: { enabled: true, header: x-id }";
    const config = configOf(`${yaml}\nhttp: { request_headers: [x-locale], response_headers: [etag] }`);
    const apiKeys = { file: "", header: "x-api-key", query: undefined };
    const router = createRouter([], { profile: "strict", urlUnescape: "except_reserved" });
    const { cors } = toGuardOptions({ ...config, auth: { apiKeys } as AuthConfig }, router);
    expect(cors?.requestHeaders).to.include.members(["x-api-key", "x-tenant", "x-id", "x-locale", "authorization"]);
    expect(cors?.exposedHeaders).to.include.members(["x-id", "etag", "retry-after"]);
    expect(toGuardOptions(configOf(""), router)).to.include({ cors: undefined, requestId: undefined });
  });
});
