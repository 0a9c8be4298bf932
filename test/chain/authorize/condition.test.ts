// Conditions in CEL: what they see of a call and its messages, what is refused at start, and that hostile messages deny instead of passing or taking the process with them.
import { expect } from "chai";
import type { Identity } from "../../../src/caller.ts";
import { compileCondition } from "../../../src/chain/authorize/condition.ts";
import type { Condition } from "../../../src/chain/authorize/condition.ts";
import { toMessage } from "../../support/gateway.ts";
import { schemaOf } from "../../support/schema.ts";
import { newCall } from "../new-call.ts";

const schema = schemaOf(`
  syntax = "proto3";
  package shop.v1;
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/duration.proto";
  import "google/protobuf/struct.proto";
  enum State { NEW = 0; PAID = 5; }
  message Address { string city = 1; string owner = 2; Address home = 3; }
  message Line { string sku = 1; int32 count = 2; repeated Line parts = 3; }
  message Req {
    string user_id = 1;
    int64 amount = 2;
    State state = 3;
    repeated string tags = 4;
    repeated Line lines = 5;
    map<string, int32> stock = 6;
    Address address = 7;
    optional string note = 8;
    oneof target { string account = 9; Address place = 10; int32 number = 11; }
    bytes secret = 12;
    google.protobuf.Timestamp at = 13;
    google.protobuf.Duration wait = 14;
    google.protobuf.Struct extra = 15;
    repeated int32 ids = 16;
    double ratio = 17;
    uint64 big = 18;
    sint32 delta = 19;
    fixed32 flags = 20;
    bool agreed = 21;
    map<uint32, Address> places = 22;
    float share = 23;
    sfixed64 far = 24;
  }
  service Orders { rpc Get(Req) returns (Req); }
`);
const method = schema.method("shop.v1.Orders.Get")!;
const context = { method, findEnum: (name: string) => schema.enum(name), knowsRequest: true };

const ada: Identity = {
  principal: "idp|ada",
  expiresAt: Infinity,
  scopes: ["orders.read"],
  roles: ["clerk"],
  claims: { sub: "ada", org: { id: 7, names: ["a", "b"] }, level: 3, nothing: null },
};

function compile(text: string): Condition {
  const condition = compileCondition(text, context);
  if ("faults" in condition)
    throw new Error(condition.faults.map(({ message, hint }) => `${message}; ${hint}`).join("\n"));
  return condition;
}

function faultsOf(text: string, more: Partial<typeof context> = {}): string[] {
  const condition = compileCondition(text, { ...context, ...more });
  if (!("faults" in condition)) return [];
  return condition.faults.map(({ message, hint }) => (hint === undefined ? message : `${message}; ${hint}`));
}

const call = newCall({
  method,
  identity: ada,
  headers: { "x-tenant": "t1", "x-list": ["a", "b"] as never },
  peer: { address: "192.0.2.1", port: 1 },
});

/** Of a message in JSON, or in bytes. */
function holds(text: string, message: string | Uint8Array = "{}"): true | string {
  const bytes = typeof message === "string" ? toMessage(schema, "shop.v1.Req", message) : message;
  return compile(text).evaluate(call, bytes);
}

