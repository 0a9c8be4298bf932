// What requests are called by, from the client's header to the backend's metadata and the answer.
import { expect } from "chai";
import { compileRequestId, createIds, isRequestId } from "../../../src/front/guard/request-id.ts";
import { protos as attacked, ways } from "../../attacks/ways.ts";
import { grpc } from "../../support/stream-grpc-client.ts";
import { startGateway } from "../../support/gateway.ts";
import type { GatewayFixture } from "../../support/gateway.ts";
import { MuxConnection } from "../../support/stream-mux-client.ts";
import { startStreamGateway } from "../../support/stream-gateway.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M { string text = 1; }
  service S { rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/notes" }; } }
`;

describe("request ids", () => {
  let gateway: GatewayFixture;
  afterEach(() => gateway.close());

  const start = async (settings: string, more = ""): Promise<void> => {
    gateway = await startGateway({ protos, yaml: `request_id: { enabled: true${settings} }\n${more}` });
  };
  const get = (target: string, ...headers: readonly string[]) => gateway.request({ method: "GET", target, headers });
  const metadataOf = (at: number, name = "x-request-id") =>
    gateway.calls[at].metadata.filter(([key]) => key === name).map(([, value]) => value);

  it("are not there where nobody wants them", async () => {
    gateway = await startGateway({ protos });
    expect((await get("/v1/notes")).headers.has("x-request-id")).to.equal(false);
  });

  it("are on every answer, and with the backend, each another", async () => {
    await start("");
    const ids = new Set<string>();
    for (const target of ["/v1/notes", "/v1/notes?text=a", "/nothing", "/v1/%zz", "/v1/notes?no=1", "/-/nothing"]) {
      const id = (await get(target)).headers.get("x-request-id") ?? "";
      expect(id, target).to.match(/^[\w-]{22}$/);
      ids.add(id);
    }
    expect(ids.size).to.equal(6);
    expect([metadataOf(0)[0], metadataOf(1)[0]]).to.deep.equal([...ids].slice(0, 2));
  });

  it("are not the client's to choose, unless a trusted proxy hands them on or all are believed", async () => {
    await start("");
    const given = await get("/v1/notes", "X-Request-Id: mine");
    expect(given.headers.get("x-request-id")).not.to.equal("mine");
    expect(metadataOf(0)).to.deep.equal([given.headers.get("x-request-id")]);
    await gateway.close();
    for (const [settings, more] of [
      ["", "http: { trusted_proxies: [127.0.0.1] }"],
      [", accept: always", ""],
    ]) {
      await start(settings, more);
      expect((await get("/v1/notes", "X-Request-Id: edge-1:2/3")).headers.get("x-request-id")).to.equal("edge-1:2/3");
      expect(metadataOf(0)).to.deep.equal(["edge-1:2/3"]);
      for (const odd of ["a b", "a\tb", '"a"', "<script>", "x".repeat(129), "", "-x", "a,b", "é"])
        expect((await get("/v1/notes", `X-Request-Id: ${odd}`)).headers.get("x-request-id"), odd).to.match(
          /^[\w-]{22}$/,
        );
      await gateway.close();
    }
    await start(", accept: never", "http: { trusted_proxies: [127.0.0.1] }");
    expect((await get("/v1/notes", "X-Request-Id: edge")).headers.get("x-request-id")).not.to.equal("edge");
  });

  it("go by the name that is configured, and to the backend only where that is said", async () => {
    await start(", header: X-Correlation-Id, forward: false");
    const { headers } = await get("/v1/notes", "X-Request-Id: mine");
    expect(headers.get("x-correlation-id")).to.match(/^[\w-]{22}$/);
    expect(metadataOf(0, "x-correlation-id")).to.deep.equal([]);
    // Another header of a client is a header like others.
    expect(metadataOf(0)).to.deep.equal(["mine"]);
  });

  it("are in an error that says nothing else, and in what the log hears of it", async () => {
    const reports: unknown[] = [];
    gateway = await startGateway({
      protos,
      yaml: "request_id: { enabled: true }",
      options: {
        report: (error) => void reports.push(error),
        interceptors: [
          {
            name: "broken",
            before: "authenticate",
            intercept() {
              throw new TypeError("secret detail");
            },
          },
        ],
      },
    });
    const { status, headers, body } = await get("/v1/notes");
    const id = headers.get("x-request-id") ?? "none";
    expect(status).to.equal(500);
    expect(body.toString()).to.contain(id).and.to.contain(`"requestId":"${id}"`).and.not.to.contain("secret");
    expect(String(reports[0])).to.contain(id);
  });

  it("are in such an error on every way, and in the refusal of a handshake", async () => {
    const intercept = (): never => {
      throw new TypeError("secret detail");
    };
    gateway = await startGateway({
      protos: attacked,
      yaml: "request_id: { enabled: true }",
      options: { interceptors: [{ name: "broken", before: "authenticate", intercept }] },
    });
    for (const way of ways) {
      const { code, text } = await way.try(gateway, { message: '{"text":"a"}' });
      expect(code, way.name).to.equal(13);
      expect(text, way.name).to.match(/under the request id [\w-]{22}/);
    }
    const headers = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 7"];
    const { status, headers: answered } = await gateway.request({ method: "GET", target: "/v1/stream/a", headers });
    expect(status).to.equal(426);
    expect(answered.get("x-request-id")).to.match(/^[\w-]{22}$/);
  });

  it("are a gRPC client's and, call by call, a socket's", async () => {
    gateway = await startGateway({ protos });
    const streams = await startStreamGateway({ yaml: "request_id: { enabled: true }" });
    try {
      const call = await grpc.open(streams, "unary");
      call.send({ run: "grpc", count: 1 });
      expect((await call.ended).code).to.equal(0);
      const idOf = async (run: string): Promise<string> =>
        String((await streams.backend.run(run)).metadata["x-request-id"]);
      expect(await idOf("grpc")).to.match(/^[\w-]{22}$/);
      const socket = await MuxConnection.open(`ws://${streams.host}:${streams.port}/-/stream`, "json");
      const runs = ["one", "two", "three"];
      for (const run of runs) {
        const stream = socket.stream("server-streaming", { window: 4 });
        stream.send({ run, count: 1, next: "hang" });
        await stream.until(1);
      }
      const [first, second, third] = await Promise.all(runs.map(idOf));
      expect(first).to.match(/^[\w-]{22}$/);
      expect([second, third]).to.deep.equal([`${first}.2`, `${first}.3`]);
      socket.socket.terminate();
    } finally {
      await streams.close();
    }
  });
});

describe("createIds", () => {
  it("makes ids that differ, beyond the bytes drawn at once", () => {
    const make = createIds();
    const ids = new Set(Array.from({ length: 10_000 }, make));
    expect(ids.size).to.equal(10_000);
    for (const id of ids) expect(isRequestId(`x${id}`)).to.equal(true);
  });
});

describe("compileRequestId", () => {
  it("believes the other end of the connection, not whom it names", () => {
    const toId = compileRequestId({ header: "x-id", accept: "proxies", isProxy: (address) => address === "10.0.0.1" });
    expect(toId({ "x-id": "a" }, "10.0.0.1")).to.equal("a");
    expect(toId({ "x-id": "a", "x-forwarded-for": "10.0.0.1" }, "192.0.2.1")).not.to.equal("a");
  });
});
