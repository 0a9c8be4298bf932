// What the commands tell of policies: `sluice routes --policy`, `sluice explain`, `sluice check`.
import { expect } from "chai";
import { createFolder } from "../config/yaml-fixture.ts";
import type { Folder } from "../config/yaml-fixture.ts";
import { run } from "./capture.ts";

const proto = `syntax = "proto3";
package shop.v1;
import "google/api/annotations.proto";
import "sluice/annotations.proto";
message Req { string user_id = 1; }
service Orders {
  rpc GetOrder(Req) returns (Req) {
    option (google.api.http) = { get: "/v1/orders/{user_id}" };
    option idempotency_level = NO_SIDE_EFFECTS;
    option (sluice.auth) = { scopes: ["orders.read", "more"] when: "req.user_id == claims.sub" };
    option (sluice.timeout) = "2s";
    option (sluice.retry) = { codes: ["UNAVAILABLE", "ABORTED"] multiplier: 3 per_try_timeout: "1s" };
    option (sluice.cache) = { ttl: "30s" stale_if_error: "10m" vary: ["a", "b"] };
  }
  rpc Watch(Req) returns (stream Req);
}
service Catalog { rpc Find(Req) returns (Req); }
`;

const yaml = `auth:
  public: ["shop.v1.Catalog.*"]
  issuers: [{ issuer: "https://idp.example", audience: shop, algorithms: [RS256] }]
limits:
  - { name: per-user, key: ["claim:sub", method], rate: 50/s, burst: 20, cost: 2, methods: ["shop.v1.Orders.*"] }
interceptors:
  - { module: ./own.mjs, after: authorize, methods: [shop.v1.Orders.GetOrder] }
  - { module: ./own.mjs, name: wrap, around: upstream }
policies:
  - { methods: [shop.v1.Catalog.Find], max_in_flight: 5, validate: false }
  - { methods: ["shop.v1.Catalog.*"], retry: off }
  - { methods: [shop.v1.Orders.Watch], cache: off }
`;

