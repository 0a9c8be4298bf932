// The log of a whole gateway as a program reads it: a line for every way to call and to end, the fields that docs/logging.md has and no
// others, and no credential, however it was sent.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { expect } from "chai";
import { run } from "../command/capture.ts";
import { createFolder } from "../config/yaml-fixture.ts";
import { secretIssuer, tokenOf } from "../matrix/secret-issuer.ts";
import { startGatewayProcess } from "../proxies/gateway-process.ts";
import type { GatewayProcess } from "../proxies/gateway-process.ts";
import { openRaw } from "../support/raw-http.ts";
import { encodeAsk } from "../support/stream-backend.ts";
import type { Ask } from "../support/stream-backend.ts";
import type { OpenOptions, StreamTransport } from "../support/stream-client.ts";
import { grpc } from "../support/stream-grpc-client.ts";
import { httpTransports } from "../support/stream-http-client.ts";
import { muxTransports } from "../support/stream-mux-client.ts";
import { openSocket, simpleTransports } from "../support/stream-websocket-client.ts";

type Line = Readonly<Record<string, unknown>>;

const credentialHeaders = [
  "authorization",
  "cookie",
  "proxy-authorization",
  "referer",
  "sec-websocket-protocol",
  "x-api-key",
  "x-auth-token",
];

const toYaml = (keys: string): string => `
log: { access: on, output: access.log, format: json, query: true, headers: [x-tenant, ${credentialHeaders.join(", ")}] }
request_id: { enabled: true }
tracing: { generate: true }
upstreams: { pages.Pages: "127.0.0.1:1" }
websocket: { access_token_in_query: true, max_sockets_per_principal: 100 }
limits:
  - { name: gathering, key: "global", rate: 1/h, methods: [streams.Streams.Gather] }
policies:
  - { methods: ["streams.Streams.List"], retry: { idempotent: true, max_attempts: 2, initial_backoff: 1ms, max_backoff: 1ms } }
interceptors:
  - { module: ./broken.mjs, after: authenticate, methods: [pages.Pages.Break] }
${secretIssuer.trim()}
  default: optional
  cookie: session
  api_keys: { file: ${keys}, query: api_key }
  basic: { file: ${keys} }
`;

const protos = {
  "pages.proto": `
    syntax = "proto3";
    package pages;
    import "streams.proto";
    service Pages {
      rpc Away(streams.Ask) returns (streams.Answer);
      rpc Break(streams.Ask) returns (streams.Answer);
    }
  `,
};

const broken = `export default () => ({ name: "broken", intercept() { throw new Error("it broke"); } });`;

const transports: readonly StreamTransport[] = [grpc, httpTransports[5], simpleTransports[0], muxTransports[0]];

