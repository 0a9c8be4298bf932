// (sluice.redact) in a whole gateway: REST and gRPC, error details, JSON of every shape, what interceptors see, and backends that send nonsense.
import { expect } from "chai";
import { secretIssuer, tokenOf } from "./matrix/secret-issuer.ts";
import { startGateway } from "./support/gateway.ts";
import type { GatewayFixture } from "./support/gateway.ts";
import type { CustomInterceptor } from "../src/chain/points.ts";

const protos = `
  syntax = "proto3";
  package shop.v1;
  import "google/api/annotations.proto";
  import "google/protobuf/any.proto";
  import "sluice/annotations.proto";
  message Get { string id = 1; }
  message Customer {
    string name = 1;
    string ssn = 2 [(sluice.redact) = { unless_roles: "support" }];
    string mail = 3 [(sluice.redact) = { unless_roles: ["support", "sales"] mask: "***" }];
    Card card = 4;
    repeated Customer friends = 5;
    map<string, Card> cards = 6;
    google.protobuf.Any more = 7;
    string internal = 8 [(sluice.redact) = {}];
    string from_home = 9 [(sluice.redact) = { unless: "peer.address == '127.0.0.1'" }];
  }
  message Card { string bank = 1; string number = 2 [(sluice.redact) = { unless_roles: "support" }]; }
  message Plain { string name = 1; }
  service Customers {
    option (sluice.service_auth) = { level: OPTIONAL };
    rpc GetCustomer(Get) returns (Customer) { option (google.api.http) = { get: "/v1/customers/{id}" }; }
    rpc GetPlain(Get) returns (Plain) { option (google.api.http) = { get: "/v1/plain/{id}" }; }
    rpc GetOpen(Get) returns (Customer) {
      option (google.api.http) = { get: "/v1/open/{id}" };
      option (sluice.auth) = { level: PUBLIC };
    }
  }
`;

function bearer(...roles: string[]): string {
  return `Authorization: Bearer ${tokenOf({ sub: "ada", roles })}`;
}

const customer = {
  name: "Ada",
  ssn: "1",
  mail: "a@b",
  card: { bank: "B", number: "4" },
  friends: [{ name: "Bob", ssn: "2" }],
  cards: { x: { bank: "C", number: "5" } },
  more: { "@type": "type.googleapis.com/shop.v1.Card", bank: "D", number: "6" },
  internal: "7",
  fromHome: "8",
};
const forNobody = {
  name: "Ada",
  mail: "***",
  card: { bank: "B" },
  friends: [{ name: "Bob" }],
  cards: { x: { bank: "C" } },
  more: { "@type": "type.googleapis.com/shop.v1.Card", bank: "D" },
  fromHome: "8",
};

