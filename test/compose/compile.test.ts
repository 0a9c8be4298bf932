// What is wrong with a composition is said at start: one case for each rule, with the words and the place.
import { expect } from "chai";
import { conditionNames } from "../../src/compose/condition-names.ts";
import { identityFacts } from "../../src/chain/authorize/identity-facts.ts";
import { loadSource } from "../support/gateway.ts";
import { backendProtos, step, viewHead, viewOf } from "./shop.ts";

const at = viewHead.split("\n").length + 5;

/** As `sluice check` says it, without the method. */
async function check(view: string, yaml?: string): Promise<string[]> {
  const { problems } = await loadSource({
    protos: { ...backendProtos, "views.proto": view },
    ...(yaml === undefined ? {} : { yaml }),
  });
  return problems.map((problem) => problem.replace("views.v1.OrderViews.GetOrderView (compose): ", ""));
}

/** In the one line of `option (sluice.compose)`. */
const compose = (text: string): Promise<string[]> => check(viewOf(text));

const { order, customer, products, batched } = step;
const get = 'call: "orders.v1.Orders/GetOrder"';
const batch = (text: string): string =>
  `${order} ${products.replace(" }", ` batch { ${text} } }`)} out: "products = products"`;
const goodBatch = 'call: "catalog.v1.Catalog/BatchGetProducts" keys: "ids" items: "products" key: "id"';

