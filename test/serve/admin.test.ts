import { expect } from "chai";
import { request } from "node:http";
import { createAdmin } from "../../src/serve/admin.ts";
import type { Admin, Readiness } from "../../src/serve/admin.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

describe("createAdmin", () => {
  let readiness: Readiness = { ready: true, reasons: [] };
  let admin: Admin;
  let port: number;

  before(async () => {
    admin = createAdmin({
      address: { host: "127.0.0.1", port: 0 },
      routes: () => [{ path: "/v1/x" }],
      config: () => {
        if (!readiness.ready) throw new Error("secret detail");
        return { listen: ":1" };
      },
      openApi: () => ({ openapi: "3.1.0" }),
      readiness: () => readiness,
      metrics: (format) => (format === "openmetrics" ? "x 1\n# EOF\n" : "# HELP x\nx 1\n"),
    });
    ({ port } = await admin.listen());
  });
  after(() => admin.close());
  beforeEach(() => {
    readiness = { ready: true, reasons: [] };
  });

  const ask = (path: string, method = "GET", headers: Record<string, string> = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
      outgoing.on("error", reject).end();
    });

  it("is healthy while it runs, whatever the backends do", async () => {
    readiness = { ready: false, reasons: ["x"] };
    expect(await ask("/healthz")).to.include({ status: 200, body: '{"status":"ok"}' });
  });

  it("is ready, or says why not with 503", async () => {
    expect(await ask("/readyz")).to.include({ status: 200, body: '{"status":"ready","reasons":[]}' });
    readiness = { ready: false, reasons: ["upstream a:1 is failing"] };
    expect(await ask("/readyz")).to.include({
      status: 503,
      body: '{"status":"not ready","reasons":["upstream a:1 is failing"]}',
    });
  });

  it("shows routes and configuration", async () => {
    expect(await ask("/routes")).to.include({ status: 200, body: '[{"path":"/v1/x"}]' });
    expect(await ask("/config")).to.include({ status: 200, body: '{"listen":":1"}' });
  });

  it("describes the API for other programs", async () =>
    expect(await ask("/openapi.json")).to.include({ status: 200, body: '{"openapi":"3.1.0"}' }));

  it("lets no page show it, and nothing keep it", async () => {
    for (const path of ["/config", "/metrics", "/openapi.json", "/nowhere"])
      expect((await ask(path)).headers).to.include({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cross-origin-resource-policy": "same-origin",
      });
  });

  it("answers HEAD without a body", async () =>
    expect(await ask("/healthz", "HEAD")).to.include({ status: 200, body: "" }));

  it("answers 404 in JSON for anything else, of any case and with any slash", async () => {
    for (const path of ["/", "/metric", "/healthz/", "/HEALTHZ", "//healthz", "/config/../healthz", "/%68ealthz/x"]) {
      const { status, headers } = await ask(path);
      expect([path, status, headers["content-type"]]).to.deep.equal([path, 404, "application/json; charset=utf-8"]);
    }
  });

  it("changes nothing: 405 with Allow for other methods", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const { status, headers } = await ask("/config", method);
      expect([status, headers["allow"]]).to.deep.equal([405, "GET, HEAD"]);
    }
  });

  it("refuses web pages and foreign hosts", async () => {
    expect((await ask("/config", "GET", { origin: "https://evil.example" })).status).to.equal(403);
    expect((await ask("/config", "GET", { host: "evil.example" })).status).to.equal(421);
    for (const host of ["localhost:9901", "127.0.0.1", "[::1]:9901"])
      expect((await ask("/config", "GET", { host })).status).to.equal(200);
  });

  it("tells nothing about itself, nor about what went wrong", async () => {
    readiness = { ready: false, reasons: [] };
    const { status, headers, body } = await ask("/config");
    expect([status, body]).to.deep.equal([500, '{"error":"internal error"}']);
    expect(headers).to.not.have.any.keys("x-powered-by", "etag", "access-control-allow-origin");
    expect(headers).to.include({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
  });

  it("tells metrics as text", async () => {
    const { status, headers, body } = await ask("/metrics");
    expect([status, body]).to.deep.equal([200, "# HELP x\nx 1\n"]);
    expect(headers["content-type"]).to.equal("text/plain; version=0.0.4; charset=utf-8");
  });

  it("tells metrics as OpenMetrics to who asks for it, and as text to everybody else", async () => {
    const open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    const text = "text/plain; version=0.0.4; charset=utf-8";
    const wants: readonly (readonly [accept: string, answer: string])[] = [
      ["application/openmetrics-text", open],
      ["application/openmetrics-text; version=1.0.0; charset=utf-8", open],
      // As Prometheus 2 and 3 ask.
      [
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        open,
      ],
      [
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        open,
      ],
      ["application/openmetrics-text;version=0.0.1", text],
      ["text/plain, application/openmetrics-text;q=0.5", text],
      ["application/openmetrics-text;q=0", text],
      ["*/*", text],
      ["application/json", text],
      ["junk;;;=", text],
    ];
    for (const [accept, answer] of wants) {
      const { status, headers, body } = await ask("/metrics", "GET", { accept });
      expect([accept, status, headers["content-type"]]).to.deep.equal([accept, 200, answer]);
      expect(body.endsWith("# EOF\n")).to.equal(answer === open);
    }
  });

  it("rejects when the port is taken", async () => {
    const second = createAdmin({
      address: { host: "127.0.0.1", port },
      routes: () => [],
      config: () => ({}),
      openApi: () => ({ openapi: "3.1.0" }),
      readiness: () => readiness,
      metrics: () => "# HELP x\nx 1\n",
    });
    const error = await second.listen().catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "EADDRINUSE");
  });
});
