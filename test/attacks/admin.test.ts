// Row 32 of docs/attacks.md: nothing of the admin listener is to be had where clients are.
import { expect } from "chai";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { protos } from "./ways.ts";

const paths = [
  "/healthz",
  "/readyz",
  "/metrics",
  "/routes",
  "/config",
  "/openapi.json",
  "/admin",
  "/debug",
  "/debug/pprof",
  "/server-info",
  "/-/config",
  "/-/metrics",
];

describe("the admin listener", () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await startGateway({ protos });
  });
  after(() => gateway.close());

  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
    it(`is not where clients are, asked by ${method}`, async () => {
      for (const target of paths)
        for (const host of ["a", "localhost:9901", "127.0.0.1:9901"]) {
          const { status, body } = await gateway.request({ method, target, headers: [`Host: ${host}`] });
          expect(status, `${method} ${target}`).to.be.oneOf([404, 405]);
          expect(body.toString()).not.to.contain("sluice_");
        }
    });
});
