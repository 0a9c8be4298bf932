// Limits of two gateways in one Redis over TLS, with an authority of one's own, and what becomes of one that nobody vouches for.
import { expect } from "chai";
import { startGateway } from "./support/gateway.ts";
import type { GatewayFixture } from "./support/gateway.ts";
import { startRedis } from "./support/redis.ts";
import type { RedisServer } from "./support/redis.ts";
import { createPki } from "./support/pki.ts";
import type { Pki } from "./support/pki.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message Ask { string id = 1; }
  service Calls { rpc Get(Ask) returns (Ask) { option (google.api.http) = { get: "/v1/{id}" }; } }
`;

describe("limits in a Redis over TLS", () => {
  let pki: Pki | undefined;
  let redis: RedisServer | undefined;
  const gateways: GatewayFixture[] = [];

  before(async function () {
    pki = createPki();
    redis = await startRedis(this, { tls: pki, password: "right" });
  });
  afterEach(async () => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
  });
  after(async () => {
    await redis?.dispose();
    pki?.remove();
  });

  const start = async (settings: string): Promise<GatewayFixture> => {
    const yaml = `limits: [{ name: all, rate: 1/h, burst: 2 }]\nredis: { timeout: 50ms, password: right, ${settings} }`;
    const gateway = await startGateway({ protos, yaml });
    gateways.push(gateway);
    return gateway;
  };
  const get = async (gateway: GatewayFixture): Promise<number> =>
    (await gateway.request({ method: "GET", target: "/v1/x" })).status;

  it("are shared where the authority is named", async () => {
    const settings = `url: "${redis?.tlsUrl}", ca: "${pki?.caFile}", on_failure: closed`;
    let statuses: number[] = [503];
    // Redis must answer in time, which it does not on a machine that stands still: then all is asked again.
    for (let at = 0; statuses.includes(503); at++) {
      const [one, two] = [await start(`${settings}, prefix: "${at}:"`), await start(`${settings}, prefix: "${at}:"`)];
      statuses = [await get(one), await get(two), await get(one), await get(two)];
    }
    expect(statuses).to.deep.equal([200, 200, 429, 429]);
  });

  it("are not asked of a Redis whose authority is not trusted, nor of one by another name", async () => {
    const { tlsUrl = "" } = redis ?? {};
    const untrusted = await start(`url: "${tlsUrl}", on_failure: closed`);
    expect(await get(untrusted)).to.equal(503);
    const byAddress = tlsUrl.replace("localhost", "127.0.0.1");
    const otherName = await start(`url: "${byAddress}", ca: "${pki?.caFile}", on_failure: closed`);
    expect(await get(otherName)).to.equal(503);
  });
});
