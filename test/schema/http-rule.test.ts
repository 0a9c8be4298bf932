// HttpRules of annotations and YAML to bindings, and every way they can be wrong.
import { expect } from "chai";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import type { Diagnostic } from "../../src/diagnostic.ts";
import type { Binding, Profile } from "../../src/schema/binding.ts";
import { bindMethods } from "../../src/schema/bind/http-rule.ts";
import type { YamlHttpRule } from "../../src/schema/bind/http-rule.ts";
import { handMadeSchema, positionOf } from "./http-rule-schema.ts";
import type { PlainRule, Rpc } from "./http-rule-schema.ts";

const messages = {
  "t.Book": { name: "string", author: ".t.Author", tags: "repeated string", pages: "repeated .t.Author" },
  "t.Author": { name: "string", full_name: "string" },
  "t.Req": {
    id: "string",
    user_id: "string",
    book: ".t.Book",
    tags: "repeated string",
    books: "repeated .t.Book",
    labels: "map .t.Author",
    when: ".google.protobuf.Timestamp",
    count: ".google.protobuf.Int64Value",
    any: ".google.protobuf.Any",
    left: "string in choice",
    right: "string in choice",
  },
  "t.Res": { book: ".t.Book", books: "repeated .t.Book" },
  "t.Empty": {},
  "google.protobuf.Timestamp": { seconds: "string" },
  "google.protobuf.Int64Value": { value: "string" },
  "google.protobuf.Any": { type_url: "string" },
};

interface Bound {
  readonly bindings: readonly Binding[];
  readonly diagnostics: readonly Diagnostic[];
}

interface Setup {
  readonly profile?: Profile;
  readonly bindUnannotated?: boolean;
  readonly yaml?: readonly (readonly [string, Record<string, unknown>])[];
}

function yamlRule([selector, rule]: readonly [string, Record<string, unknown>]): YamlHttpRule {
  return { selector, rule, position: (path) => positionOf(`yaml ${path}`) };
}

function bind(rpcs: readonly Rpc[], setup: Setup = {}): Bound {
  const diagnostics: Diagnostic[] = [];
  const options = {
    profile: setup.profile ?? "strict",
    bindUnannotated: setup.bindUnannotated ?? true,
    yamlRules: (setup.yaml ?? []).map(yamlRule),
  };
  const bindings = bindMethods(handMadeSchema(messages, rpcs), options, (diagnostic) => diagnostics.push(diagnostic));
  return { bindings, diagnostics };
}

function bindRule(http: PlainRule, setup: Setup = {}): Bound {
  return bind([{ name: "M", input: "t.Req", output: "t.Res", http }], setup);
}

function outline(binding: Binding): string {
  const body = binding.body.kind === "field" ? binding.body.field.name : binding.body.kind;
  const variables = binding.variables.map((variable) => variable.fields.map((field) => field.protoName).join("."));
  return `${binding.index} ${binding.httpMethod} ${binding.template.text} ${binding.method.localName} [${variables.join(" ")}] ${body} ${binding.responseBody?.name ?? ""}`.trimEnd();
}

function single(bound: Bound): string {
  expect(bound.diagnostics.map(formatDiagnostic)).to.deep.equal([]);
  expect(bound.bindings).to.have.length(1);
  return outline(bound.bindings[0]);
}

/** The only diagnostic; an error leaves no binding of its rule. */
function problem(bound: Bound): string {
  expect(bound.diagnostics.map(formatDiagnostic)).to.have.length(1);
  return formatDiagnostic(bound.diagnostics[0]);
}

