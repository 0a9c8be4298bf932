// HttpRules as they stand in .proto text, through the parser and the linker, to bindings and places of errors.
import { expect } from "chai";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import type { Diagnostic } from "../../src/diagnostic.ts";
import { bindMethods } from "../../src/schema/bind/http-rule.ts";
import { schemaOf } from "../support/schema.ts";

function bind(rules: string): { readonly routes: readonly string[]; readonly problems: readonly string[] } {
  const text = `syntax = "proto3";
package shop.v1;
import "google/api/annotations.proto";
import "google/protobuf/timestamp.proto";
service Shop {
  rpc Get(GetRequest) returns (Item) {
${rules}
  }
  rpc Plain(GetRequest) returns (Item);
}
message GetRequest { string id = 1; Item item = 2; google.protobuf.Timestamp at = 3; map<string, string> labels = 4; }
message Item { string name = 1; repeated string tags = 2; }
`;
  const found: Diagnostic[] = [];
  const options = { profile: "strict", bindUnannotated: true, yamlRules: [] } as const;
  const bindings = bindMethods(schemaOf(text), options, (diagnostic) => found.push(diagnostic));
  const routes = bindings.map(
    (binding) =>
      `${binding.httpMethod} ${binding.template.text} ${binding.body.kind} ${binding.position.line}:${binding.position.column}`,
  );
  return { routes, problems: found.map(formatDiagnostic) };
}

describe("bindMethods, on .proto text", () => {
  it("reads an aggregate with additional bindings and a custom pattern", () => {
    const { routes, problems } = bind(`    option (google.api.http) = {
      get: "/v1/items/{id}"
      additional_bindings { post: "/v1/{item.name=items/*}" ":find" body: "*" }
      additional_bindings: { custom: { kind: "PURGE" path: "/v1/{at}" } }
    };`);
    expect(problems).to.deep.equal([]);
    expect(routes).to.deep.equal([
      "GET /v1/items/{id} none 8:7",
      "POST /v1/{item.name=items/*}:find all 9:29",
      "PURGE /v1/{at} none 10:54",
      "POST /shop.v1.Shop/Plain all 13:7",
    ]);
  });

  it("reads options set field by field", () => {
    const { routes, problems } = bind(
      `    option (google.api.http).patch = "/v1/{id}";\n    option (google.api.http).body = "item";`,
    );
    expect(problems).to.deep.equal([]);
    expect(routes[0]).to.equal("PATCH /v1/{id} field 7:12");
  });

  it("points at the option that is wrong", () => {
    const { routes, problems } = bind(`    option (google.api.http) = {
      post: "/v1/{idd}"
      body: "itm"
      additional_bindings { get: "/v1/{labels}" }
      additional_bindings { get: "/v1//x" }
    };`);
    expect(routes).to.deep.equal(["POST /shop.v1.Shop/Plain all 14:7"]);
    expect(
      problems.map((text) => text.replace(/^.*?:(\d+:\d+): error: http rule of shop\.v1\.Shop\.Get: /, "$1 ")),
    ).to.deep.equal([
      `8:7 shop.v1.GetRequest has no field "idd"; did you mean "id"?`,
      `9:7 shop.v1.GetRequest has no field "itm"; did you mean "item"?`,
      `10:29 the path variable "labels" is a map; a path holds one value; bind it by the query or the body`,
      `11:29 path "/v1//x", character 5: an empty segment; remove the doubled "/"`,
    ]);
  });
});