describe("(sluice.redact)", () => {
  let gateway: GatewayFixture;
  /** What an interceptor of one's own sees of replies, by where it stands. */
  const seen: Record<"before" | "after", number[]> = { before: [], after: [] };
  const own: readonly CustomInterceptor[] = [
    {
      name: "early",
      before: "redact",
      intercept: (call) => call.onReply((message) => void seen.before.push(message.length)),
    },
    {
      name: "late",
      after: "redact",
      intercept: (call) => call.onReply((message) => void seen.after.push(message.length)),
    },
  ];

  before(async () => {
    gateway = await startGateway({
      protos,
      yaml: `json: { emit_defaults: false }\n${secretIssuer}`,
      options: { interceptors: own },
    });
  });
  after(() => gateway.close());
  beforeEach(() => gateway.answerWith({ kind: "reply", message: JSON.stringify(customer) }));

  const get = async (path: string, ...headers: string[]) => {
    const { status, body } = await gateway.request({ method: "GET", target: path, headers });
    return { status, json: JSON.parse(body.toString()) as Record<string, unknown>, text: body.toString() };
  };

  it("shows each caller what is the caller's to see", async () => {
    expect((await get("/v1/customers/1")).json).to.deep.equal(forNobody);
    expect((await get("/v1/customers/1", bearer("guest"))).json).to.deep.equal(forNobody);
    expect((await get("/v1/customers/1", bearer("sales"))).json).to.deep.equal({ ...forNobody, mail: "a@b" });
    const { internal: _, ...forSupport } = customer;
    expect((await get("/v1/customers/1", bearer("support"))).json).to.deep.equal(forSupport);
  });

  it("shows callers of public methods what nobody in particular sees, whatever they bring", async () => {
    expect((await get("/v1/open/1", bearer("support"))).json).to.deep.equal(forNobody);
  });

  it("has no way around it by the parts of a reply that are asked for", async () => {
    expect((await get("/v1/customers/1?$fields=ssn,card.number,mail")).json).to.deep.equal({ mail: "***", card: {} });
  });

  it("takes out of the details of errors what it takes out of replies, and of Anys in them", async () => {
    gateway.answerWith({
      kind: "status",
      code: 9,
      message: "no",
      details: [JSON.stringify({ "@type": "type.googleapis.com/shop.v1.Customer", ...customer })],
    });
    for (const path of ["/v1/customers/1", "/v1/plain/1"]) {
      const { status, json } = await get(path);
      expect(status).to.equal(400);
      expect(json).to.deep.include({ code: 9, message: "no" });
      expect(json.details).to.deep.equal([{ "@type": "type.googleapis.com/shop.v1.Customer", ...forNobody }]);
    }
    const { internal: _, ...forSupport } = customer;
    expect((await get("/v1/plain/1", bearer("support"))).json.details).to.deep.equal([
      { "@type": "type.googleapis.com/shop.v1.Customer", ...forSupport },
    ]);
  });

  it("leaves the details of errors out where they are redacted", async () => {
    const own = await startGateway({
      protos,
      yaml: `${secretIssuer}policies: [{ methods: ["*"], redact: [{ fields: [google.rpc.Status.details], unless_roles: [staff] }] }]\n`,
    });
    try {
      const details = ['{"@type":"x/google.rpc.DebugInfo","detail":"secret"}'];
      own.answerWith({ kind: "status", code: 9, message: "no", details });
      const ask = async (...headers: string[]) =>
        (await own.request({ method: "GET", target: "/v1/plain/1", headers })).body.toString();
      expect(JSON.parse(await ask())).to.deep.equal({ code: 9, message: "no", details: [] });
      expect(await ask(bearer("staff"))).to.contain("secret");
    } finally {
      await own.close();
    }
  });

  it("shows nothing of a reply that cannot be read", async () => {
    gateway.answerWith({ kind: "reply", message: Buffer.from("0a01415205aaaa", "hex") });
    const { status, text } = await get("/v1/customers/1");
    expect(status).to.equal(500);
    expect(JSON.parse(text)).to.include({ code: 13 });
    expect(text).to.not.contain("Ada");
  });

  it("comes after interceptors of one's own at points before it, and before those after it", async () => {
    seen.before.length = 0;
    seen.after.length = 0;
    await get("/v1/customers/1");
    expect(seen.before).to.have.length(1);
    expect(seen.after).to.have.length(1);
    expect(seen.before[0]).to.be.greaterThan(seen.after[0]);
  });

  it("leaves the length of an answer to HEAD as that of GET", async () => {
    const lengthOf = async (method: string, ...headers: string[]) =>
      (await gateway.request({ method, target: "/v1/customers/1", headers })).headers.get("content-length");
    expect(await lengthOf("HEAD")).to.equal(await lengthOf("GET"));
    expect(await lengthOf("HEAD")).to.not.equal(await lengthOf("HEAD", bearer("support")));
  });
});