describe("policies on the command line", () => {
  let folder: Folder;
  let config: string;
  let protos: string;

  before(() => {
    folder = createFolder();
    protos = folder.write("shop.proto", proto);
    folder.write("own.mjs", "throw new Error('it is not run for a look at it')");
    config = folder.write("sluice.yaml", yaml);
  });
  after(() => folder.dispose());

  const tell = async (...argv: string[]): Promise<string[]> => {
    const { out, error } = await run([...argv, protos, "--config", config]);
    expect(error).to.equal("");
    return out.replaceAll(`${folder.path}/`, "").trimEnd().split("\n");
  };

  it("are listed by method, each part with its place", async () => {
    expect((await tell("routes", "--policy")).map((line) => line.replaceAll(/  +/g, "  "))).to.deep.equal([
      "shop.v1.Orders.GetOrder",
      "  auth  required  default",
      "  rule  shop.v1.Orders.GetOrder: scopes orders.read and more, when req.user_id == claims.sub  shop.proto:10:30",
      "  limit  per-user: 50/s by claim:sub and method, burst 20, cost 2  sluice.yaml:5:5",
      "  timeout  2s  shop.proto:11:12",
      "  cache  30s for each caller, stale on errors 10m, vary a and b  shop.proto:13:12",
      "  retry  3 attempts on UNAVAILABLE, ABORTED, waits of 100ms to 1s, each 3 times the last, 1s for each  shop.proto:12:12",
      "shop.v1.Orders.Watch (server-streaming)",
      "  auth  required  default",
      "  limit  per-user: 50/s by claim:sub and method, burst 20, cost 2  sluice.yaml:5:5",
      "  cache  off  sluice.yaml:12:5",
      "shop.v1.Catalog.Find",
      "  auth  public  sluice.yaml:2:12",
      "  max_in_flight  5  sluice.yaml:10:5",
      "  validate  false  sluice.yaml:10:5",
      "  retry  off  sluice.yaml:11:5",
    ]);
  });

  it("are JSON for scripts", async () => {
    const entries = JSON.parse((await tell("routes", "--policy", "--json")).join("\n")) as Record<string, unknown>[];
    expect(entries.map(({ method }) => method)).to.deep.equal([
      "shop.v1.Orders.GetOrder",
      "shop.v1.Orders.Watch",
      "shop.v1.Catalog.Find",
    ]);
    expect(entries[2]).to.deep.equal({
      method: "shop.v1.Catalog.Find",
      kind: "unary",
      auth: { value: "public", from: "sluice.yaml:2:12" },
      rules: [],
      limits: [],
      maxInFlight: { value: 5, from: "sluice.yaml:10:5" },
      retry: { value: "off", from: "sluice.yaml:11:5" },
      validate: { value: false, from: "sluice.yaml:10:5" },
      redact: [],
    });
    expect(entries[0]["rules"]).to.deep.include({
      value: {
        name: "shop.v1.Orders.GetOrder",
        scopes: ["orders.read", "more"],
        roles: [],
        when: "req.user_id == claims.sub",
        shadow: false,
      },
      from: "shop.proto:10:30",
    });
  });

  it("of a cache tell where answers are kept", async () => {
    const shared = folder.write("shared.yaml", `${yaml}cache: { store: redis }\nredis: { url: "redis://a" }\n`);
    const { out } = await run(["routes", "--policy", protos, "--config", shared]);
    expect(out).to.contain("vary a and b, in memory and Redis");
    const { out: explained } = await run(["explain", "shop.v1.Orders.GetOrder", protos, "--config", shared]);
    expect(explained).to.contain("vary a and b, in memory and Redis (");
    const { out: text } = await run(["routes", "--policy", "--json", protos, "--config", shared]);
    const entries = JSON.parse(text) as { store?: string }[];
    expect(entries.map(({ store }) => store)).to.deep.equal(["redis", undefined, undefined]);
  });

  it("of a cache tell what of the metadata the backend gets", async () => {
    const headers = ["Accept-Language: de", "Authorization: x", "X-Request-Id: r1"];
    const lines = await tell("explain", "GET", "/v1/orders/ada", ...headers.flatMap((header) => ["-H", header]));
    expect(lines.filter((line) => /metadata|accept-language|x-forwarded|authorization/.test(line))).to.deep.equal([
      "  metadata x-request-id: r1",
    ]);
  });

  it("are explained without the credentials, and without what only the gateway may tell the backend", async () => {
    const headers = ["Authorization: Bearer x", "X-User-Id: root", "Grpc-Metadata-X-User-Id: root", "X-Tenant: acme"];
    const explain = async (more: string): Promise<string[]> => {
      const text = `${yaml.replace("auth:\n", `auth:\n  forward_claims: { sub: x-user-id }\n${more}`)}http: { request_headers: [authorization, x-user-id, x-tenant] }\n`;
      const file = folder.write("forward.yaml", text);
      const argv = ["explain", "POST", "/shop.v1.Catalog/Find", protos, "--config", file, "-d", "{}", "--json"];
      const { out } = await run([...argv, ...headers.flatMap((header) => ["-H", header])]);
      const { metadata } = JSON.parse(out) as { metadata: { name: string }[] };
      return metadata.map(({ name }) => name).filter((name) => !name.startsWith("x-forwarded-"));
    };
    expect(await explain("")).to.deep.equal(["x-tenant"]);
    expect(await explain("  forward_token: true\n")).to.deep.equal(["authorization", "x-tenant"]);
  });

  it("are explained for a request, with the interceptors that it passes", async () => {
    const lines = await tell("explain", "GET", "/v1/orders/ada");
    const chain = lines.find((line) => line.startsWith("  chain"));
    expect(chain).to.match(
      /authenticate → authorize → own\.mjs \(sluice\.yaml:7:5\) → limit → .*cache → .*wrap \(sluice\.yaml:8:5\) → retry$/,
    );
    expect(lines).to.include("  policy   auth required (default)");
    expect(lines).to.include("           timeout 2s (shop.proto:11:12)");
    const { policy, chain: names } = JSON.parse(
      (await tell("explain", "GET", "/v1/orders/ada", "--json")).join("\n"),
    ) as {
      policy: unknown[];
      chain: { name: string; from?: string }[];
    };
    expect(policy).to.have.length(6);
    expect(names.map(({ name }) => name)).to.include.members(["authenticate", "authorize", "own.mjs", "limit", "wrap"]);
    const find = await tell("explain", "POST", "/shop.v1.Catalog/Find", "-d", "{}");
    const other = find.find((line) => line.startsWith("  chain")) ?? "";
    expect(other)
      .to.contain("concurrency")
      .and.to.contain("wrap")
      .and.not.to.contain("own.mjs")
      .and.not.to.contain("authorize")
      .and.not.to.contain("cache")
      .and.not.to.contain("retry");
  });

  it("that leave methods public are named by check", async () => {
    const lines = await tell("check");
    expect(lines.slice(-2)).to.deep.equal([
      "ok: 1 file, 2 services, 3 routes",
      "public: shop.v1.Catalog.Find (sluice.yaml:2:12)",
    ]);
  });

  it("that contradict each other are refused by check, with their places", async () => {
    const broken = folder.write("broken.yaml", yaml.replace("Catalog.*", "*"));
    const { code, out } = await run(["check", protos, "--config", broken]);
    expect(code).to.equal(1);
    expect(out.replaceAll(`${folder.path}/`, "")).to.match(
      /^shop\.proto:10:30: error: the rule shop\.v1\.Orders\.GetOrder asks who calls/m,
    );
  });

  it("of streams and answers are told part by part, each with its place", async () => {
    const protos = folder.write(
      "parts/shop.proto",
      `syntax = "proto3"; package shop.v1;
import "google/api/annotations.proto"; import "sluice/annotations.proto";
message Order { string id = 1; string cursor = 2; }
service Orders {
  option (sluice.service_stream) = { max_lifetime: "1h" };
  rpc Make(Order) returns (Order) {
    option (google.api.http) = { post: "/v1/orders" body: "*" };
    option (sluice.http) = { status: 201 location: "id" };
  }
  rpc Watch(Order) returns (stream Order) {
    option (google.api.http) = { get: "/v1/orders" };
    option (sluice.stream) = { resume_token: "cursor" resume_from: "cursor" };
  }
}`,
    );
    const config = folder.write(
      "parts/sluice.yaml",
      `policies:
  - { methods: ["shop.v1.*"], stream: { idle: 30s, overflow: CONFLATE, key: id }, http: { header: ["x-a: b", "x-c: d"] } }
  - { methods: [shop.v1.Orders.Watch], stream: { ws: false, resume_token: "", resume_from: "" } }
`,
    );
    const told = async (...argv: readonly string[]): Promise<string> =>
      (await run([...argv, protos, "--config", config])).out.replaceAll(`${folder.path}/parts/`, "");
    expect((await told("routes", "--policy")).trimEnd().split("\n")).to.deep.equal([
      "shop.v1.Orders.Make",
      "  auth  public                 default",
      "  http  status 201             shop.proto:8:30",
      "  http  location id            shop.proto:8:42",
      "  http  header x-a: b, x-c: d  sluice.yaml:2:99",
      "shop.v1.Orders.Watch (server-streaming)",
      "  auth    public                   default",
      "  stream  overflow CONFLATE by id  sluice.yaml:2:77",
      "  stream  no resume                sluice.yaml:3:75",
      "  stream  idle 30s                 sluice.yaml:2:47",
      "  stream  max_lifetime 1h          shop.proto:5:38",
      "  stream  ws off                   sluice.yaml:3:54",
      "  http    header x-a: b, x-c: d    sluice.yaml:2:99",
    ]);
    const [make, watch] = JSON.parse(await told("routes", "--policy", "--json")) as Record<string, object>[];
    expect(make["stream"]).to.equal(undefined);
    expect(make["http"]).to.deep.include({ status: { value: 201, from: "shop.proto:8:30" } });
    expect(watch["stream"]).to.deep.include({
      overflow: { value: { kind: "conflate", key: "id" }, from: "sluice.yaml:2:77" },
      resume: { value: "off", from: "sluice.yaml:3:75" },
      idleMs: { value: 30_000, from: "sluice.yaml:2:47" },
    });
    expect(await told("explain", "shop.v1.Orders.Watch")).to.contain("stream ws off (sluice.yaml:3:54)");
  });

  it("of answers that nobody gets are a warning of check", async () => {
    const protos = folder.write(
      "routeless/shop.proto",
      'syntax = "proto3"; package shop.v1; message M {} service A { rpc One(M) returns (M); rpc Two(M) returns (M); }',
    );
    const policies = 'policies: [{ methods: ["*"], http: { status: 201 } }]\n';
    const config = folder.write("routeless/sluice.yaml", `${policies}http: { bind_unannotated: false }\n`);
    const { code, out } = await run(["check", protos, "--config", config]);
    expect(code).to.equal(0);
    expect(out.replaceAll(`${folder.path}/routeless/`, "")).to.contain(
      "sluice.yaml:1:46: warning: http is said of 2 methods, and nobody gets such answers: no route leads there; give them routes",
    );
    const bound = folder.write("routeless/bound.yaml", policies);
    expect((await run(["check", protos, "--config", bound])).out).to.match(/^ok: /);
  });
});
