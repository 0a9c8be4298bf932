// Limits from sluice.yaml on real sockets: what answers say of them over REST and gRPC, and what stands around them.
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { expect } from "chai";
import { startGateway } from "./support/gateway.ts";
import type { GatewayFixture } from "./support/gateway.ts";

const protos = `
  syntax = "proto3";
  package shop.v1;
  import "google/api/annotations.proto";
  message Order { string id = 1; }
  service Orders {
    rpc GetOrder(Order) returns (Order) { option (google.api.http) = { get: "/v1/orders/{id}" }; }
    rpc ListOrders(Order) returns (Order) { option (google.api.http) = { get: "/v1/orders" }; }
  }
  service Stock {
    rpc GetStock(Order) returns (Order) { option (google.api.http) = { get: "/v1/stock/{id}" }; }
  }
`;

interface Seen {
  readonly error: ServiceError | null;
  readonly metadata: Metadata;
}

/** One call over gRPC, with what came before its reply. */
function callOverGrpc({ host, port }: GatewayFixture, method: string): Promise<Seen> {
  const client = new Client(`${host}:${port}`, credentials.createInsecure());
  const asIs = (bytes: Buffer): Buffer => bytes;
  return new Promise<Seen>((resolve) => {
    let metadata = new Metadata();
    const done = (error: ServiceError | null): void => resolve({ error, metadata });
    const call = client.makeUnaryRequest(method, asIs, asIs, Buffer.alloc(0), new Metadata(), done);
    call.on("metadata", (head: Metadata) => (metadata = head));
  }).finally(() => client.close());
}

async function withGateway<T>(yaml: string, run: (gateway: GatewayFixture) => Promise<T>): Promise<T> {
  const gateway = await startGateway({ protos, yaml });
  try {
    return await run(gateway);
  } finally {
    await gateway.close();
  }
}

const get = (gateway: GatewayFixture, target: string, ...headers: string[]) =>
  gateway.request({ method: "GET", target, headers });