describe("(sluice.redact) of answers that are kept", () => {
  const cached = `
    syntax = "proto3";
    package t;
    import "google/api/annotations.proto";
    import "sluice/annotations.proto";
    message Ask { string id = 1; }
    message M { string name = 1; string ssn = 2 [(sluice.redact) = { unless_roles: "support" }]; }
    message Home { string name = 1; string key = 2 [(sluice.redact) = { unless: "peer.address == '127.0.0.1'" }]; }
    service S {
      option (sluice.service_cache) = { ttl: "60s" public: true };
      rpc Some(Ask) returns (M) {
        option (google.api.http) = { get: "/v1/some/{id}" };
        option (sluice.auth) = { level: OPTIONAL };
      }
      rpc Open(Ask) returns (M) {
        option (google.api.http) = { get: "/v1/open/{id}" };
        option (sluice.auth) = { level: PUBLIC };
      }
      rpc AtHome(Ask) returns (Home) {
        option (google.api.http) = { get: "/v1/home/{id}" };
        option (sluice.auth) = { level: PUBLIC };
      }
    }
  `;
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await startGateway({ protos: cached, yaml: `json: { emit_defaults: false }\n${secretIssuer}` });
    gateway.answerWith({ kind: "reply", message: Buffer.from("0a03416461120131", "hex") });
  });
  after(() => gateway.close());

  const get = async (target: string, ...headers: string[]) => {
    const { status, headers: told, body } = await gateway.request({ method: "GET", target, headers });
    const [tag, control] = ["etag", "cache-control"].map((name) => told.get(name));
    return { status, tag, scope: control?.split(",")[0], body: body.toString() };
  };

  it("gives nobody what was cut out for another, nor what was not", async () => {
    const asked = gateway.calls.length;
    const [support, guest] = [bearer("support"), bearer("guest")];
    for (const order of [
      [support, guest],
      [guest, support],
    ])
      for (const caller of order) {
        const { body, scope } = await get(`/v1/some/${order.indexOf(guest)}`, caller);
        expect(JSON.parse(body)).to.deep.equal(caller === guest ? { name: "Ada" } : { name: "Ada", ssn: "1" });
        expect(scope).to.equal("private");
      }
    expect(gateway.calls.length - asked).to.equal(2);
  });

  it("has a tag of its own for what each sees", async () => {
    const [full, cut] = [await get("/v1/some/tag", bearer("support")), await get("/v1/some/tag", bearer("guest"))];
    expect(full.tag).to.match(/^"/).and.not.equal(cut.tag);
    expect((await get("/v1/some/tag", bearer("guest"), `If-None-Match: ${full.tag}`)).body).to.equal(cut.body);
    expect((await get("/v1/some/tag", bearer("guest"), `If-None-Match: ${cut.tag}`)).status).to.equal(304);
  });

  it("tells a browser that whoever comes next may see something else", async () => {
    const varies = async (target: string): Promise<string | undefined> =>
      (await gateway.request({ method: "GET", target })).headers.get("vary");
    expect(await varies("/v1/some/varies")).to.contain("authorization");
    expect(await varies("/v1/open/varies")).not.to.contain("authorization");
  });

  it("lets caches on the way keep only what everybody sees", async () => {
    expect(await get("/v1/open/1", bearer("support"))).to.include({ scope: "public", body: '{"name":"Ada"}' });
    expect((await get("/v1/home/1")).scope).to.equal("private");
  });
});

describe("(sluice.redact) of composed answers", () => {
  const composed = `
    syntax = "proto3";
    package t;
    import "google/api/annotations.proto";
    import "google/rpc/error_details.proto";
    import "sluice/annotations.proto";
    message Ask { string id = 1; }
    message M { string name = 1; string ssn = 2 [(sluice.redact) = { unless_roles: "support" }]; }
    message View { M m = 1; string number = 2 [(sluice.redact) = { mask: "***" }]; }
    service S {
      option (sluice.service_auth) = { level: OPTIONAL };
      rpc Get(Ask) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }
      rpc Look(Ask) returns (View) {
        option (google.api.http) = { get: "/v1/look/{id}" };
        option (sluice.compose) = {
          step { id: "m" call: "t.S/Get" set: "id = req.id" }
          out: "m = m" out: "number = m.ssn"
        };
      }
    }
  `;

  it("holds for what they are made of, and for the errors of their steps", async () => {
    const gateway = await startGateway({ protos: composed, yaml: `json: { emit_defaults: false }\n${secretIssuer}` });
    try {
      const look = async (...headers: string[]) =>
        JSON.parse(
          (await gateway.request({ method: "GET", target: "/v1/look/1", headers })).body.toString(),
        ) as unknown;
      gateway.answerWith({ kind: "reply", message: '{"name":"Ada","ssn":"1"}' });
      expect(await look()).to.deep.equal({ m: { name: "Ada" }, number: "***" });
      expect(await look(bearer("support"))).to.deep.equal({ m: { name: "Ada", ssn: "1" }, number: "***" });
      const details = ['{"@type":"x/t.M","name":"Ada","ssn":"1"}'];
      gateway.answerWith({ kind: "status", code: 9, message: "no", details });
      expect(JSON.stringify(await look())).to.not.contain("ssn");
    } finally {
      await gateway.close();
    }
  });
});
