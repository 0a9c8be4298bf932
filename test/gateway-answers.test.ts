// The same said of answers in a proto and in sluice.yaml makes the same answers, and the same description of them; where both speak, sluice.yaml wins.
import { expect } from "chai";
import { toOpenApi } from "../src/command/admin-pages.ts";
import { compilePolicies } from "../src/policy/policies.ts";
import { loadSource, startGateway } from "./support/gateway.ts";

/** What is said of streams has nothing of a Location. */
const protosWith = (option: string): string => `
syntax = "proto3";
package shop.v1;
import "google/api/annotations.proto";
import "sluice/annotations.proto";
message Order { string id = 1; }
service Orders {
  rpc Make(Order) returns (Order) { option (google.api.http) = { post: "/v1/orders" body: "*" }; ${option} }
  rpc Watch(Order) returns (stream Order) { option (google.api.http) = { get: "/v1/orders" }; ${option.includes("location") ? "" : option} }
}`;

const yamlWith = (http: string): string => `policies: [{ methods: ["shop.v1.*"], http: { ${http} } }]`;

interface Twin {
  readonly proto: string;
  readonly yaml: string;
  readonly contrary: string;
  /** Of the unary method: status, Location, x-a. */
  readonly expected: readonly [status: number, location: string | undefined, own: string | undefined];
}

const twins: readonly Twin[] = [
  { proto: "status: 201", yaml: "status: 201", contrary: "status: 202", expected: [201, undefined, undefined] },
  {
    proto: 'location: "id"',
    yaml: "location: id",
    contrary: "",
    expected: [200, "/v1/orders/o1", undefined],
  },
  { proto: 'location: ""', yaml: 'location: ""', contrary: 'location: "id"', expected: [200, undefined, undefined] },
  {
    proto: 'header: "X-A: one" header: "x-b: two"',
    yaml: 'header: ["X-A: one", "x-b: two"]',
    contrary: 'header: "x-a: other"',
    expected: [200, undefined, "one"],
  },
];

async function observe(option: string, yaml: string) {
  const protos = protosWith(option === "" ? "" : `option (sluice.http) = { ${option} };`);
  const loaded = await loadSource({ protos, yaml });
  const reply = { kind: "reply", message: '{"id": "o1"}' } as const;
  const handlers = {
    "shop.v1.Orders/Make": () => reply,
    "shop.v1.Orders/Watch": () => ({ kind: "stream", messages: [reply.message] }) as const,
  };
  const gateway = await startGateway({ protos, loaded, handlers });
  try {
    const body = { headers: ["Content-Type: application/json"], body: "{}" };
    const made = await gateway.request({ method: "POST", target: "/v1/orders", ...body });
    const watched = await gateway.request({ method: "GET", target: "/v1/orders" });
    const { paths } = toOpenApi(loaded.project!, compilePolicies(loaded.project!));
    return {
      made: [made.status, made.headers.get("location"), made.headers.get("x-a")],
      watched: [watched.status, watched.headers.get("x-a")],
      described: Object.keys(paths["/v1/orders"].post?.responses ?? {}),
    };
  } finally {
    await gateway.close();
  }
}

describe("http, said in a proto and in sluice.yaml", () => {
  for (const { proto, yaml, contrary, expected } of twins)
    it(`makes the same answers: ${yaml}`, async () => {
      const said = await observe(proto, "");
      expect(said.made).to.deep.equal(expected);
      expect(said.watched).to.deep.equal([expected[0], expected[2]]);
      expect(said.described).to.deep.equal([String(expected[0]), "default"]);
      expect(await observe("", yamlWith(yaml))).to.deep.equal(said);
      expect(await observe(contrary, yamlWith(yaml))).to.deep.equal(said);
    });
});