describe("limits of a gateway", () => {
  const yaml = "limits: [{ name: per-ip, key: ip, rate: 60/h, burst: 2, methods: [shop.v1.Orders.*] }]";
  // A call is let through again in a minute; somewhat less where the machine stood still.
  const [inOne, inTwo] = [/^(?:60|5\d)$/, /^"per-ip";r=0;t=1[12]\d$/];

  it("tell REST clients what is left, and when to come again", () =>
    withGateway(yaml, async (gateway) => {
      const first = await get(gateway, "/v1/orders/7");
      await get(gateway, "/v1/orders/7");
      const refused = await get(gateway, "/v1/orders/7");
      expect(first.headers.get("ratelimit-policy")).to.equal('"per-ip";q=60;w=3600');
      expect(first.headers.get("ratelimit")).to.equal('"per-ip";r=1;t=60');
      expect(refused.status).to.equal(429);
      expect(refused.headers.get("retry-after")).to.match(inOne);
      expect(refused.headers.get("ratelimit")).to.match(inTwo);
      const body = JSON.parse(refused.body.toString()) as { code: number; details: { "@type": string }[] };
      expect(body.code).to.equal(8);
      expect(body.details.map((detail) => detail["@type"].split("google.rpc.")[1])).to.deep.equal([
        "ErrorInfo",
        "QuotaFailure",
        "RetryInfo",
      ]);
      expect(gateway.calls).to.have.length(2);
    }));

  it("tell gRPC clients the same in metadata, the refusal with google.rpc.Status", () =>
    withGateway(yaml, async (gateway) => {
      const first = await callOverGrpc(gateway, "/shop.v1.Orders/GetOrder");
      expect(first.error).to.equal(null);
      expect(first.metadata.get("ratelimit-policy")).to.deep.equal(['"per-ip";q=60;w=3600']);
      expect(first.metadata.get("ratelimit")).to.deep.equal(['"per-ip";r=1;t=60']);
      await callOverGrpc(gateway, "/shop.v1.Orders/GetOrder");
      const { error } = await callOverGrpc(gateway, "/shop.v1.Orders/GetOrder");
      expect(error).to.include({ code: 8 });
      expect(String(error?.metadata.get("ratelimit"))).to.match(inTwo);
      expect(String(error?.metadata.get("retry-after"))).to.match(inOne);
      const [status] = (error?.metadata.get("grpc-status-details-bin") ?? []) as Buffer[];
      for (const type of ["ErrorInfo", "QuotaFailure", "RetryInfo"])
        expect(status.includes(`google.rpc.${type}`)).to.equal(true);
    }));

  it("count REST and gRPC together, and leave methods alone that are not selected", () =>
    withGateway(yaml, async (gateway) => {
      await callOverGrpc(gateway, "/shop.v1.Orders/GetOrder");
      await get(gateway, "/v1/orders");
      expect((await get(gateway, "/v1/orders/1")).status).to.equal(429);
      const free = await get(gateway, "/v1/stock/1");
      expect([free.status, free.headers.get("ratelimit")]).to.deep.equal([200, undefined]);
    }));

  it("are silent where that is asked for", () =>
    withGateway(`http: { rate_limit_headers: off }\n${yaml}`, async (gateway) => {
      const { headers } = await get(gateway, "/v1/orders/1");
      expect([...headers.keys()].filter((name) => name.startsWith("ratelimit"))).to.deep.equal([]);
    }));

  it("do not let clients choose their address or hide in another header's name", () =>
    withGateway("limits: [{ name: a, key: ip, rate: 1/h }]", async (gateway) => {
      expect((await get(gateway, "/v1/orders/1")).status).to.equal(200);
      for (const header of ["X-Forwarded-For: 198.51.100.1", "X-Real-IP: 198.51.100.2", "Forwarded: for=198.51.100.3"])
        expect((await get(gateway, "/v1/orders/1", header)).status, header).to.equal(429);
    }));

  it("count clients behind a trusted proxy each by its own address, IPv6 by the network", () =>
    withGateway(
      "http: { trusted_proxies: [127.0.0.1] }\nlimits: [{ name: a, key: ip, rate: 1/h }]",
      async (gateway) => {
        const from = async (address: string) =>
          (await get(gateway, "/v1/orders/1", `X-Forwarded-For: ${address}`)).status;
        expect(await from("198.51.100.1")).to.equal(200);
        expect(await from("198.51.100.1")).to.equal(429);
        expect(await from("198.51.100.2")).to.equal(200);
        expect(await from("2001:db8:1:2::1")).to.equal(200);
        expect(await from("2001:DB8:1:2:ffff::9")).to.equal(429);
        expect(await from("2001:db8:1:3::1")).to.equal(200);
      },
    ));

  it("spare the gateway's own health", () =>
    withGateway("limits: [{ name: all, rate: 1/h }]", async (gateway) => {
      for (let i = 0; i < 3; i++)
        expect((await callOverGrpc(gateway, "/grpc.health.v1.Health/Check")).error).to.equal(null);
    }));

  it("go on without Redis, and answer 503 where they must not", async () => {
    const redis = "redis: { url: unix:/nowhere/redis.sock, on_failure";
    const limits = "limits: [{ name: all, rate: 1/h, methods: [shop.v1.Orders.*] }]";
    await withGateway(`${redis}: local }\n${limits}`, async (gateway) => {
      expect([(await get(gateway, "/v1/orders/1")).status, (await get(gateway, "/v1/orders/1")).status]).to.deep.equal([
        200, 429,
      ]);
    });
    await withGateway(`${redis}: closed }\n${limits}`, async (gateway) => {
      const refused = await get(gateway, "/v1/orders/1");
      expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([503, "1"]);
      expect(refused.body.toString()).to.contain("LIMITS_UNAVAILABLE").and.not.to.contain("nowhere");
      expect((await get(gateway, "/v1/stock/1")).status).to.equal(200);
    });
  });
});