const faults: readonly (readonly [title: string, compose: string, expected: RegExp | string])[] = [
  ["no step", 'timeout: "1s"', "error: there is no step; write step { id: … call: … }"],
  [
    "too many steps",
    Array.from({ length: 33 }, (_, index) => `step { id: "s${index}" ${get} }`).join(" "),
    "error: step s32: there are 33 steps, and 32 are the most there may be",
  ],
  [
    "a step without a name",
    `step { ${get} }`,
    'error: step 0, id: "" is no name for a step; letters, digits and _ are expected, at most 64',
  ],
  [
    "a name that is taken",
    `step { id: "req" ${get} }`,
    "error: step req, id: req is taken: it means something else in paths and conditions; call the step otherwise",
  ],
  [
    "a name twice",
    `${order} ${order}`,
    "error: step order, id: there is a step order already; give each a name of its own",
  ],
  [
    "a method of another form",
    'step { id: "a" call: "GetOrder" }',
    'error: step a, call: "GetOrder" is no method; write pkg.Service/Method',
  ],
  [
    "an unknown method",
    'step { id: "a" call: "orders.v1.Orders/GetOrdr" }',
    'error: step a, call: there is no method orders.v1.Orders/GetOrdr; did you mean "orders.v1.Orders/GetOrder"?',
  ],
  [
    "an unknown package",
    'step { id: "a" call: "shop.Things/GetOrder" }',
    'error: step a, call: there is no method shop.Things/GetOrder; did you mean "orders.v1.Orders/GetOrder"?',
  ],
  [
    "a streaming method",
    'step { id: "a" call: "orders.v1.Orders/WatchOrder" }',
    "error: step a, call: orders.v1.Orders/WatchOrder is server-streaming, and steps call unary methods",
  ],
  [
    "a composed method",
    'step { id: "a" call: "views.v1.OrderViews/GetOrderView" }',
    "error: step a, call: views.v1.OrderViews/GetOrderView is composed itself; name the methods that it is made of",
  ],
  [
    "a method with side effects",
    'step { id: "a" call: "orders.v1.Orders/CloseOrder" }',
    "error: step a, call: orders.v1.Orders/CloseOrder is not marked as free of side effects, and nobody undoes them when another step fails; mark it with option idempotency_level = NO_SIDE_EFFECTS, or write allow_side_effects: true",
  ],
  [
    "no assignment",
    `step { id: "a" ${get} set: "id" }`,
    'error: step a, set: "id" is no assignment; write "field = source"',
  ],
  [
    "a path that is none",
    `step { id: "a" ${get} set: "id = req..x" }`,
    'error: step a, set: "req..x" is no path; names of fields are expected, e.g. order.lines[].product_id',
  ],
  [
    "an unknown field to set",
    `step { id: "a" ${get} set: "ids = req.order_id" }`,
    'error: step a, set: orders.v1.GetOrderRequest has no field "ids"; did you mean "id"?',
  ],
  [
    "an unknown field to take",
    `step { id: "a" ${get} set: "id = req.orderId" }`,
    'error: step a, set: views.v1.GetOrderViewRequest has no field "orderId"; did you mean "order_id"?',
  ],
  [
    "an unknown step to take from",
    `${order} step { id: "a" ${get} set: "id = ordr.id" }`,
    'error: step a, set: there is no step "ordr"; did you mean "order"?',
  ],
  [
    "it without each",
    `step { id: "a" ${get} set: "id = it.id" }`,
    "error: step a, set: it is the element of each, and this step has no each; give it each",
  ],
  [
    "a path through a scalar",
    `step { id: "a" ${get} set: "id = req.order_id.x" }`,
    'error: step a, set: req.order_id is string, which has no field "x"',
  ],
  [
    "types that differ",
    `step { id: "a" ${get} set: "id = req.with_reco" }`,
    "error: step a, set: id is string, and req.with_reco is bool",
  ],
  [
    "messages that differ",
    `${order} out: "customer = order"`,
    "error: out: customer is users.v1.User, and order is orders.v1.Order",
  ],
  [
    "maps that differ",
    `${order} out: "notes = order.labels"`,
    "error: out: notes is string, and order.labels is map<string, string>",
  ],
  [
    "a list for a value",
    `${order} out: "city = order.notes"`,
    "error: out: city is a single value, and order.notes is a list; each list on one side needs one on the other; [] goes through its elements",
  ],
  [
    "fewer [] than lists",
    `${order} ${products} out: "lines[].line = order"`,
    "error: out: lines[].line is orders.v1.Line, and order is orders.v1.Order",
  ],
  [
    "more [] than lists",
    `${order} out: "lines[].product.title = order.id"`,
    "error: out: lines[].product.title is a list, and order.id is a single value; each list on one side needs one on the other; [] goes through its elements",
  ],
  [
    "[] of what is no list",
    `${order} out: "city = order[].id"`,
    "error: out: order[] goes through a list, and order is none; write order",
  ],
  [
    "[] of a field that is no list",
    `${order} out: "city = order.id[]"`,
    "error: out: order.id[] goes through a list, and order.id is none; write order.id",
  ],
  [
    "a list without []",
    `${order} out: "city = order.lines.product_id"`,
    "error: out: order.lines is a list; write order.lines[] to go on with each element of it",
  ],
  [
    "the results of each without []",
    `${order} ${products} out: "notes = products.title"`,
    "error: out: products is a list; write products[] to go on with each element of it",
  ],
  [
    "lists of different origin side by side",
    `${order} ${products} out: "lines[].product = products[]" out: "lines[].product.title = order.notes[]"`,
    /write the same field/,
  ],
  [
    "elements from two lists",
    `${order} step { id: "reco" call: "reco.v1.Reco/ForUser" } out: "lines[].product = reco.items[]" out: "lines[].line = order.lines[]"`,
    "error: out: the elements of lines are those of reco.items[], and not those of order.lines[]; what goes through one list together comes from one list",
  ],
  [
    "a field written twice",
    `${order} out: "order = order" out: "order = order"`,
    "error: out: order is written twice, from order and order",
  ],
  [
    "a field written as a whole and in part",
    `${order} out: "order = order" out: "order.id = req.order_id"`,
    "error: out: order.id and order write the same field",
  ],
  [
    "a field of a request written twice",
    `step { id: "a" ${get} set: "id = req.order_id" set: "id = req.currency" }`,
    "error: step a, set: id is written twice, from req.order_id and req.currency",
  ],
  [
    "each over a value",
    `${order} step { id: "a" ${get} each: "order.id" set: "id = it" }`,
    "error: step a, each: each goes over a list, and order.id is string; name a repeated field, or a step that has each",
  ],
  [
    "each over a map",
    `${order} step { id: "a" ${get} each: "order.labels" }`,
    "error: step a, each: order.labels is a map, and each goes over a list",
  ],
  [
    "each over lists in lists",
    `${order} ${products} step { id: "more" call: "orders.v1.Orders/GetOrder" each: "products" set: "id = it.id" } step { id: "a" ${get} each: "more[].notes" set: "id = it" } out: "order = order"`,
    "error: step a, each: each goes over one list, and more[].notes is lists in lists; name a repeated field, or a step that has each",
  ],
  [
    "a cycle",
    'step { id: "a" call: "orders.v1.Orders/GetOrder" set: "id = b.customer_id" } step { id: "b" call: "orders.v1.Orders/GetOrder" set: "id = c.customer_id" } step { id: "c" call: "orders.v1.Orders/GetOrder" set: "id = a.customer_id" } out: "order = a"',
    "error: step a: it waits for itself: a → b → c → a; a step takes only from steps before it",
  ],
  [
    "a step that waits for itself by its condition",
    `step { id: "a" ${get} if: "a.id != ''" } out: "order = a"`,
    "error: step a: it waits for itself: a → a; a step takes only from steps before it",
  ],
  [
    "no out and no field of a step's name",
    `step { id: "nothing" ${get} }`,
    'error: there is no out, and no field of views.v1.OrderView has the name of a step; write out: "field = step"',
  ],
  [
    "no out and a field of another type",
    `step { id: "city" ${get} }`,
    "error: step city: there is no out, and views.v1.OrderView.city, which has its name, is not orders.v1.Order; write out, or call the step otherwise",
  ],
  [
    "no out and a field that is no list",
    `${order} step { id: "customer" call: "users.v1.Users/GetUser" each: "order.notes" set: "id = it" }`,
    "error: step customer: there is no out, and views.v1.OrderView.customer, which has its name, is not a list of users.v1.User; write out, or call the step otherwise",
  ],
  [
    "a condition that cannot be read",
    `step { id: "a" ${get} if: "req.with_reco &&" } out: "order = a"`,
    /^error: step a, if: column \d+: /,
  ],
  [
    "a condition about what there is not",
    `step { id: "a" ${get} if: "req.with_rec" } out: "order = a"`,
    'error: step a, if: column 4: views.v1.GetOrderViewRequest has no field "with_rec"; did you mean "with_reco"?',
  ],
  [
    "a condition that is none",
    `step { id: "a" ${get} if: "req.order_id" } out: "order = a"`,
    "error: step a, if: column 4: a condition is true or false, this is a string",
  ],
  [
    "a condition about a list of results",
    `${order} ${products} step { id: "a" ${get} if: "size(products) > 0" } out: "order = a"`,
    /^error: step a, if: column 6: there is no products; /,
  ],
  [
    "a timeout that is none",
    `step { id: "a" ${get} timeout: "soon" } out: "order = a"`,
    'error: step a, timeout: "soon" is no timeout; a positive duration is expected, e.g. "1.5s" or "500ms"',
  ],
  [
    "a timeout of the whole that is none",
    `step { id: "order" ${get} } timeout: "0s"`,
    'error: timeout: "0s" is no timeout; a positive duration is expected, e.g. "1.5s" or "500ms"',
  ],
  ["more calls than there may be", `${order} max_calls: 1001`, "error: max_calls: 1001 is not between 1 and 1000"],
  [
    "more calls at once than there may be",
    `${order} ${products.replace(" }", " max_parallel: 1001 }")}`,
    "error: step products, max_parallel: 1001 is not between 1 and 1000",
  ],
  [
    "a bound on calls that are one",
    order.replace(" }", " max_parallel: 2 }"),
    "error: step order, max_parallel: max_parallel is about the calls of each, and there is no each",
  ],
  [
    "a batch without each",
    order.replace(" }", ` batch { ${goodBatch} } }`),
    "error: step order, batch: batch is about the calls of each, and there is no each",
  ],
  [
    "a batch without keys",
    batch('call: "catalog.v1.Catalog/BatchGetProducts" items: "products" key: "id"'),
    "error: step products, batch: keys is missing: a field of catalog.v1.BatchGetProductsRequest; it has ids, currency, numbers",
  ],
  [
    "a batch without the key of an item",
    batch(goodBatch.replace('key: "id"', "")),
    "error: step products, batch: key is missing: a field of catalog.v1.Product; it has id, title, price",
  ],
  [
    "a batch whose item has no such key",
    batch(goodBatch.replace('key: "id"', 'key: "di"')),
    'error: step products, batch: key: catalog.v1.Product has no field "di"; did you mean "id"?',
  ],
  [
    "keys that are no list",
    batch(goodBatch.replace('"ids"', '"currency"')),
    "error: step products, batch: keys is a list, and catalog.v1.BatchGetProductsRequest.currency is none",
  ],
  [
    "keys of another type",
    batch(goodBatch.replace('"ids"', '"numbers"')),
    "error: step products, batch: keys are int64, and it.product_id is string",
  ],
  [
    "a key of another type than the keys",
    batch(goodBatch.replace('key: "id"', 'key: "price"')),
    "error: step products, batch: keys are string, and the key of an item is int64",
  ],
  [
    "items that are not what call answers",
    batch(goodBatch.replace('items: "products"', 'items: "titles"')),
    "error: step products, batch: items are what call answers, catalog.v1.Product, and titles are string",
  ],
  [
    "a batch of an unknown method",
    batch(goodBatch.replace("BatchGetProducts", "BatchGet")),
    /^error: step products, batch\.call: there is no method catalog\.v1\.Catalog\/BatchGet/,
  ],
  [
    "more keys than a call takes",
    batch(`${goodBatch} max: 2000`),
    "error: step products, batch: 2000 is not between 1 and 1000",
  ],
  [
    "a batch and nothing from it",
    `${order} ${batched.replace('set: "id = it.product_id"', "")}`,
    /error: step products, batch: the keys are what set takes from it, and it takes nothing/,
  ],
  [
    "what a batch cannot take",
    `${order} ${batched.replace("batch {", 'set: "currency = req.currency" batch {').replace("ids", "titles")}`,
    'error: step products, batch: keys: catalog.v1.BatchGetProductsRequest has no field "titles"; it has ids, currency, numbers',
  ],
];

