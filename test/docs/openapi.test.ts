// What the gateway says of an API in OpenAPI 3.1: valid by the specification's own schema, and true.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect } from "chai";
import { createAdminPages } from "../../src/command/admin-pages.ts";
import type { OpenApiDocument } from "../../src/docs/openapi.ts";
import type { Operation } from "../../src/docs/openapi-operation.ts";
import { loadSource } from "../support/gateway.ts";

const protos = `
  syntax = "proto3";
  package shop.v1;
  import "google/api/annotations.proto";
  import "google/api/field_behavior.proto";
  import "google/api/httpbody.proto";
  import "google/protobuf/any.proto";
  import "google/protobuf/struct.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  import "sluice/annotations.proto";

  // How far an order is.
  enum State {
    STATE_UNSPECIFIED = 0;
    // On its way.
    STATE_SENT = 1;
  }

  // One order.
  message Order {
    string name = 1 [(google.api.field_behavior) = REQUIRED];
    int64 cents = 2;
    State state = 3;
    google.protobuf.Timestamp created = 4 [(google.api.field_behavior) = OUTPUT_ONLY];
    map<string, int32> counts = 5;
    repeated Order parts = 6;
    google.protobuf.Any extra = 7;
    google.protobuf.StringValue note = 8;
    google.protobuf.Struct data = 9;
    bytes photo = 10;
    string secret = 11 [(google.api.field_behavior) = INPUT_ONLY];
    oneof by { string mail = 12; string phone = 13; }
    string proto = 14 [json_name = "__proto__"];
    string old = 15 [deprecated = true];
  }

  message GetRequest {
    string name = 1;
    Filter filter = 2;
    repeated string tags = 3;
    map<string, string> labels = 4;
    google.protobuf.Timestamp since = 5;
    repeated Filter more = 6;
    message Filter { string text = 1; Filter inner = 2; uint32 limit = 3 [(google.api.field_behavior) = REQUIRED]; }
  }

  // Orders, and what becomes of them.
  service Orders {
    // Finds an order.
    //
    // The name is what Create answered.
    rpc Get(GetRequest) returns (Order) {
      option (google.api.http) = {
        get: "/v1/{name=shelves/*/orders/*}"
        additional_bindings { get: "/v1/orders/{name}" }
        additional_bindings { get: "/v1/any/{name=**}" }
      };
    }
    rpc Put(Order) returns (Order) {
      option (google.api.http) = { put: "/v1/orders/{mail}" body: "*" };
      option (sluice.http) = { status: 201 };
    }
    rpc Archive(GetRequest) returns (Order) {
      option (google.api.http) = { post: "/v1/orders/{name}:archive" body: "filter" response_body: "parts" };
      option deprecated = true;
    }
    rpc Photo(GetRequest) returns (google.api.HttpBody) { option (google.api.http) = { get: "/v1/photos/{name}" }; }
    rpc Custom(GetRequest) returns (Order) { option (google.api.http) = { custom { kind: "LIST" path: "/v1/orders" } }; }
    rpc Any(Order) returns (Order) { option (google.api.http) = { custom { kind: "*" path: "/v1/anything" } body: "*" }; }
    rpc Watch(GetRequest) returns (stream Order) {
      option (google.api.http) = { get: "/v1/watch" };
      option (sluice.stream) = { sse: false };
    }
    rpc Gather(stream Order) returns (Order) { option (google.api.http) = { post: "/v1/gather" body: "*" }; }
    rpc Unbound(Order) returns (Order);
  }
`;

async function describeSource(source: Parameters<typeof loadSource>[0]): Promise<OpenApiDocument> {
  const { project, problems } = await loadSource(source);
  if (project === undefined) throw new Error(problems.join("\n"));
  return JSON.parse(JSON.stringify(createAdminPages(project).openApi())) as OpenApiDocument;
}

async function expectValid(document: OpenApiDocument): Promise<void> {
  const result = await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>);
  expect(result.errors ?? [], JSON.stringify(result.errors)).to.deep.equal([]);
  expect(result.valid).to.equal(true);
  const ids = operationsOf(document).map(([, operation]) => operation.operationId);
  expect(new Set(ids).size).to.equal(ids.length);
  for (const [path, operation] of operationsOf(document)) {
    const named = [...path.split(" ")[1].matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name);
    const told = (operation.parameters ?? []).filter((parameter) => parameter.in === "path").map(({ name }) => name);
    expect(told, path).to.deep.equal(named);
    const all = (operation.parameters ?? []).map((parameter) => `${parameter.in} ${parameter.name}`);
    expect(new Set(all).size, path).to.equal(all.length);
  }
  const defined = new Set(Object.keys(document.components.schemas));
  for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
    expect(defined.has(name), name).to.equal(true);
}

function operationsOf({ paths }: OpenApiDocument): [string, Operation][] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([verb, operation]) => [`${verb} ${path}`, operation] as [string, Operation]),
  );
}

