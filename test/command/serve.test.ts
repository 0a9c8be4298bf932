import { expect } from "chai";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { Config } from "../../src/config/config.ts";
import type { ServedGateway, ServeParts } from "../../src/command/serve.ts";
import { DiagnosticError } from "../../src/diagnostic.ts";
import type { UpstreamState, UpstreamStateListener } from "../../src/upstream/upstreams.ts";
import { readReadiness } from "../../src/readiness.ts";
import { configOf } from "../config/yaml-fixture.ts";
import { createProtos, run } from "./capture.ts";
import type { Outcome } from "./capture.ts";

const target = "localhost:50051";

/** A gateway that only pretends, and whose backend changes state on demand. */
function createFake(state: UpstreamState["state"], port = 1234) {
  const events: string[] = [];
  let listener: UpstreamStateListener = () => {};
  let config: Config | undefined;
  const gateway: ServedGateway = {
    upstreams: {
      states: () => [{ target, state }],
      connectAll: () => Promise.resolve([]),
      onStateChange: (each) => void (listener = each),
    },
    readiness: () => ({
      ready: state === "ready",
      reasons: state === "ready" ? [] : [`upstream ${target} is ${state}`],
    }),
    metrics: () => "",
    listen: () => Promise.resolve({ host: "127.0.0.1", port }),
    close: () => Promise.resolve(void events.push("closed")),
  };
  const createGateway: ServeParts["createGateway"] = (project) => {
    ({ config } = project);
    return gateway;
  };
  return {
    gateway,
    createGateway,
    events,
    change: (...args: [UpstreamState["state"], string]) => listener(target, ...args),
    config: () => config,
  };
}