describe("a composition with a fault", () => {
  for (const [title, text, expected] of faults)
    it(`is refused for ${title}`, async () => {
      const problems = await compose(text);
      const said = problems.map((problem) => problem.replace(/^views\.proto:\d+:\d+: /, ""));
      const errors = said.filter((problem) => problem.startsWith("error"));
      expect(errors.length, problems.join("\n")).to.be.greaterThan(0);
      if (typeof expected === "string")
        expect(errors[0]).to.satisfy((error: string) => error.startsWith(expected), errors.join("\n"));
      else expect(said.join("\n")).to.match(expected);
    });

  it("is pointed at: the file, the line, and the column of the part", async () => {
    const view = viewOf(`
      step { id: "order" call: "orders.v1.Orders/GetOrder"
             set: "id = req.nothing" }
      out: "order = order"
      out: "customer = order"`);
    const places = (await check(view)).map((problem) => problem.slice(0, problem.indexOf(": error")));
    const line = view.split("\n").findIndex((text) => text.includes("(sluice.compose)")) + 1;
    expect(line).to.equal(at);
    expect(places).to.deep.equal([`views.proto:${line + 2}:19`, `views.proto:${line + 4}:12`]);
  });

  it("is refused on a streaming method", async () => {
    const problems = await check(viewOf(order).replace("returns (OrderView)", "returns (stream OrderView)"));
    expect(problems[0]).to.match(/error: only unary methods are composed, and this is server-streaming$/);
  });

  it("is refused in sluice.yaml as well, at its place there", async () => {
    const view = viewOf(order)
      .replace(/^.*sluice\.compose.*$/m, "")
      .replace('import "sluice/annotations.proto";', "");
    const yaml = [
      "compose:",
      "  views.v1.OrderViews.GetOrderView:",
      "    step:",
      "      - { id: order, call: orders.v1.Orders/GetOrder, set: [id = req.orderid] }",
      "  views.v1.OrderViews.GetOrderVew: { step: [{ id: order, call: orders.v1.Orders/GetOrder }] }",
    ].join("\n");
    expect(await check(view, yaml)).to.deep.equal([
      'sluice.yaml:4:61: error: step order, set: views.v1.GetOrderViewRequest has no field "orderid"; did you mean "order_id"?',
      'sluice.yaml:5:36: error: compose: there is no method views.v1.OrderViews.GetOrderVew; did you mean "views.v1.OrderViews.GetOrderView"?',
    ]);
  });

  it("is refused by the schema of sluice.yaml where it has keys there are not, or no steps", async () => {
    const of = (text: string): Promise<string[]> =>
      check(viewOf(order), `compose:\n  views.v1.OrderViews.GetOrderView: ${text}`);
    expect((await of("{ steps: [] }")).join()).to.match(/sluice\.yaml:2:\d+: error: .*steps.*did you mean "step"/);
    expect((await of("{ step: [] }")).join()).to.contain("sluice.yaml:2:");
    expect((await of("{ step: [{ id: a, call: b/c, max_parallel: 0 }] }")).join()).to.contain("max_parallel");
  });
});