describe("describeOpenApi", () => {
  let document: OpenApiDocument;
  before(async () => {
    document = await describeSource({ protos });
  });
  const at = (key: string): Operation => {
    const found = operationsOf(document).find(([name]) => name === key);
    if (found === undefined)
      throw new Error(
        `no ${key} among ${operationsOf(document)
          .map(([name]) => name)
          .join(", ")}`,
      );
    return found[1];
  };
  const schemaOf = (name: string) => document.components.schemas[name] as Record<string, Record<string, unknown>>;

  it("is valid", () => expectValid(document));

  it("would have a mistake found", async () => {
    const broken = structuredClone(document) as unknown as { paths: Record<string, unknown> };
    broken.paths["/x"] = { get: { parameters: [{ name: "a" }] } };
    expect((await new Validator().validate(broken)).valid).to.equal(false);
  });

  it("has every route that OpenAPI has a place for", () => {
    expect(
      operationsOf(document)
        .map(([name]) => name)
        .sort(),
    ).to.deep.equal(
      [
        "delete /v1/anything",
        "get /v1/any/{name}",
        "get /v1/orders/{name}",
        "get /v1/photos/{name}",
        "get /v1/shelves/{name_1}/orders/{name_2}",
        "get /v1/watch",
        "patch /v1/anything",
        "post /shop.v1.Orders/Unbound",
        "post /v1/anything",
        "post /v1/gather",
        "post /v1/orders/{name}:archive",
        "put /v1/anything",
        "put /v1/orders/{name}",
      ].sort(),
    );
    expect(document.info).to.include({ title: "shop.v1", version: "v1" });
    expect(document.info.description).to.contain("1 of its routes cannot be told");
  });

  it("tells what a method is for", () => {
    expect(at("get /v1/orders/{name}")).to.include({
      summary: "Finds an order.",
      description: "Finds an order.\n\nThe name is what Create answered.",
    });
    expect(at("post /v1/orders/{name}:archive").deprecated).to.equal(true);
    expect(document.tags).to.deep.equal([{ name: "shop.v1.Orders", description: "Orders, and what becomes of them." }]);
  });

  it("tells fields of the query: nested, repeated, maps, and none that a query cannot say", () => {
    const query = (at("get /v1/orders/{name}").parameters ?? []).filter((parameter) => parameter.in === "query");
    expect(query.map(({ name, style, required }) => [name, style, required])).to.deep.equal([
      ["filter.text", undefined, undefined],
      ["filter.limit", undefined, undefined],
      ["tags", "form", undefined],
      ["labels", "deepObject", undefined],
      ["since", undefined, undefined],
    ]);
    expect(query[4].schema).to.deep.equal({ type: "string", format: "date-time" });
    const archive = at("post /v1/orders/{name}:archive").parameters ?? [];
    expect(archive.map(({ name }) => name)).to.deep.equal(["name", "tags", "labels", "since"]);
    expect(at("put /v1/orders/{name}").parameters).to.have.length(1);
  });

  it("tells bodies and answers", () => {
    const archive = at("post /v1/orders/{name}:archive");
    expect(archive.requestBody?.content).to.deep.equal({
      "application/json": { schema: { $ref: "#/components/schemas/shop.v1.GetRequest.Filter" } },
    });
    expect(archive.responses["200"]).to.have.nested.property("content.application/json.schema.type", "array");
    expect(Object.keys(at("put /v1/orders/{name}").responses)).to.deep.equal(["201", "default"]);
    expect(at("get /v1/photos/{name}").responses["200"]).to.have.nested.property("content.*/*");
    expect(at("get /v1/orders/{name}").responses["default"]).to.deep.equal({ $ref: "#/components/responses/Error" });
  });

  it("tells streams in the forms they have", () => {
    const { content } = at("get /v1/watch").responses["200"] as { content: object };
    expect(Object.keys(content)).to.deep.equal(["application/json", "application/x-ndjson"]);
    expect(Object.keys(at("post /v1/gather").requestBody?.content ?? {})).to.deep.equal([
      "application/json",
      "application/x-ndjson",
    ]);
  });

  it("tells messages as their ProtoJSON", () => {
    const order = schemaOf("shop.v1.Order");
    expect(order["required"]).to.deep.equal(["name"]);
    expect(order["description"]).to.equal("One order.");
    expect(order["properties"]).to.deep.include({
      cents: { type: "string", format: "int64" },
      created: { type: "string", format: "date-time", readOnly: true },
      counts: { type: "object", additionalProperties: { type: "integer", format: "int32" } },
      parts: { type: "array", items: { $ref: "#/components/schemas/shop.v1.Order" } },
      note: { type: ["string", "null"] },
      photo: { type: "string", contentEncoding: "base64" },
      secret: { type: "string", writeOnly: true },
      mail: { type: "string", description: "At most one of the oneof `by` is there." },
      old: { type: "string", deprecated: true },
    });
    expect(Object.getOwnPropertyNames(order["properties"])).to.include("__proto__");
    expect(schemaOf("shop.v1.State")).to.deep.equal({
      type: "string",
      description: "How far an order is.\n\n- `STATE_SENT`: On its way.",
      enum: ["STATE_UNSPECIFIED", "STATE_SENT"],
    });
  });

  it("follows the gateway's own way of writing JSON and errors", async () => {
    const other = await describeSource({
      protos,
      yaml: "json: {names: proto, enums_as_numbers: true, int64_as_numbers: true}\nhttp: {errors: problem}",
    });
    await expectValid(other);
    expect(other.components.schemas["shop.v1.State"]).to.include({ type: "integer" });
    expect(other.components.responses["Error"]).to.have.nested.property("content.application/problem+json");
  });

  it("says what callers must bring", async () => {
    const secured = await describeSource({
      protos,
      yaml: [
        "auth:",
        '  public: ["shop.v1.Orders.Get"]',
        '  optional: ["shop.v1.Orders.Watch"]',
        "  cookie: session",
        "  issuers:",
        "    - { issuer: https://idp.example, jwks: http://127.0.0.1:9000/jwks.json, audience: shop, algorithms: [RS256] }",
      ].join("\n"),
    });
    await expectValid(secured);
    document = secured;
    expect(secured.components.securitySchemes).to.deep.equal({
      bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
      cookie: { type: "apiKey", in: "cookie", name: "session" },
    });
    expect(at("get /v1/orders/{name}").security).to.deep.equal([]);
    expect(at("get /v1/watch").security).to.deep.equal([{}, { bearer: [] }, { cookie: [] }]);
    expect(at("put /v1/orders/{name}").security).to.deep.equal([{ bearer: [] }, { cookie: [] }]);
  });

  it("tells of 304 where answers have entity tags", async () => {
    document = await describeSource({
      protos,
      yaml: 'policies: [{ methods: ["*"], cache: { ttl: 30s } }]',
    });
    await expectValid(document);
    expect(Object.keys(at("get /v1/orders/{name}").responses)).to.deep.equal(["200", "304", "default"]);
    expect(Object.keys(at("put /v1/orders/{name}").responses)).to.not.include("304");
    expect(Object.keys(at("get /v1/watch").responses)).to.not.include("304");
  });

  it("is valid for the examples, in both profiles", async () => {
    const root = "protos/examples";
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".proto"));
    expect(files.length).to.be.greaterThan(2);
    const texts = Object.fromEntries(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
    for (const profile of ["strict", "grpc-gateway"] as const)
      await expectValid(await describeSource({ protos: texts, profile }));
  });

  it("is the same at every run", async () =>
    expect(JSON.stringify(await describeSource({ protos }))).to.equal(
      JSON.stringify(await describeSource({ protos })),
    ));
});

