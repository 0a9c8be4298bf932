// Composed methods with a cache: whole replies are kept, and those that lack a part are nobody's but the caller's.
import { expect } from "chai";
import type { GatewayFixture } from "../support/gateway.ts";
import { failure, step, withShop } from "./shop.ts";

const reco = 'step { id: "reco" call: "reco.v1.Reco/ForUser" set: "user_id = order.customer_id" optional: true }';
const view = `${step.order} ${reco} out: "order = order" out: "recommendations = reco.items"`;

const ask = (shop: GatewayFixture) => shop.request({ method: "GET", target: "/v1/order-views/7" });

for (const cache of ["{ ttl: 1m }", "{ ttl: 1m, public: true }"])
  describe(`a composed method with the cache ${cache}`, () => {
    const yaml = `policies: [{ methods: [views.v1.OrderViews.GetOrderView], cache: ${cache} }]`;

    it("asks its backends once", () =>
      withShop(
        view,
        async (shop) => {
          const first = await ask(shop);
          const again = await ask(shop);
          expect(again.body.toString()).to.equal(first.body.toString());
          expect(again.headers.get("cache-status")).to.match(/^sluice; hit/);
          expect(shop.calls).to.have.length(2);
        },
        { yaml },
      ));

    it("does not keep what lacks a part, and says once what it lacks", () =>
      withShop(
        view,
        async (shop) => {
          for (const status of ["sluice; fwd=miss", "sluice; fwd=bypass"]) {
            const { headers } = await ask(shop);
            expect(headers.get("x-sluice-partial")).to.equal("reco");
            expect(headers.get("cache-control")).to.equal("no-store");
            expect(headers.get("cache-status")).to.equal(status);
          }
          expect(shop.calls).to.have.length(4);
        },
        { yaml, handlers: { "reco.v1.Reco/ForUser": () => failure(14, "down") } },
      ));
  });