describe("a composition that can be meant", () => {
  const warned = async (text: string): Promise<string[]> =>
    (await compose(text)).map((problem) => problem.replace(/^views\.proto:\d+:\d+: /, ""));

  it("is served without a word", async () => {
    expect(
      await compose(
        `${order} ${customer} ${batched} out: "order = order" out: "customer = customer" out: "lines[].product = products[]"`,
      ),
    ).to.deep.equal([]);
    expect(await compose(`${order} ${customer}`)).to.deep.equal([]);
  });

  it("is warned of a step that nothing comes from", async () =>
    expect(await warned(`${order} ${customer} out: "order = order"`)).to.deep.equal([
      "warning: step customer: nothing of the reply comes from what it answers; use it in out, or leave it out",
    ]));

  it("is not warned of a step that is there for its effects", async () =>
    expect(
      await warned(
        `${order} step { id: "close" call: "orders.v1.Orders/CloseOrder" allow_side_effects: true } out: "order = order"`,
      ),
    ).to.deep.equal([]));

  it("is warned of what cannot be had without an optional step", async () =>
    expect(await warned(`${order.replace(" }", " optional: true }")} ${customer}`)).to.deep.equal([
      "warning: step customer: it takes from order, which is optional, and is left out together with it; write optional: true here too",
    ]));

  it("is warned of a step that has more time than all of it", async () =>
    expect(await warned(`timeout: "1s" ${order.replace(" }", ' timeout: "1.5s" }')} ${customer}`)).to.deep.equal([
      "warning: step order, timeout: 1.5s is longer than all of it may take, 1s; make it shorter, or leave it out",
    ]));

  it("is warned of elements that are all asked the same", async () =>
    expect(
      await warned(
        `${order} step { id: "products" each: "order.lines" call: "catalog.v1.Catalog/GetProduct" set: "id = req.order_id" }`,
      ),
    ).to.deep.equal(["warning: step products, each: asks the same for every element: set takes nothing from it"]));

  it("keeps the names of what conditions know", () => expect([...identityFacts.keys()]).to.deep.equal(conditionNames));
});