describe("the description of fields that not every caller sees", () => {
  const types = `syntax = "proto3"; package t;
    import "google/api/annotations.proto"; import "google/api/field_behavior.proto"; import "sluice/annotations.proto";
    message M {
      // Of the state.
      string ssn = 1 [(sluice.redact) = { unless_roles: ["a", "b"] unless_scopes: "s" }, (google.api.field_behavior) = REQUIRED];
      string mail = 2 [(sluice.redact) = { unless: "front == 'grpc'" mask: "***" }];
      string never = 3 [(sluice.redact) = {}];
      string other = 4 [(google.api.field_behavior) = REQUIRED];
    }
    service S {
      rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/m" }; }
      rpc List(M) returns (M) { option (google.api.http) = { get: "/v1/l" }; }
    }`;
  const yaml = `auth: { issuers: [{ issuer: "https://idp.example", audience: shop, algorithms: [RS256] }] }
policies:
  - { methods: [t.S.List], redact: [{ fields: [t.M.other] }, { fields: [t.M.never], mask: "?" }] }
`;

  it("says who does, and does not promise them", async () => {
    const { project } = await loadSource({ protos: types, yaml });
    const { schemas } = (createAdminPages(project!).openApi() as OpenApiDocument).components;
    const { properties, required } = schemas["t.M"] as {
      properties: Record<string, { description?: string }>;
      required?: readonly string[];
    };
    expect(
      Object.fromEntries(Object.entries(properties).map(([name, { description }]) => [name, description])),
    ).to.deep.equal({
      ssn: "Of the state.\n\nShown only with scope s, roles a or b: for others replies are without it.",
      mail: 'Shown only with a condition: for others it is "***".',
      never: "Not every caller sees it; who does depends on the method.",
      other: "Not every caller sees it; who does depends on the method.",
    });
    expect(required).to.equal(undefined);
  });

  it("is nothing where nothing is redacted", async () => {
    const { project } = await loadSource({
      protos: types.replaceAll(/\(sluice\.redact\) = \{[^}]*\}/g, "deprecated = false"),
    });
    const document = JSON.stringify(createAdminPages(project!).openApi());
    expect(document).to.not.contain("Shown only").and.not.contain("Not shown");
    expect(document).to.contain('"required":["ssn","other"]');
  });
});