describe("conditions", () => {
  it("see who calls, what and from where", () => {
    for (const text of [
      'claims.sub == "ada" && principal == "idp|ada"',
      'claims.org.id == 7 && claims.org.names.exists(n, n == "b") && claims["org"]["id"] < 8',
      "claims.level >= 3 && claims.level in [1, 2, 3] && claims.nothing == null",
      '"orders.read" in scopes && roles == ["clerk"]',
      'method == "shop.v1.Orders.Get" && service == "shop.v1.Orders" && front == "rest"',
      'peer.address.startsWith("192.0.2.") && headers["x-tenant"] == "t1"',
      'now > timestamp("2020-01-01T00:00:00Z") && now.getFullYear() > 2020',
      "has(claims.sub) && !has(claims.email)",
      "!has(claims.constructor) && !('toString' in claims)",
    ]) {
      expect(compile(text).usesRequest, text).to.equal(false);
      expect(compile(text).evaluate(call), text).to.equal(true);
    }
  });

  it("see the fields of the request, set or not", () => {
    const message = JSON.stringify({
      userId: "ada",
      amount: "-9007199254740993",
      state: "PAID",
      tags: ["x", "y"],
      lines: [
        { sku: "a", count: 1 },
        { sku: "b", count: -2, parts: [{ sku: "c" }] },
      ],
      stock: { nuts: 5 },
      address: { home: { city: "Rome" } },
      account: "acc",
      secret: "AQI=",
      at: "2024-05-06T07:08:09.5Z",
      wait: "90s",
      ids: [1, -2, 3],
      ratio: 0.25,
      big: "18446744073709551615",
      delta: -7,
      flags: 4_000_000_000,
      agreed: true,
      places: { 7: { city: "Oslo" } },
      share: 1.5,
      far: "-5",
    });
    for (const text of [
      "req.user_id == claims.sub",
      "req.amount == -9007199254740993 && req.amount < 0",
      "req.state == shop.v1.State.PAID && req.state == 5",
      '"y" in req.tags && req.tags.size() == 2 && req.tags[0] == "x"',
      "req.lines.all(l, l.count < 2) && req.lines.exists(l, l.parts.exists(p, p.sku == 'c'))",
      'req.lines.filter(l, l.count > 0).size() == 1 && req.lines[1].sku == "b" && req.lines.exists_one(l, l.sku == "a")',
      'req.stock["nuts"] == 5 && "nuts" in req.stock && !("salt" in req.stock)',
      'req.address.home.city == "Rome" && req.address.city == "" && req.address.home.home.owner == ""',
      "!has(req.note) && has(req.account) && !has(req.place) && !has(req.number) && req.number == 0",
      'req.secret == b"\\x01\\x02" && req.at.getFullYear() == 2024 && req.wait == duration("90s")',
      "req.ids == [1, -2, 3] && req.ids.map(i, i * 2) == [2, -4, 6]",
      "req.ratio == 0.25 && req.share == 1.5 && req.far == -5",
      "req.big == 18446744073709551615u && req.delta == -7 && req.flags == 4000000000u && req.agreed",
      'req.places[7u].city == "Oslo" && req.places[7].city == "Oslo"',
      "has(req.address) && has(req.address.home) && !has(req.address.home.home) && has(req.tags) && has(req.stock)",
    ]) {
      expect(compile(text).usesRequest, text).to.equal(true);
      expect(holds(text, message), text).to.equal(true);
    }
    expect(
      holds("!has(req.user_id) && !has(req.address) && req.address.city == '' && !has(req.tags) && !req.agreed"),
    ).to.equal(true);
  });

  it("say why they do not hold: false, or not to be told", () => {
    expect(holds("req.user_id == claims.sub", '{"userId": "bob"}')).to.equal("it is false");
    expect(holds("req.user_id == claims.email", '{"userId": "bob"}')).to.match(/^it cannot be told: .*email/);
    expect(holds("claims.level", "{}")).to.equal("it is neither true nor false");
    expect(compile('claims.sub == "ada"').evaluate(newCall({ method }))).to.match(/^it cannot be told/);
    expect(compile('headers["x-none"] == "1"').evaluate(call)).to.match(/^it cannot be told/);
  });

  const faults: readonly (readonly [text: string, ...faults: RegExp[]])[] = [
    ["req.user == claims.sub", /^column 4: shop.v1.Req has no field "user"/],
    ["req.user_idd == claims.sub", /did you mean "user_id"\?/],
    ["req.userId == claims.sub", /did you mean "user_id"\?/],
    ["req.address.hom.city == ''", /shop.v1.Address has no field "hom"; did you mean "home"\?/],
    ["req.lines.all(l, l.skuu == '')", /shop.v1.Line has no field "skuu"/],
    ["req.user_id == 5", /a string is compared with an int: they are never equal/],
    ["{0: true, 0u: false}[0]", /the map has the key 0 twice/],
    ["req.amount == '5'", /an int is compared with a string/],
    ["req.user_id in req.ids", /a string is looked for in a list of int/],
    ["claim.sub == 'x'", /there is no claim; did you mean "claims"\?/],
    ["peer.port == 1", /peer has no port; it has address/],
    ["req.user_id", /a condition is true or false, this is a string/],
    ["req.lines.size()", /a condition is true or false, this is an int/],
    ["req.user_id && true", /true or false is expected beside &&/],
    ["", /^column 1: this is no CEL/],
    ["req.user_id == ", /^column 13: from "== " on this is no CEL$/],
    ["req.user_id = 'a'", /^column 13: from "= 'a'" on this is no CEL; equal is written ==$/],
    ["req == req", /shop.v1.Req cannot be compared as a whole/],
    ["req.lines == []", /cannot be compared as a whole/],
    ["req.extra.x == 1", /conditions cannot look into google.protobuf.Struct/],
    ["req.user_id.matches('(')", /is no pattern in RE2/],
    ["req.user_id.matches(claims.pattern)", /the pattern of matches is not written out/],
    ["req.user_id.lower() == 'x'", /there is no function lower/],
    ["req.user_id.startWith('x')", /did you mean "startsWith"\?/],
    ["shop.v1.Req{} == shop.v1.Req{}", /conditions make no messages/],
    ["req.state == shop.v1.State.PAYED", /there is no shop/],
    ["req.user_id < 5", /a string is compared with an int/],
    ["req.amount.all(x, x)", /int is no list/],
    ["@tick()", /^column 1: this is no CEL/],
    [`${"1+".repeat(1500)}1 == 2`, /more than 1000 parts/],
    [`claims.x == "${"y".repeat(5000)}"`, /longer than 4096 characters/],
    ["(".repeat(2000) + "true" + ")".repeat(2000), /it is nested too deeply/],
    ["(".repeat(4000), /./],
  ];
  for (const [text, ...expected] of faults) {
    it(`are refused at start: ${text.slice(0, 60)}`, () => {
      const found = faultsOf(text);
      expect(found.length, text).to.be.greaterThan(0);
      for (const fault of expected) expect(found.join("\n")).to.match(fault);
    });
  }

  it("that look at the request are refused for methods without a proto", () => {
    expect(faultsOf("req.user_id == claims.sub", { knowsRequest: false }).join()).to.match(/no request message/);
  });

  describe("over hostile messages", () => {
    const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
    const bytes = (...parts: (number | number[])[]): Uint8Array => Uint8Array.from(parts.flat());
    const isAda = "req.user_id == 'ada'";

    it("read the last of several values, as backends do", () => {
      expect(holds(isAda, bytes(0x0a, text("ada"), 0x0a, text("bob")))).to.equal("it is false");
      expect(holds(isAda, bytes(0x0a, text("bob"), 0x0a, text("ada")))).to.equal(true);
    });

    it("take a field of another wire type for unknown, as backends do", () => {
      // Field 1 as a varint whose value looks like the length of what follows.
      expect(holds(isAda, bytes(0x0a, text("bob"), 0x08, 0x03))).to.equal("it is false");
      expect(holds(isAda, bytes(0x08, 0x03, 0x0a, text("ada")))).to.equal(true);
      expect(holds("req.user_id == ''", bytes(0x0d, 1, 2, 3, 4, 0x09, 1, 2, 3, 4, 5, 6, 7, 8))).to.equal(true);
    });

    it("see of a oneof what was set last, and nothing else of it", () => {
      const both = bytes(0x4a, text("acc"), 0x52, 5, 0x12, text("ada"));
      expect(holds("has(req.account)", both)).to.equal("it is false");
      expect(holds("req.place.owner == 'ada' && req.account == ''", both)).to.equal(true);
      const again = bytes(0x52, 5, 0x12, text("ada"), 0x4a, text("acc"), 0x52, 3, 0x0a, text("x"));
      expect(holds("req.place.owner == '' && req.place.city == 'x'", again)).to.equal(true);
    });

    it("merge a message that comes in pieces, as backends do", () => {
      const pieces = bytes(0x3a, 5, 0x12, text("ada"), 0x3a, 3, 0x0a, text("x"), 0x3a, 5, 0x12, text("bob"));
      expect(holds("req.address.owner == 'bob' && req.address.city == 'x'", pieces)).to.equal(true);
    });

    it("read packed and single values of one list, and overlong numbers", () => {
      expect(holds("req.ids == [1, 2, 3]", bytes(0x80, 0x01, 1, 0x82, 0x01, 2, 2, 3))).to.equal(true);
      expect(holds("req.amount == 1", bytes(0x90, 0x80, 0x00, 0x81, 0x80, 0x00))).to.equal(true);
      expect(holds("req.amount == -1", bytes(0x10, Array<number>(9).fill(0xff), 1))).to.equal(true);
      // int32 of 2^32 + 1 keeps its low bits.
      expect(holds("req.ids == [1]", bytes(0x80, 0x01, 0x81, 0x80, 0x80, 0x80, 0x10))).to.equal(true);
    });

    it("deny what is no protobuf", () => {
      const broken = [
        bytes(0x0a, 9, 1),
        bytes(0x0a),
        bytes(0x00, 0x00),
        bytes(0x0b, 0x0a, text("ada")),
        bytes(0x0c),
        bytes(0x0e, 1),
        bytes(0x10, Array<number>(11).fill(0xff)),
        bytes(Array<number>(200).fill(0x0b)),
        bytes(0x0a, 2, 0xc3, 0x28),
        bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
      ];
      for (const message of broken)
        expect(holds("req.user_id != 'zed'", message), Buffer.from(message).toString("hex")).to.match(
          /^it cannot be told/,
        );
    });

    it("skip unknown fields and groups", () => {
      expect(holds(isAda, bytes(0xa3, 0x06, 0x0a, text("bob"), 0xa4, 0x06, 0x0a, text("ada"), 0xf8, 0x07, 1))).to.equal(
        true,
      );
    });

    it("deny lists and work beyond their bounds instead of going through them", () => {
      const many = bytes(0x82, 0x01, 0x80, 0x80, 0x04, Array<number>(65_536).fill(1));
      expect(holds("req.ids.all(i, i == 1)", many)).to.match(/more than 10000 entries/);
      const nested = bytes(0x82, 0x01, 0x90, 0x4e, Array<number>(10_000).fill(1));
      expect(holds("req.ids.all(i, req.ids.all(j, i == j))", nested)).to.match(/too much to look at/);
      expect(holds("req.ids.all(i, req.ids.exists(j, i == j))", nested)).to.match(/too much to look at/);
      expect(holds("req.ids.all(i, i == 1)", nested)).to.equal(true);
      expect(holds("req.ids.all(i, 2 in req.ids || true)", nested)).to.match(/too much to look at/);
    });

    it("deny a message that nests deeper than anybody goes, at no cost", () => {
      let deep = bytes(0x0a, text("x"));
      for (let i = 0; i < 1000; i++) {
        const head = deep.length < 128 ? [deep.length] : [(deep.length & 0x7f) | 0x80, deep.length >> 7];
        deep = bytes(0x1a, head, [...deep]);
      }
      const size = [(deep.length & 0x7f) | 0x80, deep.length >> 7];
      expect(holds("req.address.home.home.city == ''", bytes(0x3a, size, [...deep]))).to.equal(true);
    });
  });
});