/** Once for every way that a text of letters may be written. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString("base64").replace(/=+$/, ""), bytes.toString("base64url"), bytes.toString("hex")];
}

describe("the lines of the log", () => {
  const folder = createFolder();
  const secrets: string[] = [];
  let text = "";
  let lines: readonly Line[] = [];
  let runs = 0;

  /** One that nobody has. */
  const wrong = (): string => {
    const secret = `wrong-${++runs}-${Math.random().toString(36).slice(2)}`;
    secrets.push(secret);
    return secret;
  };

  const makeCalls = async (gateway: GatewayProcess): Promise<void> => {
    const call = async (transport: StreamTransport, ask: Ask, options?: OpenOptions) => {
      const name = `run ${++runs}`;
      const handle = await transport.open(gateway, "server-streaming", options);
      handle.send({ run: name, count: 1, ...ask });
      return { handle, name };
    };
    for (const transport of transports) {
      await (
        await call(transport, {})
      ).handle.ended;
      await (
        await call(transport, { code: 5 })
      ).handle.ended;
      await (
        await call(transport, { code: 14, failures: 1 })
      ).handle.ended;
      await (
        await call(transport, { next: "hang" }, { timeoutMs: 200 })
      ).handle.ended;
      await (
        await call(transport, {}, { bearer: wrong() })
      ).handle.ended;
      const left = await call(transport, { next: "hang" });
      const cancelled = (await gateway.backend.run(left.name)).cancelled;
      left.handle.cancel();
      await cancelled;
      for (let i = 0; i < 2; i++) {
        const gathering = await transport.open(gateway, "client-streaming");
        gathering.send({ run: `run ${++runs}` });
        gathering.end();
        await gathering.ended;
      }
    }
    for (const path of ["/pages.Pages/Away", "/pages.Pages/Break", "/nowhere"]) {
      const headers = { "content-type": "application/json", "x-tenant": "acme" };
      await (
        await fetch(`http://${gateway.host}:${gateway.port}${path}`, { method: "POST", headers, body: "{}" })
      ).text();
      await callGrpc(gateway, path, new Metadata());
    }
    await openSocket(`ws://${gateway.host}:${gateway.port}/nowhere`, []).catch(() => {});
  };

  const sendCredentials = async (gateway: GatewayProcess, keys: string): Promise<void> => {
    const make = async (...argv: string[]): Promise<string> =>
      (await run(["keys", "create", ...argv, "--file", keys])).out.trim();
    const [key, password] = [await make("--name", "ci"), await make("--user", "alice")];
    const token = tokenOf({ sub: "ada" });
    secrets.push(key.split("_")[2], password, ...token.split(".").slice(1));
    const base = `http://${gateway.host}:${gateway.port}`;
    const get = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
      const response = await fetch(base + path, { headers });
      await response.text();
      return response.status;
    };
    const basic = (text: string): string => {
      const encoded = Buffer.from(text).toString("base64");
      secrets.push(encoded.replace(/=+$/, ""));
      return `Basic ${encoded}`;
    };
    // The file is looked at now and then.
    while ((await get("/v1/follow?count=1&next=finish", { "x-api-key": key })) !== 200)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const path = "/v1/follow?count=1&next=finish";
    for (const value of [token, wrong()]) {
      const headers: readonly Record<string, string>[] = [
        { authorization: `Bearer ${value}` },
        { cookie: `theme=dark; session=${value}` },
        { "proxy-authorization": value, "x-auth-token": value, referer: `${base}/?access_token=${value}` },
      ];
      for (const each of headers) await get(path, each);
      for (const name of ["access_token", "Access%5FToken", "auth.token", "ticket", "%24ticket"])
        await get(`${path}&${name}=${value}`);
      const socket = `ws://${gateway.host}:${gateway.port}/v1/follow?count=1`;
      const bearer = `bearer.${Buffer.from(value).toString("base64url")}`;
      await openSocket(socket, ["sluice.v1.json", bearer]).then(
        (opened) => opened.close(),
        () => {},
      );
      await openSocket(`${socket}&access_token=${value}`, []).then(
        (opened) => opened.close(),
        () => {},
      );
      for (const transport of transports) {
        const handle = await transport.open(gateway, "server-streaming", { bearer: value });
        handle.send({ run: `run ${++runs}`, count: 1 });
        await handle.ended;
      }
    }
    for (const value of [key, wrong()]) {
      await get(path, { "x-api-key": value });
      await get(`${path}&api_key=${value}`);
      const metadata = new Metadata();
      metadata.set("x-api-key", value);
      await callGrpc(gateway, "/streams.Streams/Single", metadata);
    }
    for (const value of [password, wrong()]) {
      await get(path, { authorization: basic(`alice:${value}`) });
      const raw = await openRaw(gateway);
      raw.send(`GET http://alice:${value}@${gateway.host}${path} HTTP/1.1\r\nHost: ${gateway.host}\r\n\r\n`);
      await raw.response(false);
      raw.close();
    }
    const asked = await fetch(`${base}/-/ticket`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: '{"path": "/v1/follow"}',
    });
    const { ticket } = (await asked.json()) as { ticket: string };
    secrets.push(ticket);
    await openSocket(`ws://${gateway.host}:${gateway.port}/v1/follow?count=1&$ticket=${ticket}`, []).then((opened) =>
      opened.close(),
    );
  };

  before(async () => {
    const keys = join(folder.path, "keys.yaml");
    await run(["keys", "create", "--name", "first", "--file", keys]);
    const gateway = await startGatewayProcess({ yaml: toYaml(keys), protos, files: { "broken.mjs": broken } });
    try {
      await makeCalls(gateway);
      await sendCredentials(gateway, keys);
      gateway.program.signal("SIGTERM");
      expect(await gateway.program.exited).to.equal(0);
      const log = readFileSync(join(gateway.folder, "access.log"), "utf8");
      lines = log
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Line);
      // All that it has printed is in the message.
      text = log + (await gateway.program.line(/$^/).catch(String));
    } finally {
      await gateway.close();
    }
  });
  after(() => folder.dispose());

  const page = readFileSync("docs/logging.md", "utf8");
  const documented = [...page.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) =>
    [...cell.matchAll(/`(\w+…?)`/g)].map(([, name]) => name),
  );
  const nameOf = (field: string): string => (field.startsWith("header_") ? "header_…" : field);

  it("are JSON objects of printable ASCII", () => {
    expect(lines.length).to.be.greaterThan(50);
    expect(readable(text)).to.equal(true);
  });

  it("have the fields that are documented, each somewhere, and of faults the stack", () => {
    const seen = new Set(lines.flatMap((line) => Object.keys(line).map(nameOf)));
    // How often a fault was not told of, which may not have happened.
    seen.delete("repeated");
    expect([...seen].sort()).to.deep.equal([...documented, "stack"].sort());
    for (const name of ["stack", "repeated"]) expect(page).to.contain(`\`${name}\``);
    for (const line of lines) if (line["stack"] !== undefined) expect(line["msg"]).to.equal("fault");
  });

  const request = ["time", "level", "msg", "request_id", "front", "http_method", "path", "peer", "code"];
  const passed = ["duration_ms", "messages_in", "messages_out", "bytes_in", "bytes_out"];

  it("always say what was asked, by whom and what became of it", () => {
    for (const line of lines.filter(({ msg }) => msg === "call"))
      expect(line).to.include.all.keys(...request, ...passed, "trace_id", "span_id", "method", "upstream");
    for (const line of lines.filter(({ msg }) => msg === "miss")) expect(line).to.include.all.keys(...request, "error");
    for (const line of lines.filter(({ code, msg }) => msg === "call" && code !== "OK"))
      expect(line).to.include.all.keys("error");
  });

  for (const front of ["rest", "websocket", "grpc"])
    it(`tell of every end of a call: ${front}`, () => {
      const of = (code: string, isIt: (line: Line) => boolean = () => true): Line => {
        const found = lines.find((line) => line["front"] === front && line["code"] === code && isIt(line));
        return found ?? expect.fail(`no line of ${front} with ${code}`);
      };
      expect(of("OK")).to.include({ level: "info", messages_in: 1 });
      of("OK", ({ principal }) => principal === "https://idp.example|ada");
      expect(of("NOT_FOUND", ({ msg }) => msg === "call")).to.include({ level: "info" });
      expect(of("CANCELLED")).to.include({ level: "info", reason: "CLIENT_GONE" });
      expect(of("RESOURCE_EXHAUSTED")).to.include({ refused_by: "limit", reason: "RATE_LIMITED" });
      expect(of("UNAUTHENTICATED")).to.include({ level: "info" });
      expect(of("OK", ({ notes }) => notes !== undefined)["notes"]).to.deep.equal([
        "retry: attempt 1: UNAVAILABLE, again in 1 ms",
      ]);
      expect(lines.filter((line) => line["front"] === front && line["msg"] === "miss")).to.not.be.empty;
      // Its client's clock may be the first.
      if (front !== "grpc") expect(of("DEADLINE_EXCEEDED")).to.include({ level: "warn" });
      if (front === "websocket") return;
      expect(of("UNAVAILABLE", ({ cause }) => cause !== undefined)).to.include({
        level: "warn",
        method: "pages.Pages/Away",
      });
      expect(of("INTERNAL")).to.include({ level: "error", cause: "it broke", refused_by: "broken.mjs" });
    });

  it("name faults by the requests that met with them", () => {
    const fault = lines.find(({ msg, reason }) => msg === "fault" && reason === "INTERNAL");
    expect(fault).to.include({ level: "error", method: "pages.Pages/Break", reason: "INTERNAL" });
    expect(fault?.["stack"]).to.match(/^Error: it broke\n +at /);
    expect(lines.find(({ msg, request_id: id }) => msg === "call" && id === fault?.["request_id"])).to.not.equal(
      undefined,
    );
  });

  it("have no credential in them, good or bad, whichever way it came", () => {
    expect(secrets.length).to.be.greaterThan(12);
    for (const secret of secrets)
      for (const spelling of spellings(secret)) expect(text.includes(spelling), spelling).to.equal(false);
    // Of a handshake only its front sees the sub-protocols; of a referer more than its secrets is shown.
    for (const name of credentialHeaders.filter((header) => !["referer", "sec-websocket-protocol"].includes(header)))
      expect(text, name).to.contain(`"header_${name.replaceAll("-", "_")}":"[redacted]"`);
    for (const shown of [
      "api_key=[redacted]",
      "access_token=[redacted]",
      "$ticket=[redacted]",
      "Access%5FToken=[redacted]",
    ])
      expect(text).to.contain(shown);
  });
});

/** But for line ends. */
function readable(text: string): boolean {
  return /^[\x20-\x7e\n]*$/.test(text.slice(0, text.lastIndexOf("}\n")));
}

function callGrpc({ host, port }: GatewayProcess, path: string, metadata: Metadata): Promise<number> {
  const client = new Client(`${host}:${port}`, credentials.createInsecure());
  const asIs = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, asIs, asIs, encodeAsk({}), metadata, (error) => {
      client.close();
      resolve(error?.code ?? 0);
    });
  });
}
