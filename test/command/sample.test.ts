import { expect } from "chai";
import { createSample, formatCurl } from "../../src/command/sample.ts";
import { bindMethods } from "../../src/schema/bind/http-rule.ts";
import { loadSchema } from "../../src/schema/load/load.ts";
import { compileRequest } from "../../src/translate/request/request.ts";
import { createRouter } from "../../src/route/router.ts";
import { strictJson } from "../../src/translate/options.ts";
import type { Binding } from "../../src/schema/binding.ts";
import type { Schema } from "../../src/schema/descriptor.ts";
import { schemaOf } from "../support/schema.ts";
import { createProtos } from "./capture.ts";

function load(inputs: readonly string[]): { schema: Schema; bindings: readonly Binding[] } {
  const { schema, diagnostics } = loadSchema({ inputs, importPaths: [] });
  if (schema === undefined) throw new Error(JSON.stringify(diagnostics));
  return {
    schema,
    bindings: bindMethods(schema, { profile: "strict", bindUnannotated: true, yamlRules: [] }, () => {}),
  };
}

describe("createSample", () => {
  const folder = createProtos();
  after(() => folder.dispose());

  for (const [title, inputs] of [
    ["its own test protos", (): string[] => [folder.protos]],
    ["the example protos", (): string[] => ["protos/examples"]],
  ] as const) {
    it(`makes requests that router and translator accept, for every unary method of ${title}`, () => {
      const { schema, bindings } = load(inputs());
      const router = createRouter(bindings, { profile: "strict", urlUnescape: "except_reserved" });
      let count = 0;
      for (const binding of bindings) {
        const sample = binding.method.kind === "unary" ? createSample(binding) : undefined;
        if (sample === undefined) continue;
        count += 1;
        const match = router.match(sample.httpMethod, sample.path);
        expect(match, sample.path).to.include({ kind: "match" });
        if (match.kind !== "match") continue;
        expect(match.binding.method.name).to.equal(binding.method.name);
        const read = compileRequest(binding, schema, { profile: "strict", json: strictJson, queryIgnore: [] });
        const body = sample.body === undefined ? undefined : Buffer.from(sample.body);
        read({ captures: match.captures, query: "", body, contentType: "application/json", method: sample.httpMethod });
      }
      expect(count).to.be.greaterThan(5);
    });
  }

  it("writes a body that is a wrapper as the bare value that it is in JSON", () => {
    const schema = schemaOf(`syntax = "proto3"; package test.v1;
      import "google/protobuf/struct.proto";
      import "google/protobuf/wrappers.proto";
      service S {
        rpc Name(google.protobuf.StringValue) returns (google.protobuf.StringValue);
        rpc List(google.protobuf.ListValue) returns (google.protobuf.ListValue);
      }`);
    const bindings = bindMethods(schema, { profile: "strict", bindUnannotated: true, yamlRules: [] }, () => {});
    expect(bindings.map((binding) => createSample(binding)?.body)).to.deep.equal(['"text"', '["value"]']);
  });

  it("leaves out what only the backend sets, and stops at recursion", () => {
    const { bindings } = load([folder.protos]);
    const create = bindings.find(({ method }) => method.localName === "CreateOrder");
    const body = JSON.parse((create && createSample(create)?.body) ?? "") as Record<string, unknown>;
    expect(body)
      .to.have.property("lines")
      .that.deep.equals([{ productId: "text", quantity: 1, price: 1.5, raw: "AQID" }]);
    expect(body).to.not.have.any.keys("state", "parent", "iban");
  });
});

describe("formatCurl", () => {
  const lines: readonly [string, Parameters<typeof formatCurl>][] = [
    ["curl http://h:1/v1/a", ["http://h:1", { httpMethod: "GET", path: "/v1/a", body: undefined }]],
    ["curl -X DELETE http://h:1/v1/a", ["http://h:1", { httpMethod: "DELETE", path: "/v1/a", body: undefined }]],
    ["curl -I http://h:1/", ["http://h:1", { httpMethod: "HEAD", path: "/", body: undefined }]],
    [
      "curl http://h:1/ -H 'content-type: application/json' -d '{\"a\":\"it'\\''s\"}'",
      ["http://h:1", { httpMethod: "POST", path: "/", body: '{"a":"it\'s"}' }],
    ],
    ["curl 'http://h:1/a;b'", ["http://h:1", { httpMethod: "GET", path: "/a;b", body: undefined }]],
    [
      "curl --unix-socket '/run/x' http://localhost/",
      ["http://localhost", { httpMethod: "GET", path: "/", body: undefined }, "/run/x"],
    ],
  ];
  for (const [line, args] of lines) it(`writes ${line}`, () => expect(formatCurl(...args)).to.equal(line));
});
