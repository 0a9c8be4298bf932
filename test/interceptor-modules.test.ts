// Interceptors of one's own: as modules that the configuration names, over real sockets; what cannot be loaded, or would never run, stops the start.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { CustomInterceptor } from "../src/chain/points.ts";
import { DiagnosticError } from "../src/diagnostic.ts";
import { createGateway } from "../src/gateway.ts";
import { loadInterceptors } from "../src/interceptor-modules.ts";
import { makeSecretToken } from "./chain/authenticate/token-kit.ts";
import { createFolder } from "./config/yaml-fixture.ts";
import type { Folder } from "./config/yaml-fixture.ts";
import { loadSource, startGateway } from "./support/gateway.ts";
import type { GatewayFixture, LoadedSource } from "./support/gateway.ts";
import { startStreamGateway } from "./support/stream-gateway.ts";
import { pairs } from "./matrix/pairs.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M { string text = 1; }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/one" }; }
    rpc Other(M) returns (M) { option (google.api.http) = { get: "/v1/other" }; }
  }
`;

const examples = fileURLToPath(new URL("../../examples/interceptors/", import.meta.url));
const secret = "0123456789abcdef0123456789abcdef";
const auth = `auth: { issuers: [{ issuer: "https://idp.example", audience: shop, algorithms: [HS256], secret: "${secret}" }] }`;

function bearer(claims: Readonly<Record<string, unknown>>): string {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const all = { iss: "https://idp.example", aud: "shop", sub: "ada", exp, ...claims };
  return `Authorization: Bearer ${makeSecretToken({ alg: "HS256" }, all, secret)}`;
}

async function problemsOf(run: () => unknown): Promise<string[]> {
  try {
    await run();
  } catch (error) {
    if (error instanceof DiagnosticError) return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("interceptors of one's own", () => {
  let folder: Folder;
  before(() => (folder = createFolder()));
  after(() => folder.dispose());

  const load = async (yaml: string): Promise<LoadedSource> => {
    const loaded = await loadSource({ protos, yaml });
    if (loaded.project === undefined) throw new Error(loaded.problems.join("\n"));
    return loaded;
  };
  const start = async (yaml: string): Promise<GatewayFixture> => {
    const loaded = await load(yaml);
    return startGateway({ protos, loaded, options: { interceptors: await loadInterceptors(loaded.project!.config) } });
  };
  // A module is loaded once a path.
  let modules = 0;
  const withModule = (text: string, entry: string): string =>
    `interceptors:\n  - { module: ${JSON.stringify(folder.write(`${++modules}/own.mjs`, text))}, ${entry} }\n`;
  const get = (gateway: GatewayFixture, target: string, headers: string[] = []) =>
    gateway.request({ method: "GET", target, headers });

  it("tell backends the tenant of the caller, and nothing that the client says it is", async () => {
    const gateway = await start(
      `${auth}\nhttp: { request_headers: [x-tenant] }\ninterceptors: [{ module: ${examples}tenant.mjs, after: authenticate, methods: [t.S.Get] }]`,
    );
    try {
      await get(gateway, "/v1/one", [bearer({ tenant: "acme" }), "x-tenant: evil"]);
      const told = gateway.calls[0].metadata.filter(([name]) => name === "x-tenant");
      expect(told).to.deep.equal([["x-tenant", "acme"]]);
      const refused = await get(gateway, "/v1/one", [bearer({}), "x-tenant: evil"]);
      expect(refused.status).to.equal(403);
      expect(refused.body.toString()).to.contain("TENANT_MISSING");
      await get(gateway, "/v1/other", [bearer({})]);
      expect(gateway.calls.map(({ method }) => method)).to.deep.equal(["t.S/Get", "t.S/Other"]);
    } finally {
      await gateway.close();
    }
  });

  it("bill every message of every kind of call, whatever it comes over", async () => {
    const file = `${folder.path}/bills.jsonl`;
    const gateway = await startStreamGateway({
      yaml: `interceptors: [{ module: ${examples}bill.mjs, after: authorize, options: { file: ${file} } }]`,
    });
    const expected: string[] = [];
    try {
      for (const { transport, kind } of pairs) {
        const call = await transport.open(gateway, kind);
        const isStreamed = kind === "client-streaming" || kind === "bidi-streaming";
        call.send({ run: "billed", count: kind === "server-streaming" ? 3 : 1 });
        if (isStreamed) call.send({ run: "billed" });
        call.end();
        const { code } = await call.ended;
        expect(code, `${transport.name}, ${kind}`).to.equal(0);
        const received = { unary: 1, "client-streaming": 1, "server-streaming": 3, "bidi-streaming": 2 }[kind];
        expected.push(`${kind} sent ${isStreamed ? 2 : 1} received ${received}`);
      }
    } finally {
      await gateway.close();
    }
    const names = { Single: "unary", List: "server-streaming", Gather: "client-streaming", Chat: "bidi-streaming" };
    const readBills = (): string[] => readFileSync(file, "utf8").trim().split("\n");
    // The module writes them when it comes to it, and nobody waits for that.
    while (readBills().length < expected.length) await new Promise((resolve) => setImmediate(resolve));
    const shown = readBills().map((line) => {
      const { method, sent, received } = JSON.parse(line) as { method: string; sent: number; received: number };
      const kind = names[method.split(".")[2] as keyof typeof names];
      return `${kind} sent ${sent} received ${received}`;
    });
    expect(shown.toSorted()).to.deep.equal(expected.toSorted());
  });

  it("that wrap the upstream answer calls themselves, or hand them on", async () => {
    const gateway = await start(
      withModule(
        "export default { wrap: (next) => ({ ...next, unary: (call) => call.method.localName === 'Get' ? Promise.resolve({ message: Buffer.from([10, 2, 111, 107]), headers: [], trailers: [] }) : next.unary(call) }) }",
        "around: upstream",
      ),
    );
    try {
      expect((await get(gateway, "/v1/one")).body.toString()).to.equal('{"text":"ok"}');
      expect((await get(gateway, "/v1/other")).status).to.equal(200);
      expect(gateway.calls.map(({ method }) => method)).to.deep.equal(["t.S/Other"]);
    } finally {
      await gateway.close();
    }
  });

  for (const [what, thrown] of [
    ["throw", "throw new TypeError('secret detail')"],
    ["reject", "return Promise.reject(new TypeError('secret detail'))"],
  ])
    it(`that ${what} what is no GatewayError are INTERNAL to the client, and reported`, async () => {
      const loaded = await load(withModule(`export default { intercept() { ${thrown}; } }`, "before: limit"));
      const reports: unknown[] = [];
      const gateway = await startGateway({
        protos,
        loaded,
        options: {
          interceptors: await loadInterceptors(loaded.project!.config),
          report: (error) => void reports.push(error.cause),
        },
      });
      try {
        const answer = await get(gateway, "/v1/one");
        expect(answer.status).to.equal(500);
        expect(answer.body.toString()).to.contain("internal error").and.not.to.contain("secret");
        expect(String(reports[0])).to.equal("TypeError: secret detail");
        expect(gateway.calls).to.deep.equal([]);
      } finally {
        await gateway.close();
      }
    });

  const faults: readonly (readonly [text: string, entry: string, expected: RegExp])[] = [
    [
      "export const a = 1;",
      "before: limit",
      /sluice\.yaml:2:\d+: error: the interceptor "own\.mjs": it has no default export/,
    ],
    ["export default {};", "before: limit", /it stands before limit and has no intercept\(call\)$/],
    [
      "export default { wrap() {} };",
      "after: limit",
      /has no intercept\(call\), but wrap: is it meant to stand elsewhere\?/,
    ],
    ["export default { intercept() {} };", "around: upstream", /no wrap\(next\), but intercept/],
    ["export default () => { throw new Error('no options') };", "before: limit", /its function throws: no options/],
    ["export default null", "before: limit", /no intercept/],
    ["this is no JavaScript", "before: limit", /it cannot be loaded: /],
    ["import './gone.mjs';", "before: limit", /is not there: .*gone\.mjs/],
    ["throw new Error('at once')", "before: limit", /it cannot be loaded: at once/],
  ];
  for (const [text, entry, expected] of faults)
    it(`stop the start when their module is ${text}, ${entry}`, async () => {
      const { project } = await load(withModule(text, entry));
      expect((await problemsOf(() => loadInterceptors(project!.config))).join("\n")).to.match(expected);
    });

  it("stop the start when their module is JSON", async () => {
    const module = JSON.stringify(folder.write("own.json", "{}"));
    const { project } = await load(`interceptors:\n  - { module: ${module}, before: limit }\n`);
    expect((await problemsOf(() => loadInterceptors(project!.config))).join("\n")).to.match(
      /sluice\.yaml:2:\d+: error: the interceptor "own\.json": it is no code; name a module of JavaScript, \.mjs or \.js$/,
    );
  });

  it("stop the start when the configuration names them wrong", async () => {
    const module = JSON.stringify(folder.write("own.mjs", "export default { intercept() {} }"));
    const problems = async (entry: string): Promise<string> =>
      (await loadSource({ protos, yaml: `interceptors:\n  - { ${entry} }\n` })).problems.join("\n");
    expect(await problems("module: ./gone.mjs, before: limit")).to.match(
      /^sluice\.yaml:2:\d+: error: interceptors\[0\]\.module: there is no file/,
    );
    expect(await problems(`module: ${module}`)).to.match(/does not say where in the chain it stands; give it one of/);
    expect(await problems(`module: ${module}, before: limit, after: log`)).to.match(/says more than once/);
    expect(await problems(`module: ${module}, before: limits`)).to.match(/did you mean "limit"\?/);
    expect(await problems(`module: ${module}, before: limit, methods: [t.S.Gte]`)).to.match(
      /did you mean "t\.S\.Get"\?/,
    );
  });

  it("are not left out unnoticed: a program has to load those of the configuration, and to put its own somewhere", async () => {
    const { project } = await load(withModule("export default { intercept() {} }", "before: limit"));
    const give = (interceptors: readonly CustomInterceptor[]) =>
      problemsOf(() => createGateway(project!, { interceptors }));
    expect((await give([])).join()).to.match(
      /sluice\.yaml:2:\d+: error: the interceptor "own\.mjs": it is not loaded; .*loadInterceptors/,
    );
    const loaded = await loadInterceptors(project!.config);
    const intercept = (): void => {};
    const cases: [CustomInterceptor, RegExp][] = [
      [{ name: "mine", intercept }, /the interceptor "mine": it stands at one point/],
      [{ name: "mine", intercept, before: "log", after: "log" }, /it stands at one point/],
      [{ name: "mine", intercept, before: "limits" as "limit" }, /there is no point "limits"; did you mean "limit"\?/],
      [{ name: "mine", intercept, after: "limit", methods: ["t.X.*"] }, /the selector "t\.X\.\*" takes no method/],
    ];
    for (const [own, expected] of cases) expect((await give([...loaded, own])).join()).to.match(expected);
    expect(await give([...loaded, { name: "mine", intercept, after: "limit", methods: ["t.S.*"] }])).to.deep.equal([]);
  });
});
