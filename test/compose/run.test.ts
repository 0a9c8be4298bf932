// Composed methods in front of real backends: what they call, in which order, and what comes of what fails.
import { expect } from "chai";
import type { ReceivedCall } from "../support/gateway.ts";
import { failure, get, handlers, listCalls, reply, step, withShop } from "./shop.ts";

const whole = `${step.order} ${step.customer} ${step.batched}
  step { id: "reco" call: "reco.v1.Reco/ForUser" set: "user_id = order.customer_id" optional: true timeout: "5s" if: "req.with_reco" }
  out: "order = order" out: "customer = customer" out: "lines[].product = products[]" out: "recommendations = reco.items"`;

/** Resolves when so many have come. */
function barrier(count: number): () => Promise<void> {
  let waiting: (() => void)[] = [];
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length < count) return;
      for (const go of waiting) go();
      waiting = [];
    });
}

describe("a composed method", () => {
  it("answers from what its steps answer, in two round trips and four calls", () =>
    withShop(whole, async (shop) => {
      const { status, body, partial } = await get(shop, "/v1/order-views/7?with_reco=true");
      expect(status).to.equal(200);
      expect(partial).to.equal(undefined);
      expect(body["customer"]).to.deep.include({ id: "ada", name: "Ada" });
      const titles = (body["lines"] as { product: { title: string } }[]).map(({ product }) => product.title);
      expect(titles).to.deep.equal(["The mug", "The pen", "The mug"]);
      expect((body["recommendations"] as object[]).length).to.equal(1);
      const [first, ...others] = listCalls(shop);
      expect(first).to.equal('orders.v1.Orders/GetOrder {"id":"7"}');
      expect(others.toSorted()).to.deep.equal([
        'catalog.v1.Catalog/BatchGetProducts {"ids":["mug","pen"]}',
        'reco.v1.Reco/ForUser {"userId":"ada"}',
        'users.v1.Users/GetUser {"id":"ada"}',
      ]);
    }));

  it("makes no call of a step whose condition is false, and the reply is whole", () =>
    withShop(whole, async (shop) => {
      const { body, partial } = await get(shop);
      expect(partial).to.equal(undefined);
      expect(body["recommendations"]).to.deep.equal([]);
      expect(listCalls(shop).join()).not.to.contain("Reco");
    }));

  it("calls at the same time what does not wait for each other", async () => {
    const meet = barrier(3);
    const meeting = (name: string) => async (call: ReceivedCall) => {
      await meet();
      return handlers[name](call);
    };
    const names = ["users.v1.Users/GetUser", "catalog.v1.Catalog/BatchGetProducts", "reco.v1.Reco/ForUser"];
    const own = Object.fromEntries(names.map((name) => [name, meeting(name)]));
    await withShop(
      whole,
      async (shop) => expect((await get(shop, "/v1/order-views/7?with_reco=true")).status).to.equal(200),
      { handlers: own },
    );
  });

  it("begins a step the moment that what it takes is there, not level by level", async () => {
    let release = (): void => {};
    const reached = new Promise<void>((resolve) => (release = resolve));
    const compose = `
      step { id: "slow" call: "orders.v1.Orders/GetOrder" set: "id = req.currency" }
      ${step.order} ${step.customer}
      out: "order = slow" out: "customer = customer"`;
    await withShop(
      compose,
      async (shop) => expect((await get(shop, "/v1/order-views/7?currency=slow")).status).to.equal(200),
      {
        handlers: {
          // Of the first level; it waits for a call of the second.
          "orders.v1.Orders/GetOrder": async (call) => {
            if (call.message.includes("slow")) await reached;
            return handlers["orders.v1.Orders/GetOrder"](call);
          },
          "users.v1.Users/GetUser": (call) => {
            release();
            return handlers["users.v1.Users/GetUser"](call);
          },
        },
      },
    );
  });

  it("asks for equal things once", () =>
    withShop(
      `${step.order} ${step.products} step { id: "again" call: "orders.v1.Orders/GetOrder" set: "id = req.order_id" }
       out: "lines[].product = products[]" out: "order = again"`,
      async (shop) => {
        expect((await get(shop)).status).to.equal(200);
        expect(listCalls(shop).toSorted()).to.deep.equal([
          'catalog.v1.Catalog/GetProduct {"id":"mug"}',
          'catalog.v1.Catalog/GetProduct {"id":"pen"}',
          'orders.v1.Orders/GetOrder {"id":"7"}',
        ]);
      },
    ));

  it("asks twice where asking twice may not be asking once", () =>
    withShop(
      `step { id: "a" call: "orders.v1.Orders/CloseOrder" set: "id = req.order_id" allow_side_effects: true }
       step { id: "b" call: "orders.v1.Orders/CloseOrder" set: "id = req.order_id" allow_side_effects: true }
       out: "order = a" out: "notes = b.notes"`,
      async (shop) => {
        await get(shop);
        expect(listCalls(shop)).to.have.length(2);
      },
    ));

  it("cuts the keys of a batch, and gathers those of all loops over it", () =>
    withShop(
      `${step.order}
       step { id: "products" each: "order.lines" call: "catalog.v1.Catalog/GetProduct" set: "id = it.product_id" set: "currency = req.currency"
         batch { call: "catalog.v1.Catalog/BatchGetProducts" keys: "ids" items: "products" key: "id" max: 2 } }
       step { id: "more" each: "order.notes" call: "catalog.v1.Catalog/GetProduct" set: "id = it" set: "currency = req.currency"
         batch { call: "catalog.v1.Catalog/BatchGetProducts" keys: "ids" items: "products" key: "id" max: 2 } }
       out: "products = products[]" out: "recommendations = more"`,
      async (shop) => {
        const { body } = await get(shop, "/v1/order-views/7?currency=EUR");
        expect((body["recommendations"] as { id: string }[]).map(({ id }) => id)).to.deep.equal(["pen", "hat"]);
        expect(listCalls(shop).slice(1).toSorted()).to.deep.equal([
          'catalog.v1.Catalog/BatchGetProducts {"ids":["hat"],"currency":"EUR"}',
          'catalog.v1.Catalog/BatchGetProducts {"ids":["mug","pen"],"currency":"EUR"}',
        ]);
      },
      {
        handlers: {
          "orders.v1.Orders/GetOrder": () =>
            reply({ lines: [{ productId: "mug" }, { productId: "pen" }], notes: ["pen", "hat"] }),
        },
      },
    ));

  it("takes a key that a batch has no item for as not found", async () => {
    const own = {
      handlers: { "catalog.v1.Catalog/BatchGetProducts": () => reply({ products: [{ id: "mug" }] }) },
    };
    await withShop(
      whole,
      async (shop) => {
        const { status, body } = await get(shop);
        expect(status).to.equal(404);
        expect(body["message"]).to.equal(
          "products: catalog.v1.Catalog/BatchGetProducts has no item for a key that it was asked for",
        );
      },
      own,
    );
    await withShop(
      whole.replace('key: "id" } }', 'key: "id" } optional: true }'),
      async (shop) => {
        const { status, body, partial } = await get(shop);
        expect(status).to.equal(200);
        expect(partial).to.equal("products");
        const ids = (body["lines"] as { product: { id: string } | null }[]).map(({ product }) => product?.id);
        expect(ids).to.deep.equal(["mug", undefined, "mug"]);
      },
      own,
    );
  });

  it("fails with a mandatory step, in its backend's words, and gives up the others", async () => {
    let cancelled: Promise<void> | undefined;
    await withShop(
      whole,
      async (shop) => {
        const { status, body } = await get(shop);
        expect(status).to.equal(403);
        expect(body["message"]).to.equal("customer: not for you");
        expect(body["details"]).to.deep.equal([
          {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            reason: "STEP_FAILED",
            domain: "sluice",
            metadata: { step: "customer", method: "users.v1.Users.GetUser" },
          },
        ]);
        await cancelled;
      },
      {
        handlers: {
          "users.v1.Users/GetUser": () => failure(7, "not for you"),
          "catalog.v1.Catalog/BatchGetProducts": (call) => {
            cancelled = call.cancelled;
            return { kind: "silence" };
          },
        },
      },
    );
  });

  it("does without an optional step that fails, and says so", () =>
    withShop(
      whole,
      async (shop) => {
        const { status, body, partial } = await get(shop, "/v1/order-views/7?with_reco=true");
        expect(status).to.equal(200);
        expect(partial).to.equal("reco");
        expect(body["recommendations"]).to.deep.equal([]);
      },
      { handlers: { "reco.v1.Reco/ForUser": () => failure(14, "down") } },
    ));

  it("leaves out with an optional step what takes from it", () =>
    withShop(
      `${step.order.replace(" }", " optional: true }")} ${step.customer} out: "order = order" out: "customer = customer"`,
      async (shop) => {
        const { status, partial } = await get(shop);
        expect(status).to.equal(200);
        expect(partial).to.equal("order, customer");
        expect(listCalls(shop)).to.have.length(1);
      },
      { handlers: { "orders.v1.Orders/GetOrder": () => failure(5, "none") } },
    ));

  it("gives an optional step no more than its time, and the whole no more than its own", async () => {
    const silent = { handlers: { "reco.v1.Reco/ForUser": () => ({ kind: "silence" }) as const } };
    await withShop(
      whole.replace('"5s"', '"30ms"'),
      async (shop) => {
        const { status, partial } = await get(shop, "/v1/order-views/7?with_reco=true");
        expect([status, partial]).to.deep.equal([200, "reco"]);
      },
      silent,
    );
    await withShop(
      `${whole.replace("optional: true", "")} timeout: "300ms"`,
      async (shop) => {
        const { status, body } = await get(shop, "/v1/order-views/7?with_reco=true");
        expect(status).to.equal(504);
        expect(body["message"]).to.match(/^\w+: deadline exceeded$/);
        expect(shop.calls.every(({ timeLeft }) => timeLeft <= 300)).to.equal(true);
      },
      silent,
    );
  });

  it("gives up its calls when the client goes", async () => {
    await withShop(
      whole,
      async (shop) => {
        const next = shop.nextCall();
        const connection = await shop.open({ method: "GET", target: "/v1/order-views/7" });
        const { cancelled } = await next;
        connection.close();
        await cancelled;
      },
      { handlers: { "orders.v1.Orders/GetOrder": () => ({ kind: "silence" }) } },
    );
  });

  it("sends its backends the metadata that the call would have had", () =>
    withShop(whole, async (shop) => {
      await get(shop, "/v1/order-views/7", "accept-language: de");
      for (const { metadata } of shop.calls)
        expect(metadata.find(([name]) => name === "accept-language")).to.deep.equal(["accept-language", "de"]);
    }));

  it("keeps to so many calls at a time", async () => {
    let open = 0;
    let most = 0;
    await withShop(
      `${step.order} ${step.products.replace(" }", " max_parallel: 2 }")} out: "lines[].product = products[]"`,
      async (shop) => {
        expect((await get(shop)).status).to.equal(200);
        expect(shop.calls).to.have.length(10);
        expect(most).to.equal(2);
      },
      {
        handlers: {
          "orders.v1.Orders/GetOrder": () =>
            reply({ lines: Array.from({ length: 9 }, (_, index) => ({ productId: `p${index}` })) }),
          "catalog.v1.Catalog/GetProduct": async (call) => {
            most = Math.max(most, ++open);
            await new Promise(setImmediate);
            open--;
            return handlers["catalog.v1.Catalog/GetProduct"](call);
          },
        },
      },
    );
  });

  const many = (count: number) => ({
    handlers: {
      "orders.v1.Orders/GetOrder": () =>
        reply({ lines: Array.from({ length: count }, (_, index) => ({ productId: `p${index}` })) }),
    },
  });

  it("refuses to make more calls than it may, before it makes the first of them", () =>
    withShop(
      `${step.order} ${step.products} out: "lines[].product = products[]"`,
      async (shop) => {
        const { status, body } = await get(shop);
        expect(status).to.equal(429);
        expect(body["message"]).to.equal("products: it would come to more than 64 calls");
        expect(shop.calls).to.have.length(1);
      },
      many(64),
    ));

  it("refuses lists of more than 1000 elements", () =>
    withShop(
      `${step.order} ${step.batched} out: "lines[].product = products[]"`,
      async (shop) => {
        expect((await get(shop)).body["message"]).to.equal(
          "products: order.lines has 1001 elements, and 1000 are the most there may be",
        );
      },
      many(1001),
    ));

  it("refuses to gather, or to multiply, more than a message may have", async () => {
    const yaml = "server: { max_message: 64KiB }";
    const huge = {
      "catalog.v1.Catalog/BatchGetProducts": () =>
        reply({ products: [{ id: "mug", title: "x".repeat(40_000) }, { id: "pen" }] }),
    };
    await withShop(
      `${step.order} ${step.batched} out: "lines[].product = products[]"`,
      async (shop) => {
        const { status, body } = await get(shop);
        expect([status, body["message"]]).to.deep.equal([429, "its results have more than 65536 bytes"]);
      },
      { yaml, handlers: huge },
    );
    await withShop(
      `${step.order} step { id: "reco" call: "reco.v1.Reco/ForUser" } ${step.batched} out: "order = order" out: "recommendations = reco.items" out: "lines[].product = products[]"`,
      async (shop) => {
        const { body } = await get(shop);
        expect(body["message"]).to.match(/: the replies to its steps have more than 65536 bytes$/);
      },
      { yaml, handlers: { ...huge, "reco.v1.Reco/ForUser": () => reply({ items: [{ title: "y".repeat(40_000) }] }) } },
    );
  });

  it("asks a condition of each element where it is about the element", () =>
    withShop(
      `${step.order} ${step.products.replace(" }", ' if: "it.quantity > 1u && order.customer_id == \\"ada\\"" }')} out: "lines[].product = products[]"`,
      async (shop) => {
        const { body } = await get(shop);
        expect((body["lines"] as { product?: object }[]).map(({ product }) => product !== undefined)).to.deep.equal([
          true,
          false,
          true,
        ]);
        expect(listCalls(shop)).to.have.length(2);
      },
    ));

  it("gives a condition no more to look at for all elements than for one", async () => {
    const searching = `${step.order} ${step.batched.replace("batch {", 'if: "order.lines.all(line, line.quantity != it.quantity + 1u)" batch {')}
      out: "lines[].product = products[]"`;
    const lines = (count: number) => ({
      handlers: {
        "orders.v1.Orders/GetOrder": () =>
          reply({ lines: Array.from({ length: count }, () => ({ productId: "mug" })) }),
      },
    });
    await withShop(searching, async (shop) => expect((await get(shop)).status).to.equal(200), lines(20));
    await withShop(
      searching,
      async (shop) => {
        const { status, body } = await get(shop);
        expect(status).to.equal(500);
        expect(body["message"]).to.match(/^products: its condition: it cannot be told: .* too much to look at/);
      },
      lines(900),
    );
  });

  it("asks the same of all elements from what is read once", () =>
    withShop(
      `${step.order} ${step.products.replace(" }", ' set: "currency = req.currency" if: "it.quantity > 1u && req.currency == \\"EUR\\"" }')}
       out: "lines[].product = products[]"`,
      async (shop) => {
        await get(shop, "/v1/order-views/7?currency=EUR");
        expect(listCalls(shop).slice(1)).to.deep.equal(['catalog.v1.Catalog/GetProduct {"id":"mug","currency":"EUR"}']);
      },
    ));

  it("moves lists, maps, fields of elements, and what is behind unset messages", () =>
    withShop(
      `${step.order} ${step.customer}
       out: "city = customer.address.city" out: "labels = order.labels" out: "notes = order.notes"
       out: "quantities = order.lines[].quantity" out: "lines[].line = order.lines[]" out: "lines[].quantity = order.lines[].quantity"`,
      async (shop) => {
        const { body } = await get(shop);
        expect(body).to.deep.include({ city: "", labels: { a: "b" }, notes: ["x", "y"], quantities: [2, 0] });
        expect(body["lines"]).to.deep.equal([
          { line: { productId: "mug", quantity: 2 }, quantity: 2 },
          { line: { productId: "", quantity: 0 }, quantity: 0 },
        ]);
      },
      {
        handlers: {
          "orders.v1.Orders/GetOrder": () =>
            reply({ lines: [{ productId: "mug", quantity: 2 }, {}], notes: ["x", "y"], labels: { a: "b" } }),
          "users.v1.Users/GetUser": () => reply({}),
        },
      },
    ));
});
