// Who sees which fields, of all that protos and configuration say, and what of it is refused, each with its place.
import { expect } from "chai";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { describePolicy } from "../../src/command/policy-list.ts";
import { compilePolicies } from "../../src/policy/policies.ts";
import { loadYaml } from "../config/yaml-fixture.ts";
import { loadSource } from "../support/gateway.ts";
import { schemaOf } from "../support/schema.ts";

const head = `edition = "2023"; package shop.v1; import "sluice/annotations.proto"; import "google/protobuf/timestamp.proto";
message Req { string id = 1; }
`;
const services = `
service Customers { rpc Get(Req) returns (Customer); rpc List(Req) returns (stream Page); }
service Catalog { rpc Find(Req) returns (Plain); }
message Page { repeated Customer customers = 1; }
message Plain { string name = 1; google.protobuf.Timestamp at = 2; }
`;
const customer = `message Customer {
  string name = 1;
  string ssn = 2 [(sluice.redact) = { unless_roles: ["support", "admin"] unless_scopes: "full" }];
  int64 credit = 3 [(sluice.redact) = {}];
  string e_mail = 4 [(sluice.redact) = { unless: "claims.tenant == 'own'" mask: "***" }];
}`;
const issuers = 'auth: { issuers: [{ issuer: "https://idp.example", audience: shop, algorithms: [RS256] }] }';

function compile(messages: string, yaml: string) {
  const { config, diagnostics } = loadYaml(yaml);
  const shorten = (text: string): string => text.replaceAll(/\/\S*?(?=sluice\.yaml)/g, "");
  if (config === undefined) return { shown: () => [], problems: diagnostics.map(formatDiagnostic).map(shorten) };
  const schema = schemaOf({ "shop.proto": `${head}${messages}${services}` });
  const { policyOf, diagnostics: found } = compilePolicies({ schema, config });
  const shown = (name: string): string[] =>
    describePolicy(policyOf(schema.method(`shop.v1.${name}`)!))
      .filter(({ what }) => what === "redact")
      .map(({ text, from }) => shorten(`${text} (${from})`));
  return { shown, problems: found.map(formatDiagnostic).map(shorten) };
}

function shownOf(messages: string, yaml: string, name: string): string[] {
  const { shown, problems } = compile(messages, yaml);
  expect(problems).to.deep.equal([]);
  return shown(name);
}

