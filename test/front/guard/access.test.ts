// Which addresses are served, on every way to call the gateway, over real sockets.
import { connect } from "node:net";
import { once } from "node:events";
import { expect } from "chai";
import { pairs } from "../../matrix/pairs.ts";
import { loadSource, startGateway } from "../../support/gateway.ts";
import type { GatewayFixture } from "../../support/gateway.ts";
import { startStreamGateway } from "../../support/stream-gateway.ts";
import type { StreamGateway } from "../../support/stream-gateway.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M { string text = 1; }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/open" }; }
    rpc Drop(M) returns (M) { option (google.api.http) = { get: "/v1/inner" }; }
  }
`;

describe("access", () => {
  for (const [what, yaml] of [
    ["is not served", "access: { deny: [127.0.0.0/8] }"],
    ["may not call the method", "access: { rules: [{ methods: [streams.*], allow: [10.0.0.0/8] }] }"],
  ])
    describe(`of a client that ${what}`, () => {
      let gateway: StreamGateway;
      before(async () => {
        gateway = await startStreamGateway({ yaml });
      });
      after(() => gateway.close());

      for (const { transport, kind } of pairs)
        it(`is refused over ${transport.name}, ${kind}`, async () => {
          const call = await transport.open(gateway, kind);
          call.send({ run: `${what} ${transport.name} ${kind}`, count: 1 });
          call.end();
          const { code, how, message } = await call.ended;
          // A browser's socket is told in its close code, an array of replies by its HTTP status.
          expect(code ?? how, how).to.be.oneOf([7, "HTTP 403"]);
          expect(message).to.equal("clients of this address are not served here");
          expect(gateway.backend.open.size).to.equal(0);
        });
    });

  describe("behind trusted proxies", () => {
    let gateway: GatewayFixture;
    const statusFor = async (target: string, ...forwarded: readonly string[]): Promise<number> => {
      const headers = forwarded.map((value) => `X-Forwarded-For: ${value}`);
      return (await gateway.request({ method: "GET", target, headers })).status;
    };
    afterEach(() => gateway.close());

    it("is the client's whom they name, and nobody's own word", async () => {
      const yaml =
        "http: { trusted_proxies: [127.0.0.1] }\naccess: { allow: [10.0.0.0/8, '2001:db8::/32'], deny: [10.9.0.0/16] }";
      gateway = await startGateway({ protos, yaml });
      for (const client of ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7", "192.0.2.1, 10.1.2.3"])
        expect(await statusFor("/v1/open", client), client).to.equal(200);
      for (const client of ["192.0.2.1", "10.9.1.1", "::ffff:10.9.1.1", "10.1.2.3, 192.0.2.1", "2001:db9::1", "junk"])
        expect(await statusFor("/v1/open", client), client).to.equal(403);
      // The proxy itself is not in the list.
      expect(await statusFor("/v1/open")).to.equal(403);
    });

    it("believes nobody where none is trusted", async () => {
      gateway = await startGateway({ protos, yaml: "access: { allow: [10.0.0.0/8] }" });
      expect(await statusFor("/v1/open", "10.1.2.3")).to.equal(403);
    });

    it("holds for own pages, unknown paths and what cannot be read as well", async () => {
      gateway = await startGateway({ protos, yaml: "access: { deny: [127.0.0.1] }" });
      for (const target of ["/-/play", "/-/ticket", "/nothing", "/v1/%zz"])
        expect(await statusFor(target), target).to.equal(403);
    });

    it("is asked method by method, all rules together", async () => {
      const rules = [
        "{ methods: [t.S.Drop], allow: [127.0.0.0/8, 10.0.0.0/8] }",
        "{ methods: ['t.*'], deny: [10.9.0.0/16] }",
      ].join(", ");
      gateway = await startGateway({
        protos,
        yaml: `http: { trusted_proxies: [127.0.0.1] }\naccess: { rules: [${rules}] }`,
      });
      const seen = async (client: string) => [
        await statusFor("/v1/open", client),
        await statusFor("/v1/inner", client),
      ];
      expect(await seen("10.1.1.1")).to.deep.equal([200, 200]);
      expect(await seen("192.0.2.1")).to.deep.equal([200, 403]);
      expect(await seen("10.9.1.1")).to.deep.equal([403, 403]);
    });
  });

  it("closes connections unheard where that is wanted", async () => {
    const gateway = await startGateway({ protos, yaml: "access: { deny: [127.0.0.1], on_deny: close }" });
    try {
      const socket = connect(gateway.port, gateway.host);
      const received: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => received.push(chunk));
      socket.on("error", () => {});
      await once(socket, "close");
      expect(Buffer.concat(received).length).to.equal(0);
    } finally {
      await gateway.close();
    }
  });

  it("refuses at start what cannot be meant", async () => {
    const problemsOf = async (yaml: string) => (await loadSource({ protos, yaml })).problems.join("\n");
    expect(await problemsOf("access:\n  allow: [10.0.0.0/33]")).to.match(/sluice\.yaml:2:11: error: .*CIDR/);
    expect(await problemsOf("http: { trusted_proxies: [10.0.0.1] }\naccess:\n  on_deny: close")).to.match(
      /sluice\.yaml:3:12: error: .*trusted prox/,
    );
    expect(await problemsOf("access:\n  rules:\n    - { methods: [t.*] }")).to.match(
      /sluice\.yaml:3:7: error: .*neither whom to allow nor whom to deny/,
    );
    expect(await problemsOf("cors: { origins: ['*'], credentials: true }")).to.match(
      /sluice\.yaml:1:\d+: error: .*listed origins only/,
    );
    expect(await problemsOf("bans: { enabled: true, duration: 2h }")).to.match(
      /sluice\.yaml:1:\d+: error: .*longer than max_duration/,
    );
    expect(await problemsOf("access:\n  rules:\n    - { methods: [t.s.*], deny: [10.0.0.0/8] }")).to.match(
      /sluice\.yaml:3:19: error: .*takes no method.*did you mean "t\.S\.\*"/,
    );
    // The gateway's own services are known when it starts.
    const yaml = (name: string) => `access: { rules: [{ methods: [${name}], deny: [10.0.0.0/8] }] }`;
    await (await startGateway({ protos, yaml: yaml("grpc.health.v1.*") })).close();
    const error = await startGateway({ protos, yaml: yaml("grpc.helth.v1.*") }).catch((cause: unknown) => cause);
    expect(String(error)).to.match(/sluice\.yaml:1:\d+: error: .*takes no method/);
  });
});