describe("sluice serve", () => {
  const folder = createProtos();
  after(() => folder.dispose());

  /** Serves until the first states are told, then `during`, then stops. */
  const serve = (
    fake: ReturnType<typeof createFake>,
    argv: readonly string[] = [],
    during: (out: () => string) => void | Promise<void> = () => {},
  ): Promise<Outcome> => {
    let seen = "";
    const onStop = async (): Promise<string> => {
      // Asked for while the backends are still being connected; a person's Ctrl-C comes later.
      await new Promise(setImmediate);
      await during(() => seen);
      return "SIGTERM";
    };
    return run(["serve", folder.protos, "--upstream", target, "--admin", "off", ...argv], {
      parts: { createGateway: fake.createGateway, onStop },
      onOut: (text) => (seen += text),
    });
  };

  it("prints what is loaded, the routes, lines to try, and where it listens", async () => {
    const { code, out, error } = await serve(createFake("ready"));
    expect([code, error]).to.deep.equal([0, ""]);
    expect(out).to.match(/^sluice \d+\.\d+\.\d+: 1 file, 1 service, 8 routes\n/);
    expect(out).to.contain("\nroutes\n  POST   /shop.v1.Orders/Ping ");
    expect(out).to.contain(
      "\ntry\n  curl http://127.0.0.1:1234/v1/orders/1\n  curl http://127.0.0.1:1234/v1/shelves/1/STATE_OPEN/1\n  curl http://127.0.0.1:1234/v1/orders -H ",
    );
    expect(out).to.contain("\n  grpcurl -plaintext 127.0.0.1:1234 list\n");
    expect(out).to.contain("\nlistening on http://127.0.0.1:1234\nadmin off\nconnected to localhost:50051\n");
    expect(out).to.not.contain("loosened");
    expect(out).to.match(/stopping \(SIGTERM\): running requests have 10s; once more ends at once\nstopped\n$/);
  });

  it("prints where answers are kept beside memory", async () => {
    const redis = 'cache: { store: redis }\nredis: { url: "redis://redis:6379", password: s3cret }';
    const { out } = await serve(createFake("ready"), ["--config", folder.write("redis.yaml", redis)]);
    expect(out).to.contain("\nanswers kept in memory and Redis: redis://redis:6379\n").and.not.contain("s3cret");
    expect((await serve(createFake("ready"))).out).to.not.contain("answers kept");
  });

  it("prints a stream to look at, one to talk to, and the playground", async () => {
    const file = folder.write(
      "streams/talk.proto",
      `syntax = "proto3"; package t; import "google/api/annotations.proto"; message A { string room = 1; }
       service Talk {
         rpc Chat(stream A) returns (stream A) { option (google.api.http) = { post: "/v1/rooms/{room}:talk" body: "*" }; }
       }`,
    );
    const streams = async (yaml: string): Promise<string[]> => {
      const config = folder.write("streams.yaml", yaml);
      const { out } = await serve(createFake("ready"), [file, "--config", config]);
      return out.split("\n").filter((line) => /curl -N|wscat|\/-\/play/.test(line));
    };
    expect(await streams("")).to.deep.equal([
      "  curl -N http://127.0.0.1:1234/v1/orders/1:watch",
      "  npx wscat -c ws://127.0.0.1:1234/v1/rooms/1:talk",
      "  http://127.0.0.1:1234/-/play (every method, in a browser)",
    ]);
    expect(await streams("websocket: {enabled: false}\npages: {playground: off}")).to.have.length(1);
  });

  it("says with what to say who calls, where a method asks for it", async () => {
    const lines = async (auth: string): Promise<string[]> => {
      const config = folder.write("asked.yaml", `auth: { public: [shop.v1.Orders.GetOrder], ${auth} }`);
      const { out } = await serve(createFake("ready"), ["--config", config]);
      return out.split("\n").filter((line) => line.startsWith("  curl "));
    };
    const issuers =
      "issuers: [{ issuer: i, audience: a, algorithms: [HS256], secret: 0123456789abcdef0123456789abcdeX }]";
    const [read, other, write, watch] = await lines(issuers);
    expect(read).to.equal("  curl http://127.0.0.1:1234/v1/orders/1");
    for (const line of [other, write, watch]) expect(line).to.match(/ -H "authorization: Bearer \$TOKEN"$/);
    folder.write("keys.yaml", "keys: []\n");
    expect((await lines("api_keys: { file: keys.yaml }"))[1]).to.match(/ -H "x-api-key: \$KEY"$/);
  });

  it("says what is loosened, and where the settings came from", async () => {
    const config = folder.write(
      "sluice.yaml",
      "profile: grpc-gateway\nquery: {ignore: ['*']}\nhttp: {trusted_proxies: [0.0.0.0/0], bind_unannotated: true}\nserver: {max_connections_per_ip: 'off'}",
    );
    const { out } = await serve(createFake("ready"), ["--config", config]);
    expect(out).to.contain(`, configured by ${config}\n`);
    const loosened = out.slice(out.indexOf("\nloosened\n"), out.indexOf("\nlistening"));
    for (const key of [
      "profile grpc-gateway",
      "json.unknown_fields ignore",
      "http.url_unescape all",
      "query.ignore *",
      "http.trusted_proxies",
      "server.max_connections_per_ip off",
    ])
      expect(loosened).to.contain(`\n  ${key}`);
  });

  it("cuts a long table of routes", async () => {
    const rpcs = Array.from({ length: 50 }, (_, index) => `rpc M${index}(A) returns (A);`).join("\n");
    const file = folder.write("many/many.proto", `syntax = "proto3"; package m; message A {} service S {\n${rpcs}\n}`);
    const { out } = await serve(createFake("ready"), [file]);
    expect(out).to.contain("  … and 18 more: sluice routes\n");
  });

  it("follows the backend: waited for, connected, lost, once a change", async () => {
    const fake = createFake("failing");
    const { out } = await serve(fake, [], () => {
      for (const state of ["connecting", "failing", "ready", "ready", "failing", "connecting", "closed"] as const)
        fake.change(state, "refused");
    });
    const lines = out.split("\n").filter((line) => line.includes(target) && !line.startsWith(" "));
    expect(lines).to.deep.equal([
      "waiting for localhost:50051 … (calls answer 503 until then)",
      "connected to localhost:50051",
      "lost localhost:50051: refused; connecting again",
    ]);
  });

  it("says why a backend is waited for", async () => {
    const fake = createFake("failing");
    const upstreams = {
      ...fake.gateway.upstreams,
      connectAll: () => {
        fake.change("failing", "the server does not speak TLS");
        return Promise.resolve([]);
      },
    };
    const { out } = await serve({ ...fake, createGateway: () => ({ ...fake.gateway, upstreams }) });
    expect(out).to.contain("(calls answer 503 until then): the server does not speak TLS\n");
  });

  it("is quiet when asked", async () => {
    expect(await serve(createFake("failing"), ["-q"])).to.deep.equal({ code: 0, out: "", error: "" });
  });

  it("ends gracefully", async () => {
    const fake = createFake("ready");
    await serve(fake, [], () => void expect(fake.events).to.deep.equal([]));
    expect(fake.events).to.deep.equal(["closed"]);
  });

  it("hands the settings to the gateway", async () => {
    const fake = createFake("ready");
    await serve(fake, [
      "--listen",
      "[::1]:0",
      "--json-names",
      "proto",
      "--profile",
      "grpc-gateway",
      "--transport",
      "grpc-js",
    ]);
    expect(fake.config()).to.deep.include({
      listen: { host: "::1", port: 0 },
      admin: undefined,
      profile: "grpc-gateway",
    });
    expect(fake.config()?.json.protoNames).to.equal(true);
  });

  it("refuses to start without an upstream", async () => {
    const { code, error } = await run(["serve", folder.protos]);
    expect(code).to.equal(1);
    expect(error).to.equal("error: no upstream is named; say where the gRPC server is: --upstream localhost:50051\n");
  });

  it("says so when the port is taken", async () => {
    const fake = createFake("ready");
    const gateway = {
      ...fake.gateway,
      listen: () => Promise.reject(Object.assign(new Error("x"), { code: "EADDRINUSE" })),
    };
    const { code, error } = await run(["serve", folder.protos, "--upstream", target, "--listen", ":8080"], {
      parts: { createGateway: () => gateway },
    });
    expect([code, error]).to.deep.equal([
      1,
      "error: :8080 is in use, by another program or another sluice; choose another with --listen\n",
    ]);
    expect(fake.events).to.deep.equal(["closed"]);
  });

  it("prints every reason why the gateway cannot be made", async () => {
    const position = { file: "sluice.yaml", line: 3, column: 25 };
    const problem = (message: string) => ({ severity: "error" as const, position, message, rule: "x" });
    const createGateway = (): never => {
      throw new DiagnosticError([problem("one"), problem("two")]);
    };
    const { code, error } = await run(["serve", folder.protos, "--upstream", target], { parts: { createGateway } });
    expect(code).to.equal(1);
    expect(error).to.equal("sluice.yaml:3:25: error: one\nsluice.yaml:3:25: error: two\n");
  });

  describe("with the admin address", () => {
    const taken = createServer();
    before((done) => void taken.listen(0, "127.0.0.1", done));
    after((done) => void taken.close(done));
    const port = (): number => (taken.address() as AddressInfo).port;

    it("does not start when the one that was chosen is taken", async () => {
      const fake = createFake("ready");
      const { code, error } = await serve(fake, ["--admin", `127.0.0.1:${port()}`]);
      expect(code).to.equal(1);
      expect(error).to.contain(`admin: 127.0.0.1:${port()} is in use`);
      expect(fake.events).to.deep.equal(["closed"]);
    });

    it("serves readiness there, 503 once it stops", async () => {
      const fake = createFake("ready");
      const { out } = await serve(fake, ["--admin", "127.0.0.1:0"], async (soFar) => {
        const url = /admin on (http:\S+)/.exec(soFar())?.[1] ?? "";
        expect((await fetch(`${url}/readyz`)).status).to.equal(200);
        expect(await (await fetch(`${url}/routes`)).json()).to.have.length(8);
        expect(await (await fetch(`${url}/config`)).json()).to.deep.include({
          upstreams: [{ service: "default", target, tls: false }],
        });
      });
      expect(out).to.contain("/healthz /readyz /routes /config /metrics");
    });
  });
});

describe("readReadiness", () => {
  const state = (name: string, value: UpstreamState["state"]): UpstreamState => ({ target: name, state: value });
  const both = configOf("upstreams: {default: 'a:1', s.S: 'b:2'}");
  const mapped = configOf("upstreams: {s.S: 'b:2', t.T: 'c:3'}");

  it("asks for the default upstream only", () => {
    expect(readReadiness(both, [state("a:1", "ready"), state("b:2", "failing")], false)).to.deep.equal({
      ready: true,
      reasons: [],
    });
    expect(readReadiness(both, [state("a:1", "connecting"), state("b:2", "ready")], false)).to.deep.equal({
      ready: false,
      reasons: ["upstream a:1 is connecting"],
    });
  });

  it("asks for one of the others where there is no default", () => {
    expect(readReadiness(mapped, [state("b:2", "failing"), state("c:3", "ready")], false).ready).to.equal(true);
    expect(readReadiness(mapped, [state("b:2", "failing"), state("c:3", "idle")], false).reasons).to.have.length(2);
  });

  it("is not ready while stopping", () =>
    expect(readReadiness(both, [state("a:1", "ready")], true)).to.deep.equal({ ready: false, reasons: ["stopping"] }));
});