describe("redactions", () => {
  it("are told for each method whose replies have the fields, with who sees them and where that was said", () => {
    const told = [
      "shop.v1.Customer.ssn, unless scope full, roles support or admin (shop.proto:5)",
      "shop.v1.Customer.credit, for everybody (shop.proto:6)",
      `shop.v1.Customer.e_mail as "***", unless claims.tenant == 'own' (shop.proto:7)`,
    ];
    for (const method of ["Customers.Get", "Customers.List"])
      expect(shownOf(customer, issuers, method).map((line) => line.replace(/:\d+\)$/, ")"))).to.deep.equal(told);
    expect(shownOf(customer, issuers, "Catalog.Find")).to.deep.equal([]);
  });

  it("are those of the configuration where it names the field, of the closest selector", () => {
    const yaml = `${issuers}
policies:
  - { methods: ["shop.v1.*"], redact: [{ fields: [shop.v1.Customer.ssn, shop.v1.Customer.name] }] }
  - { methods: [shop.v1.Customers.Get], redact: [{ fields: [shop.v1.Customer.name], mask: "?", unless_roles: [a] }] }
`;
    expect(shownOf(customer, yaml, "Customers.Get").map((line) => line.replace(/ \(shop.*/, ""))).to.deep.equal([
      "shop.v1.Customer.ssn, for everybody (sluice.yaml:3:51)",
      "shop.v1.Customer.credit, for everybody",
      `shop.v1.Customer.e_mail as "***", unless claims.tenant == 'own'`,
      'shop.v1.Customer.name as "?", unless role a (sluice.yaml:4:61)',
    ]);
    expect(shownOf(customer, yaml, "Customers.List")).to.include(
      "shop.v1.Customer.name, for everybody (sluice.yaml:3:73)",
    );
  });

  const plain = "message Customer { string name = 1; string e_mail = 2; int32 age = 3; }";
  const policies = (...lines: string[]) => `${issuers}\npolicies:\n${lines.map((line) => `  - ${line}`).join("\n")}\n`;
  const redact = (rest: string, methods = '["shop.v1.Customers.*"]') =>
    `{ methods: ${methods}, redact: [{ ${rest} }] }`;

  interface Case {
    readonly what: string;
    readonly messages?: string;
    readonly yaml?: string;
    readonly problems: readonly string[];
  }
  const cases: readonly Case[] = [
    {
      what: "a field that there is not",
      yaml: policies(redact("fields: [shop.v1.Customer.nam]")),
      problems: [
        'sluice.yaml:3:61: error: there is no field shop.v1.Customer.nam; did you mean "shop.v1.Customer.name"?',
      ],
    },
    {
      what: "a field by its name in JSON",
      yaml: policies(redact("fields: [shop.v1.Customer.eMail]")),
      problems: [
        'sluice.yaml:3:61: error: there is no field shop.v1.Customer.eMail; did you mean "shop.v1.Customer.e_mail"?',
      ],
    },
    {
      what: "a field of a message without its package",
      yaml: policies(redact("fields: [Customer.name]")),
      problems: ['sluice.yaml:3:61: error: there is no field Customer.name; did you mean "shop.v1.Customer.name"?'],
    },
    {
      what: "a field of a message that there is not",
      yaml: policies(redact("fields: [shop.v1.Custommer.name]")),
      problems: [
        'sluice.yaml:3:61: error: there is no field shop.v1.Custommer.name; did you mean "shop.v1.Customer.name"?',
      ],
    },
    {
      what: "a message in the place of its fields",
      yaml: policies(redact("fields: [shop.v1.Customer]")),
      problems: [
        "sluice.yaml:3:61: error: there is no field shop.v1.Customer; it is a message; name fields of it, each as shop.v1.Customer.name",
      ],
    },
    {
      what: "what is no name of a field",
      yaml: policies(redact('fields: ["customer"]')),
      problems: [
        'sluice.yaml:3:61: error: policies[0].redact[0].fields[0]: the full name of a field is expected, e.g. shop.v1.Customer.ssn; found "customer"',
      ],
    },
    {
      what: "a mask of what is no text",
      yaml: policies(redact('fields: [shop.v1.Customer.age], mask: "?"')),
      problems: [
        "sluice.yaml:3:61: error: shop.v1.Customer.age is no string: only text can be masked; leave mask out: it is then left out",
      ],
    },
    {
      what: "a part of a well-known type",
      yaml: policies(redact("fields: [google.protobuf.Timestamp.nanos]", '["*"]')),
      problems: [
        "sluice.yaml:3:43: error: google.protobuf.Timestamp.nanos is a part of a well-known type, which has to be whole; redact the fields that are of this type",
      ],
    },
    {
      what: "the code of an error",
      yaml: policies(redact("fields: [google.rpc.Status.code, google.rpc.Status.details]", '["*"]')),
      problems: [
        "sluice.yaml:3:43: error: google.rpc.Status.code is told in more places than this; google.rpc.Status.details can be redacted",
      ],
    },
    {
      what: "a condition over the request",
      yaml: policies(redact('fields: [shop.v1.Customer.name], unless: "req.id == principal"')),
      problems: [
        "sluice.yaml:3:61: error: the condition of shop.v1.Customer.name: column 1: there is no request message to look at",
      ],
    },
    {
      what: "two that are equally close, and differ",
      yaml: policies(
        redact("fields: [shop.v1.Customer.name]"),
        redact("fields: [shop.v1.Customer.name], unless_roles: [a]", "[shop.v1.Customers.Get, shop.v1.Catalog.Find]"),
        redact("fields: [shop.v1.Customer.name], unless_roles: [b]", "[shop.v1.Customers.Get]"),
      ),
      problems: [
        "sluice.yaml:5:61: error: who sees shop.v1.Customer.name in replies of shop.v1.Customers.Get is said here, and otherwise at sluice.yaml:4:83, which is as close to the method; name the method by itself where it differs",
      ],
    },
    {
      what: "callers of public methods, whom nobody asks who they are",
      yaml: `${issuers.replace("{ issuers", '{ public: ["*"], issuers')}\npolicies:\n  - ${redact("fields: [shop.v1.Customer.name], unless_roles: [a]", "[shop.v1.Customers.Get]")}\n`,
      problems: [
        "sluice.yaml:3:61: error: who sees shop.v1.Customer.name depends on who calls, and callers of shop.v1.Customers.Get are not asked (public: sluice.yaml:1:18): nobody sees it there; make the method optional, or redact the field for everybody there",
      ],
    },
    {
      what: "callers where nothing can tell who they are",
      yaml: `policies:\n  - ${redact("fields: [shop.v1.Customer.name], unless_roles: [a]")}\n`,
      problems: [
        "sluice.yaml:2:61: error: who sees shop.v1.Customer.name depends on who calls, and nothing can tell; say how callers are known: auth.issuers, api_keys, mtls … of sluice.yaml (docs/authentication.md), or authenticate of createGateway",
      ],
    },
    {
      what: "a required field, which no reply can be without",
      messages: "message Customer { string id = 1 [features.field_presence = LEGACY_REQUIRED, (sluice.redact) = {}]; }",
      problems: [
        "shop.proto:3:78: error: shop.v1.Customer.id is required: a message without it could not be read; give it a mask, or redact the fields that hold the message",
      ],
    },
    {
      what: "scopes and roles that nobody can have, and a mask that is too long",
      messages: `message Customer { string id = 1 [(sluice.redact) = { unless_scopes: "a b" unless_roles: "" mask: "${"*".repeat(21)}" }]; }`,
      problems: [
        'shop.proto:3:55: error: shop.v1.Customer.id: "a b" is no scope: printable ASCII without blanks, quotes and backslashes',
        "shop.proto:3:76: error: shop.v1.Customer.id: a role is empty",
        "shop.proto:3:93: error: shop.v1.Customer.id: a mask has at most 20 characters",
      ],
    },
  ];
  for (const { what, messages = plain, yaml = issuers, problems } of cases)
    it(`refuses ${what}`, () => expect(compile(messages, yaml).problems).to.deep.equal(problems));

  it("warns of a field that no reply of the methods has", () => {
    const { problems } = compile(plain, policies(redact("fields: [shop.v1.Customer.name]", "[shop.v1.Catalog.Find]")));
    expect(problems).to.deep.equal([
      "sluice.yaml:3:60: warning: no reply of these methods has shop.v1.Customer.name, but in what a google.protobuf.Any holds; name the field of the type that they answer with",
    ]);
  });

  it("warns of a field that the configuration shows to others than its proto, and not of one that it hides", () => {
    const { problems } = compile(
      customer,
      policies(
        redact("fields: [shop.v1.Customer.ssn, shop.v1.Customer.credit], unless_roles: [b]"),
        redact("fields: [shop.v1.Customer.ssn]", '["shop.v1.*"]'),
      ),
    );
    expect(problems.map((line) => line.replace(/ \(shop.*/, ""))).to.deep.equal([
      "sluice.yaml:3:61: warning: who sees shop.v1.Customer.ssn is another matter here than in its proto",
      "sluice.yaml:3:83: warning: who sees shop.v1.Customer.credit is another matter here than in its proto",
    ]);
  });

  it("warns of a public method whose replies have a field that the proto shows to some", () => {
    const yaml = issuers.replace("{ issuers", "{ public: [shop.v1.Customers.Get], issuers");
    expect(compile(customer, yaml).problems.map((line) => line.replace(/^\S+ | \(public.*/g, ""))).to.deep.equal([
      "warning: who sees shop.v1.Customer.ssn depends on who calls, and callers of shop.v1.Customers.Get are not asked",
      "warning: who sees shop.v1.Customer.e_mail depends on who calls, and callers of shop.v1.Customers.Get are not asked",
    ]);
  });

  it("are refused of fields that the gateway itself reads", async () => {
    const { problems } = await loadSource({
      protos: `syntax = "proto3"; package t;
import "google/api/annotations.proto"; import "sluice/annotations.proto";
message Req { string from = 1; }
message In { string id = 1 [(sluice.redact) = {}]; string free = 2; }
message M { In in = 1; string token = 2 [(sluice.redact) = {}]; In hidden = 3 [(sluice.redact) = {}]; }
service S {
  rpc Make(Req) returns (M) {
    option (google.api.http) = { post: "/v1/m" response_body: "hidden" };
    option (sluice.http) = { location: "in.id" };
  }
  rpc Watch(Req) returns (stream M) {
    option (google.api.http) = { get: "/v1/m" };
    option (sluice.stream) = { resume_from: "from" resume_token: "token" overflow: CONFLATE key: "hidden.free" };
  }
  rpc Free(Req) returns (M) {
    option (google.api.http) = { put: "/v1/m" response_body: "in" };
    option (sluice.http) = { location: "in.free" };
  }
}
`,
    });
    expect(problems).to.deep.equal([
      "test.proto:8:34: error: t.S.Make: response_body is read from t.M.hidden, which not every caller may see (test.proto:5:80); take another field for response_body, or let everybody see this one",
      "test.proto:9:30: error: t.S.Make: location is read from t.In.id, which not every caller may see (test.proto:4:29); take another field for location, or let everybody see this one",
      "test.proto:13:52: error: t.S.Watch: resume_token is read from t.M.token, which not every caller may see (test.proto:5:42); take another field for resume_token, or let everybody see this one",
      "test.proto:13:93: error: t.S.Watch: key is read from t.M.hidden, which not every caller may see (test.proto:5:80); take another field for key, or let everybody see this one",
    ]);
  });

  it("are refused where a composed method copies fields into others that everybody sees", async () => {
    const { problems } = await loadSource({
      protos: `syntax = "proto3"; package t; import "sluice/annotations.proto";
message Ask { string id = 1; }
message Card { string number = 1 [(sluice.redact) = {}]; string bank = 2; }
message M { Card card = 1; repeated Card cards = 2; Card secret = 3 [(sluice.redact) = {}]; }
message View { string a = 1; repeated string b = 2; Card c = 3; Card d = 4; string e = 5; string f = 6 [(sluice.redact) = { mask: "?" }]; }
service S {
  rpc Get(Ask) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Look(Ask) returns (View) {
    option (sluice.compose) = {
      step { id: "m" call: "t.S/Get" set: "id = req.id" }
      out: "a = m.card.number" out: "b = m.cards[].number" out: "c = m.secret" out: "d = m.card" out: "e = m.card.bank" out: "f = m.card.number"
    };
  }
}
`,
    });
    const said = (line: string, field: string, place: string, taken: string): string =>
      `test.proto:9:12: error: t.S.Look: "${line}" shows everybody ${field}, which not every caller may see (test.proto:${place}); redact ${taken}, too`;
    expect(problems).to.deep.equal([
      said("a = m.card.number", "t.Card.number", "3:35", "t.View.a"),
      said("b = m.cards[].number", "t.Card.number", "3:35", "t.View.b"),
      said("c = m.secret", "t.M.secret", "4:70", "t.View.c"),
    ]);
  });

  it("are warned of where a composed method shows to others what the method of its step redacts", async () => {
    const load = (policies: string) =>
      loadSource({
        protos: `syntax = "proto3"; package t; import "sluice/annotations.proto";
message Ask { string id = 1; }
message Card { string number = 1; string bank = 2 [(sluice.redact) = { unless: "peer.address == 'a'" }]; }
message M { Card card = 1; }
message View { M whole = 1; string number = 2 [(sluice.redact) = { unless: "peer.address == 'b'" }]; Card card = 3; }
service S {
  rpc Get(Ask) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Look(Ask) returns (View) {
    option (sluice.compose) = {
      step { id: "m" call: "t.S/Get" set: "id = req.id" }
      out: "whole = m" out: "number = m.card.number" out: "card = m.card"
    };
  }
}
`,
        yaml: `policies:\n${policies}`,
      });
    const ofStep = "  - { methods: [t.S.Get], redact: [{ fields: [t.Card.number] }] }\n";
    expect((await load(ofStep)).problems).to.deep.equal([
      "test.proto:9:12: warning: replies of t.S.Look show t.Card.number to others than those of t.S.Get do (sluice.yaml:2:47), which they take it from; redact it for t.S.Look, too, in policies of sluice.yaml",
    ]);
    const ofBoth = `${ofStep.replace("[t.S.Get]", "[t.S.Get, t.S.Look]")}  - { methods: [t.S.Look], redact: [{ fields: [t.View.number] }] }\n`;
    expect((await load(ofBoth)).problems).to.deep.equal([]);
  });
});
