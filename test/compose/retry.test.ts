// The calls that a composed method is made of, when they fail at first: each made again as its own method's policy says.
import { expect } from "chai";
import type { GatewaySource } from "../support/gateway.ts";
import { failure, get, handlers, step, withShop } from "./shop.ts";

const yaml = 'policies: [{ methods: ["*"], retry: { initial_backoff: 1ms } }]';

/** The customer is away so many times. */
function away(times: number): NonNullable<GatewaySource["handlers"]> {
  const name = "users.v1.Users/GetUser";
  let tries = 0;
  return { [name]: (call) => (tries++ < times ? failure(14, "away") : handlers[name](call)) };
}

describe("the steps of a composed method", () => {
  const view = `${step.order} ${step.customer} out: "order = order" out: "customer = customer"`;

  it("are made again by themselves: what was answered is not asked for twice", () =>
    withShop(
      view,
      async (shop) => {
        const { status, body } = await get(shop);
        expect(body).to.have.nested.property("customer.name", "Ada");
        expect(status).to.equal(200);
        expect(shop.calls.map(({ method }) => method)).to.deep.equal([
          "orders.v1.Orders/GetOrder",
          "users.v1.Users/GetUser",
          "users.v1.Users/GetUser",
        ]);
      },
      { yaml, handlers: away(1) },
    ));

  it("fail when the last attempt has failed, and the whole is not made again", () =>
    withShop(
      view,
      async (shop) => {
        expect((await get(shop)).status).to.equal(503);
        expect(shop.calls.map(({ method }) => method)).to.deep.equal([
          "orders.v1.Orders/GetOrder",
          ...Array.from({ length: 3 }, () => "users.v1.Users/GetUser"),
        ]);
      },
      { yaml, handlers: away(Infinity) },
    ));
});
