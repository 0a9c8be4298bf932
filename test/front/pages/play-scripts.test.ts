// The playground's scripts that need no browser: requests made up from a schema, taken apart into path, query and body, copied as text.
import { expect } from "chai";
import { describeApi, type BindingDescription, type MethodDescription } from "../../../src/front/pages/describe-api.ts";
import { createRouter } from "../../../src/route/router.ts";
import { bindMethods } from "../../../src/schema/bind/http-rule.ts";
import type { Binding } from "../../../src/schema/binding.ts";
import type { Schema } from "../../../src/schema/descriptor.ts";
import { loadSchema } from "../../../src/schema/load/load.ts";
import { compileJsonReader } from "../../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../../src/translate/json/json-writer.ts";
import { strictJson } from "../../../src/translate/options.ts";
import { compileRequest } from "../../../src/translate/request/request.ts";
import { methodRulesOf } from "../../support/method-rules.ts";
import { schemaOf } from "../../support/schema.ts";

// Browser scripts have no types.
// oxlint-disable-next-line typescript/no-explicit-any
type Untyped = any;

// Compiled tests live in dist/test/front/pages.
const scriptOf = (name: string): Promise<Untyped> =>
  import(new URL(`../../../../pages/play/${name}.js`, import.meta.url).href);

interface Loaded {
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
  /** As the page has it. */
  readonly api: Untyped;
}

function describeSchema(schema: Schema): Loaded {
  const bindings = bindMethods(schema, { profile: "strict", bindUnannotated: true, yamlRules: [] }, () => {});
  const api = describeApi({
    schema,
    bindings,
    ...methodRulesOf(schema),
    profile: "strict",
    webSocket: { enabled: true, unary: false },
  });
  const methods = api.services.flatMap((service) => service.methods.map((method) => toMethod(method)));
  return { schema, bindings, api: { ...(JSON.parse(JSON.stringify(api)) as object), methods } };
}

function toMethod(method: MethodDescription): Untyped {
  const { kind } = method;
  return {
    ...method,
    without: [],
    sendsMany: kind === "client-streaming" || kind === "bidi-streaming",
    getsMany: kind === "server-streaming" || kind === "bidi-streaming",
  };
}

const library = `
syntax = "proto3";
package test.v1;
import "google/api/annotations.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
service Library {
  rpc Find(FindRequest) returns (Book) {
    option (google.api.http) = {
      get: "/v1/{book.name=shelves/*/books/*}:find"
      additional_bindings { post: "/v1/find/{book.page_count}" body: "*" }
      additional_bindings { put: "/v1/{filter}/find" body: "book" }
    };
  }
  rpc Follow(stream FindRequest) returns (stream Book) { option (google.api.http) = { post: "/v1/{filter}:follow" body: "book" }; }
  rpc Peek(FindRequest) returns (stream Book) { option (google.api.http) = { get: "/v1/{book.name}:follow" }; }
}
message FindRequest {
  Book book = 1;
  // One of \`title\`, \`genre\`.
  string filter = 2;
  repeated int64 numbers = 3;
  map<string, string> labels = 4;
  google.protobuf.Duration wait = 5;
  google.protobuf.Struct extra = 6;
  google.protobuf.Int64Value most = 7;
  repeated Book others = 8;
}
message Book { string name = 1; int32 page_count = 2; Book next = 3; }
`;

