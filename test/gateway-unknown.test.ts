// Methods that no proto names, passed on as they are: their names are the client's, and nothing keeps one for each.
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { expect } from "chai";
import { startGateway } from "./support/gateway.ts";
import type { GatewayFixture } from "./support/gateway.ts";

const asIs = (bytes: Buffer): Buffer => bytes;

function codesOf({ host, port }: GatewayFixture, paths: readonly string[]): Promise<(number | undefined)[]> {
  const client = new Client(`${host}:${port}`, credentials.createInsecure());
  const codeOf = (path: string): Promise<number | undefined> =>
    new Promise((resolve) =>
      client.makeUnaryRequest(path, asIs, asIs, Buffer.alloc(0), new Metadata(), (error: ServiceError | null) =>
        resolve(error?.code),
      ),
    );
  return Promise.all(paths.map(codeOf)).finally(() => client.close());
}

describe("calls of methods without a proto", () => {
  it("are told in the metrics by none of their names, under whichever policies", async () => {
    const gateway = await startGateway({
      protos: 'syntax = "proto3"; package t; message M {} service S { rpc Get(M) returns (M); }',
      yaml: 'grpc: { proxy_unknown: true }\npolicies: [{ methods: ["*"], retry: { idempotent: true }, max_in_flight: 100, timeout: 5s, cache: { ttl: 1m } }]',
    });
    try {
      const names = ["made.up.S/One", "made.up.S/Two", "made.up.T/Three"];
      expect(
        await codesOf(
          gateway,
          names.map((name) => `/${name}`),
        ),
      ).to.deep.equal([12, 12, 12]);
      const lines = gateway.metrics().split("\n");
      expect(lines.filter((line) => line.includes("made.up"))).to.deep.equal([]);
      const counted = lines.filter((line) => line.startsWith("sluice_upstream_retries_total{"));
      expect(counted).to.deep.equal([
        'sluice_upstream_retries_total{method="unknown",result="answered"} 0',
        'sluice_upstream_retries_total{method="unknown",result="failed"} 0',
      ]);
    } finally {
      await gateway.close();
    }
  });
});