describe("bindMethods", () => {
  describe("patterns", () => {
    it("binds each HTTP method, custom kinds too", () => {
      for (const verb of ["get", "put", "post", "delete", "patch"]) {
        expect(single(bindRule({ [verb]: "/v1/{id}" }))).to.equal(`0 ${verb.toUpperCase()} /v1/{id} M [id] none`);
      }
      expect(single(bindRule({ custom: { kind: "HEAD", path: "/v1/{id}" } }))).to.equal("0 HEAD /v1/{id} M [id] none");
      expect(single(bindRule({ custom: { kind: "*", path: "/" }, body: "*" }))).to.equal("0 * / M [] all");
    });

    it("binds additional_bindings after the rule, numbered", () => {
      const { bindings, diagnostics } = bindRule({
        get: "/a",
        additional_bindings: [{ post: "/b", body: "*" }, { get: "/c/{book.author.name}" }],
      });
      expect(diagnostics).to.deep.equal([]);
      expect(bindings.map(outline)).to.deep.equal([
        "0 GET /a M [] none",
        "1 POST /b M [] all",
        "2 GET /c/{book.author.name} M [book.author.name] none",
      ]);
      expect(bindings.map((binding) => binding.position.file)).to.deep.equal(
        ["get", "additional_bindings[0].post", "additional_bindings[1].get"].map((key) => `M (google.api.http).${key}`),
      );
    });

    it("serves a method without rule at its gRPC path, unless switched off", () => {
      const rpcs = [{ name: "M", input: "t.Req" }];
      expect(single(bind(rpcs))).to.equal("0 POST /t.S/M M [] all");
      expect(bind(rpcs).bindings[0].origin).to.equal("default");
      expect(bind(rpcs, { bindUnannotated: false })).to.deep.equal({ bindings: [], diagnostics: [] });
    });

    it("binds body and response_body fields, whatever their type", () => {
      for (const body of ["book", "books", "labels", "id", "any"])
        expect(single(bindRule({ post: "/a", body }))).to.equal(`0 POST /a M [] t.Req.${body}`);
      expect(single(bindRule({ get: "/a", response_body: "books" }))).to.equal("0 GET /a M [] none t.Res.books");
      expect(single(bindRule({ patch: "/{book.name}", body: "book" }))).to.equal(
        "0 PATCH /{book.name} M [book.name] t.Req.book",
      );
      expect(single(bindRule({ post: "/a", body: "", response_body: "" }))).to.equal("0 POST /a M [] none");
    });

    it("lets well-known messages with a string form into the path", () => {
      expect(single(bindRule({ get: "/{when}/{count}" }))).to.equal("0 GET /{when}/{count} M [when count] none");
    });
  });

  describe("refused rules", () => {
    const rules: readonly (readonly [string, PlainRule, string])[] = [
      [
        "no pattern",
        { body: "*" },
        `M (google.api.http):1:1: error: http rule of t.S.M: the rule has no pattern; add one of get`,
      ],
      ["several patterns", { get: "/a", post: "/b" }, "several patterns: get, post; one pattern per rule"],
      [
        "nested additional_bindings",
        { get: "/a", additional_bindings: [{ get: "/b", additional_bindings: [{ get: "/c" }] }] },
        "additional_bindings[0].additional_bindings:1:1: error",
      ],
      [
        "an empty path",
        { get: "" },
        `M (google.api.http).get:1:1: error: http rule of t.S.M: path "", character 1: the path is empty`,
      ],
      ["a malformed path", { get: "/a/{x=a/{y}}" }, `path "/a/{x=a/{y}}", character 9: a variable inside a variable`],
      ["an unknown variable", { get: "/{user_i}" }, `t.Req has no field "user_i"; did you mean "user_id"?`],
      [
        "an unknown variable without a neighbour",
        { get: "/{zzzzzzzz}" },
        `t.Req has no field "zzzzzzzz"; its fields are: id, user_id, book`,
      ],
      ["an unknown nested variable", { get: "/{book.nam}" }, `t.Book has no field "nam"; did you mean "name"?`],
      ["a repeated variable", { get: "/{tags}" }, `the path variable "tags" is repeated`],
      ["a nested repeated variable", { get: "/{book.tags}" }, `the path variable "book.tags" is repeated`],
      ["a map variable", { get: "/{labels}" }, `the path variable "labels" is a map`],
      [
        "a message variable",
        { get: "/{book}" },
        `the path variable "book" is the message t.Book; bind one of its fields, e.g. "{book.name}"`,
      ],
      ["an Any variable", { get: "/{any}" }, "is the message google.protobuf.Any"],
      [
        "a path through a repeated field",
        { get: "/{books.name}" },
        `t.Req.books is repeated, so it has no field "name" to bind`,
      ],
      ["a path through a scalar", { get: "/{id.x}" }, `t.Req.id is no message, so it has no field "x" to bind`],
      ["a path through a map", { get: "/{labels.name}" }, `t.Req.labels is a map`],
      ["one field twice", { get: "/{id}/{id}" }, `the path binds the field "id" twice`],
      ["one field twice by two spellings", { get: "/{book.author.full_name}/{book.author.full_name}" }, "twice"],
      [
        "a parent and its child",
        { get: "/{count}/{count.value}" },
        `both "count" and "count.value", and one contains the other`,
      ],
      ["two cases of a oneof", { get: "/{left}/{right}" }, `two cases of the oneof "choice"`],
      [
        "GET with a body",
        { get: "/a", body: "*" },
        `M (google.api.http).body:1:1: error: http rule of t.S.M: GET has a body ("*")`,
      ],
      ["HEAD with a body", { custom: { kind: "HEAD", path: "/a" }, body: "book" }, "HEAD has a body"],
      ["an unknown body", { post: "/a", body: "bok" }, `t.Req has no field "bok"; did you mean "book"?`],
      [
        "a dotted body",
        { post: "/a", body: "book.name" },
        `the body "book.name" is not a top-level field; name a top-level field of t.Req`,
      ],
      [
        "a body that is in the path",
        { post: "/{id}", body: "id" },
        `the body field "id" is also the path variable "id"`,
      ],
      [
        "an unknown response_body",
        { get: "/a", response_body: "boks" },
        `t.Res has no field "boks"; did you mean "books"?`,
      ],
      [
        "a dotted response_body",
        { get: "/a", response_body: "book.name" },
        `the response_body "book.name" is not a top-level field`,
      ],
      ["a response_body of *", { get: "/a", response_body: "*" }, `leave it out for the whole message`],
      ["a custom kind that is no token", { custom: { kind: "GET IT", path: "/a" } }, `"GET IT" is no HTTP method`],
      ["an empty custom kind", { custom: { kind: "", path: "/a" } }, `"" is no HTTP method`],
      ["CONNECT", { custom: { kind: "CONNECT", path: "/a" } }, "CONNECT cannot be bound"],
      ["a custom pattern without kind", { custom: { path: "/a" } }, "the custom pattern has no kind"],
      ["a custom pattern without path", { custom: { kind: "HEAD" } }, "the custom pattern has no path"],
      ["an unknown key", { gett: "/a" }, `google.api.HttpRule has no field "gett"; did you mean "get"?`],
      ["a pattern that is no text", { get: { a: "b" } }, "get is not a text"],
      ["a custom pattern that is text", { custom: "/a" }, "custom is not a pattern"],
      [
        "additional_bindings that are no list",
        { get: "/a", additional_bindings: { get: "/b" } },
        "additional_bindings is not a list",
      ],
    ];
    for (const [name, rule, expected] of rules)
      it(`reports ${name}`, () => expect(problem(bindRule(rule))).to.include(expected));

    it("reports everything that is wrong at once and keeps the sound bindings", () => {
      const { bindings, diagnostics } = bindRule({
        post: "/{x}/{y}",
        body: "z",
        response_body: "w",
        additional_bindings: [{ get: "/ok" }],
      });
      expect(diagnostics.map((diagnostic) => diagnostic.rule)).to.deep.equal([
        "unknown-field",
        "unknown-field",
        "unknown-field",
        "unknown-field",
      ]);
      expect(bindings.map(outline)).to.deep.equal(["1 GET /ok M [] none"]);
    });

    it("accepts JSON names of fields with a warning, and upper-cases custom kinds with one", () => {
      const byJsonName = bindRule({ get: "/{userId}" });
      expect(problem(byJsonName)).to.include(
        `warning: http rule of t.S.M: "userId" is the JSON name of a field; write "user_id"`,
      );
      expect(byJsonName.bindings.map(outline)).to.deep.equal(["0 GET /{userId} M [user_id] none"]);
      const lower = bindRule({ custom: { kind: "head", path: "/a" } });
      expect(problem(lower)).to.include(`warning: http rule of t.S.M: the HTTP method "head" is served as "HEAD"`);
      expect(lower.bindings[0].httpMethod).to.equal("HEAD");
    });

    it("takes the custom kind websocket as it is usually written", () => {
      const { bindings, diagnostics } = bindRule({ custom: { kind: "websocket", path: "/a" } });
      expect([bindings[0].httpMethod, diagnostics]).to.deep.equal(["WEBSOCKET", []]);
    });
  });

  describe("YAML rules", () => {
    const rpcs: readonly Rpc[] = [
      { name: "GetBook", input: "t.Req", http: { get: "/annotated" } },
      { name: "PutBook", input: "t.Req" },
    ];

    it("replaces the annotation of the selected method", () => {
      const { bindings, diagnostics } = bind(rpcs, {
        yaml: [
          ["t.S.GetBook", { post: "/y/{id}", body: "*", additionalBindings: [{ get: "/z", responseBody: "book" }] }],
        ],
      });
      expect(diagnostics).to.deep.equal([]);
      expect(bindings.map(outline)).to.deep.equal([
        "0 POST /y/{id} GetBook [id] all",
        "1 GET /z GetBook [] none t.Req.book",
        "0 POST /t.S/PutBook PutBook [] all",
      ]);
      expect(bindings.map((binding) => binding.origin)).to.deep.equal(["yaml", "yaml", "default"]);
      expect(bindings[1].position.file).to.equal("yaml additionalBindings[0].get");
    });

    it("lets the last rule for a method win, wildcards included", () => {
      const last = bind(rpcs, {
        yaml: [
          ["t.S.GetBook", { get: "/1" }],
          ["t.S.GetBook", { get: "/2" }],
        ],
      });
      expect(last.bindings.map((binding) => binding.template.text)).to.deep.equal(["/2", "/t.S/PutBook"]);
      const wild = bind(rpcs, {
        yaml: [
          ["t.S.*", { custom: { kind: "*", path: "/all" } }],
          ["t.S.PutBook", { get: "/2" }],
        ],
      });
      expect(wild.bindings.map((binding) => binding.template.text)).to.deep.equal(["/all", "/2"]);
      expect(
        bind(rpcs, {
          yaml: [
            ["*", { get: "/1" }],
            ["t.S.PutBook", { get: "/2" }],
          ],
        }).bindings,
      ).to.have.length(2);
    });

    it("reports a selector that matches nothing, with the nearest method", () => {
      expect(problem(bind(rpcs, { yaml: [["t.S.GetBok", { get: "/a" }]] }))).to.equal(
        `yaml selector:1:1: error: the selector "t.S.GetBok" matches no method; did you mean "t.S.GetBook"?`,
      );
      expect(problem(bind(rpcs, { yaml: [["S/PutBook", { get: "/a" }]] }))).to.include(`did you mean "t.S.PutBook"?`);
      expect(problem(bind(rpcs, { yaml: [["other.*", { get: "/a" }]] }))).to.include(`"other.*" matches no method`);
      expect(problem(bind(rpcs, { yaml: [["t.*.GetBook", { get: "/a" }]] }))).to.include("matches no method");
      expect(problem(bind(rpcs, { yaml: [["", { get: "/a" }]] }))).to.include("matches no method");
    });

    it("reports values of the wrong type and unknown keys at their place", () => {
      const yaml = (rule: Record<string, unknown>): string => problem(bind(rpcs, { yaml: [["t.S.GetBook", rule]] }));
      expect(yaml({ get: 12 })).to.equal(
        "yaml get:1:1: error: http rule of t.S.GetBook: get is not a text; write it in quotes",
      );
      expect(yaml({ get: null })).to.include("the path is empty");
      expect(yaml({ get: "/a", additional_bindings: ["/b"] })).to.include(
        "yaml additional_bindings[0]:1:1: error: http rule of t.S.GetBook: additional_bindings[0] is not a rule",
      );
      expect(yaml({ get: "/a", bdy: "*" })).to.include(
        `yaml bdy:1:1: error: http rule of t.S.GetBook: google.api.HttpRule has no field "bdy"; did you mean "body"?`,
      );
      expect(yaml({ ["__proto__x"]: 1 })).to.include("has no field");
      expect(yaml(JSON.parse(`{"__proto__": {"get": "/a"}}`) as Record<string, unknown>)).to.include(
        `has no field "__proto__"`,
      );
    });
  });

  describe("in profile grpc-gateway", () => {
    const gateway: Setup = { profile: "grpc-gateway", bindUnannotated: false };

    it("accepts what grpc-gateway accepts: repeated scalars in the path, dotted bodies, response_body *", () => {
      expect(single(bindRule({ get: "/{tags}/{book.tags}" }, gateway))).to.equal(
        "0 GET /{tags}/{book.tags} M [tags book.tags] none",
      );
      const nested = bindRule({ post: "/a", body: "book.author.name", response_body: "*" }, gateway);
      expect(single(nested)).to.equal("0 POST /a M [] t.Author.name");
      const { body } = nested.bindings[0];
      expect(body.kind === "field" && body.parents?.map((field) => field.name)).to.deep.equal([
        "t.Req.book",
        "t.Book.author",
      ]);
      expect(single(bindRule({ get: "/{left}/{right}" }, gateway))).to.equal(
        "0 GET /{left}/{right} M [left right] none",
      );
    });

    it("refuses repeated messages in the path, and a body below or above a captured field", () => {
      expect(problem(bindRule({ get: "/{books}" }, gateway))).to.include("is repeated");
      expect(problem(bindRule({ post: "/{book.name}", body: "book.name" }, gateway))).to.include(
        "is also the path variable",
      );
      expect(problem(bindRule({ post: "/{count}", body: "count.value" }, gateway))).to.include(
        "is also the path variable",
      );
    });

    it("warns of a rule without a pattern and leaves the method unbound", () => {
      const rules: readonly PlainRule[] = [{}, { get: "" }];
      for (const rule of rules) {
        const bound = bindRule(rule, gateway);
        expect(problem(bound)).to.include("warning: http rule of t.S.M: the rule has no pattern");
        expect(bound.bindings).to.deep.equal([]);
      }
    });
  });
});