describe("pages/play", () => {
  let address: Untyped;
  let sample: Untyped;

  before(async () => {
    [address, sample] = await Promise.all([scriptOf("address"), scriptOf("sample")]);
  });

  describe("json-text", () => {
    it("rearranges JSON without touching a number or a string", async () => {
      const { compactJson, fromMembers, indentJson, membersOf } = await scriptOf("json-text");
      const text = '{"a":[],"b":{},"c":[1,{"d":"x, }{\\" :"}],"e":9007199254740993,"f":1e400}';
      const indented = indentJson(text);
      expect(indented).to.equal(
        '{\n  "a": [],\n  "b": {},\n  "c": [\n    1,\n    {\n      "d": "x, }{\\" :"\n    }\n  ],\n  "e": 9007199254740993,\n  "f": 1e400\n}',
      );
      expect(compactJson(indented)).to.equal(text);
      expect(fromMembers(membersOf(indented))).to.equal(text);
      expect(membersOf("[1]")).to.deep.equal([]);
    });

    it("takes a field out, by either name, and what is empty then", async () => {
      const { withoutPath } = await scriptOf("json-text");
      const path = [["book"], ["pageCount", "page_count"]];
      expect(withoutPath('{"book":{"page_count":1},"q":2}', path)).to.equal('{"q":2}');
      expect(withoutPath('{"book":{"pageCount":1,"name":"x"}}', path)).to.equal('{"book":{"name":"x"}}');
    });
  });

  describe("sample and address", () => {
    for (const [title, load] of [
      ["the example protos", () => loadSchema({ inputs: ["protos/examples"], importPaths: [] }).schema!],
      ["a library", () => schemaOf(library)],
    ] as const) {
      for (const all of [true, false]) {
        it(`make requests that mean what the editor shows, for every binding of ${title} (${all ? "all fields" : "required only"})`, () => {
          const { schema, bindings, api } = describeSchema(load());
          const router = createRouter(bindings, { profile: "strict", urlUnescape: "except_reserved" });
          let count = 0;
          for (const method of api.methods) {
            const { input } = schema.method(method.name.replace("/", "."))!;
            for (const described of method.bindings as BindingDescription[]) {
              const request = sample.sampleRequest(api, method, described, all);
              const toRequest = (): Untyped => address.toRequest(api, method, described, JSON.stringify(request));
              // Repeated messages have no form in a query.
              if (toRequest().problems.length > 0) delete request.others;
              const { verb, path, body, problems } = toRequest();
              expect(problems, path).to.deep.equal([]);
              const [before, query = ""] = path.split("?");
              const match = router.match(verb, before);
              if (match.kind !== "match") throw new Error(`${verb} ${path} is ${match.kind}`);
              expect(match.binding.method.path, path).to.equal(`/${method.name}`);
              const { body: rule } = match.binding;
              const bodyType = rule.kind === "field" ? rule.field.type : { kind: "message", message: input };
              if (bodyType.kind === "message" && bodyType.message.name === "google.api.HttpBody") continue;
              count += 1;
              const read = compileRequest(match.binding, schema, {
                profile: "strict",
                json: strictJson,
                queryIgnore: [],
              });
              const message = read({
                captures: match.captures,
                query,
                body: body === undefined ? undefined : Buffer.from(body),
                contentType: "application/json",
                method: verb,
              });
              const toText = (bytes: Uint8Array): object =>
                JSON.parse(compileJsonWriter(input, schema, strictJson)(bytes).toString()) as object;
              const shown = toText(compileJsonReader(input, schema, strictJson)(Buffer.from(JSON.stringify(request))));
              // A PATCH whose mask is empty gets one from its body.
              const { updateMask: _mask, ...received } = toText(message) as Record<string, unknown>;
              expect(received, `${verb} ${path}`).to.deep.equal(shown);
            }
          }
          expect(count).to.be.greaterThan(4);
        });
      }
    }

    it("takes a value that a comment quotes, but no field's name", () => {
      const { api } = describeSchema(
        schemaOf(`syntax = "proto3"; package p; service S { rpc M(R) returns (R); }
        message R {
          // \`TEA\` or \`INK\`.
          string symbol = 1;
          // Only with \`symbol\`.
          string other = 2;
          // \`not a {value}\`
          string third = 3;
        }`),
      );
      const [method] = api.methods;
      expect(sample.sampleRequest(api, method, method.bindings[0], true)).to.deep.equal({
        symbol: "TEA",
        other: "text",
        third: "text",
      });
    });

    it("give a field of any type something that the gateway takes, where it is asked for alone", () => {
      const { schema, api } = describeSchema(
        schemaOf(`syntax = "proto3"; package test.v1;
        import "google/api/annotations.proto";
        import "google/protobuf/any.proto";
        import "google/protobuf/field_mask.proto";
        import "google/protobuf/struct.proto";
        service S { rpc A(R) returns (R) { option (google.api.http) = { post: "/v1/a" body: "*" }; } }
        message R {
          R again = 1; repeated R list = 2; map<int64, R> children = 3; google.protobuf.Any any = 4;
          google.protobuf.FieldMask mask = 5; google.protobuf.NullValue nothing = 6; map<bool, google.protobuf.Any> parts = 7;
        }`),
      );
      const { fields } = api.messages["test.v1.R"];
      const values = Object.fromEntries(
        fields.map((field: Untyped) => [field.name, sample.sampleField(api, "test.v1.R", field)]),
      );
      expect(values).to.deep.equal({
        again: {},
        list: [{}],
        children: { "1": {} },
        any: {},
        mask: "",
        nothing: null,
        parts: { true: {} },
      });
      const read = compileJsonReader(
        schema.messages.find(({ name }) => name === "test.v1.R")!,
        schema,
        strictJson,
      );
      expect(() => read(Buffer.from(JSON.stringify(values)))).to.not.throw();
    });

    it("leave out a resume token", () => {
      const schema = loadSchema({ inputs: ["protos/examples"], importPaths: [] }).schema!;
      const { api } = describeSchema(schema);
      const watch = api.methods.find(({ name }: MethodDescription) => name === "realtime.v1.Ticker/Watch");
      expect(sample.sampleRequest(api, watch, watch.bindings[0], true))
        .to.have.property("symbols")
        .that.deep.equals(["TEA"]);
      expect(sample.sampleRequest(api, watch, watch.bindings[0], true)).to.not.have.property("cursor");
      expect(sample.sampleRequest(api, watch, watch.bindings[0], false)).to.deep.equal({});
    });

    it("say what has no place in a request", () => {
      const { api } = describeSchema(schemaOf(library));
      const [find] = api.methods;
      const toRequest = (request: object): Untyped =>
        address.toRequest(api, find, find.bindings[0], JSON.stringify(request));
      expect(toRequest({ book: { name: "" }, others: [{ name: "x" }] }).problems).to.deep.equal([
        "the path needs book.name",
        "others has no form in a query",
      ]);
      const { path } = toRequest({ book: { name: "shelves/a b/books/c%d" }, labels: { "x y": "1&2" }, nosuch: "z" });
      expect(path).to.equal("/v1/shelves/a%20b/books/c%25d:find?labels[x%20y]=1%262&nosuch=z");
    });

    it("keep large numbers of a body exact", () => {
      const { api } = describeSchema(schemaOf(library));
      const [find] = api.methods;
      const { path, body } = address.toRequest(
        api,
        find,
        find.bindings[1],
        '{"book":{"page_count":3},"numbers":[9007199254740993]}',
      );
      expect([path, body]).to.deep.equal(["/v1/find/3", '{"numbers":[9007199254740993]}']);
    });

    it("give later messages of a stream their body alone", () => {
      const { api } = describeSchema(schemaOf(library));
      const follow = api.methods[1];
      const later = (text: string): string => address.toLaterBody(api, follow, follow.bindings[0], text);
      expect(later('{"filter":"x","book":{"name":"b"}}')).to.equal('{"name":"b"}');
      expect(later('{"filter":"x"}')).to.equal("{}");
    });
  });

  describe("schema", () => {
    it("knows why a transport cannot be used", async () => {
      const { obstaclesOf } = await scriptOf("schema");
      const { api } = describeSchema(schemaOf(library));
      const [find, follow] = api.methods;
      expect(obstaclesOf(api, follow)).to.deep.equal({
        rest: undefined,
        sse: undefined,
        websocket: undefined,
        mux: undefined,
      });
      expect(obstaclesOf(api, find).sse).to.equal("the server sends one message only");
      expect(obstaclesOf(api, find).websocket).to.include("unary");
      expect(obstaclesOf(api, { ...follow, without: ["ws", "sse"] })).to.deep.include({
        sse: "(sluice.stream) turns it off",
        mux: "(sluice.stream) turns it off",
      });
      expect(obstaclesOf({ ...api, profile: "grpc-gateway" }, follow).sse).to.include("grpc-gateway");
      expect(obstaclesOf({ ...api, webSocket: { enabled: false } }, follow).mux).to.equal("websocket.enabled is off");
    });

    it("asks for $verb where another stream has the same path", async () => {
      const { needsVerb } = await scriptOf("schema");
      const { api } = describeSchema(schemaOf(library));
      const [find, follow, peek] = api.methods;
      expect(needsVerb(api, follow, follow.bindings[0])).to.equal(true);
      expect(needsVerb(api, peek, peek.bindings[0])).to.equal(true);
      expect(needsVerb(api, find, find.bindings[1])).to.equal(false);
    });
  });

  describe("copy", () => {
    let copy: Untyped;
    let requestOf: (index: number, text: string, token?: string) => Untyped;

    before(async () => {
      copy = await scriptOf("copy");
      const { api } = describeSchema(schemaOf(library));
      requestOf = (index, text, token = "") => {
        const method = api.methods[index];
        return { api, method, binding: method.bindings.at(-1), text, token };
      };
      Object.assign(globalThis, { location: { origin: "http://localhost:8080" } });
    });

    after(() => {
      Reflect.deleteProperty(globalThis, "location");
    });

    it("writes curl for a POSIX shell, with the token left to the environment", () => {
      expect(copy.toCurl("rest", requestOf(0, '{"filter":"a","book":{"name":"it\'s"}}', "secret"))).to.equal(
        `curl -X PUT 'http://localhost:8080/v1/a/find' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"name":"it'\\''s"}'`,
      );
      expect(copy.toCurl("sse", requestOf(2, '{"book":{"name":"a"}}'))).to.equal(
        "curl -N 'http://localhost:8080/v1/a:follow' -H 'Accept: text/event-stream'",
      );
      // Otherwise curl takes the brackets of a map for a range.
      expect(copy.toCurl("sse", requestOf(2, '{"book":{"name":"a"},"labels":{"b":"c"}}'))).to.equal(
        "curl -N -g 'http://localhost:8080/v1/a:follow?labels[b]=c' -H 'Accept: text/event-stream'",
      );
    });

    it("writes wscat and the frames to type", () => {
      expect(copy.toWscat("websocket", requestOf(1, '{"filter":"a","book":{"name":"x"}}'))).to.equal(
        `wscat -c 'ws://localhost:8080/v1/a:follow?$verb=POST' -s sluice.v1.json\n{"name":"x"}\n`,
      );
      expect(copy.toWscat("mux", requestOf(2, "{}"))).to.equal(
        `wscat -c 'ws://localhost:8080/-/stream' -s sluice.mux.v1.json\n{"t":"init"}\n{"t":"open","id":1,"method":"test.v1.Library/Peek","credit":64,"m":{},"end":true}\n`,
      );
    });

    for (const transport of ["rest", "sse", "websocket", "mux"]) {
      it(`writes JavaScript that parses, for ${transport}`, () => {
        for (const index of [0, 1, 2]) {
          for (const token of ["", "secret"]) {
            const text = copy.toScript(transport, requestOf(index, '{"filter":"a","book":{"name":"`${x}"}}', token));
            expect(text).to.not.include("secret");
            expect(() => parseAsync(text), text).to.not.throw();
          }
        }
      });
    }
  });
});

/** Throws SyntaxError; runs nothing. */
function parseAsync(text: string): unknown {
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (body: string) => unknown;
  return new AsyncFunction(text);
}
