// The examples of docs/policies.md, docs/authorization.md and docs/extending.md: the YAML loads, the protos link and agree with it, and the code is what it says it is.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { loadFile, createFolder } from "./config/yaml-fixture.ts";
import { formatDiagnostic } from "../src/diagnostic.ts";
import { compilePolicies } from "../src/policy/policies.ts";
import { schemaOf } from "./support/schema.ts";

function blocks(page: string, language: string): string[] {
  const text = readFileSync(`docs/${page}.md`, "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, block]) => block);
}

const messages = `
  message GetOrderRequest { string user_id = 1; }
  message Order {}
  message ListStatesRequest {}
  message ListStatesResponse {}
`;
const rest = `
  service Catalog { rpc GetProduct(GetOrderRequest) returns (Order); }
  service More { rpc GetOrder(GetOrderRequest) returns (Order); }
`;

/** The service of the examples, with the methods that only their YAML names. */
function toSchema(service: string) {
  const more =
    "rpc WatchOrders(GetOrderRequest) returns (stream Order); rpc DeleteOrder(GetOrderRequest) returns (Order);";
  const body = service
    .replace('import "sluice/annotations.proto";', "")
    .replace("service Orders {", `service Orders { ${more}`);
  return schemaOf(`syntax = "proto3"; package shop.v1; import "sluice/annotations.proto"; ${messages} ${body} ${rest}`);
}

describe("the examples of the pages about policies", () => {
  const [service] = blocks("policies", "proto");
  const [rule] = blocks("authorization", "proto");

  for (const page of ["policies", "authorization", "extending"])
    for (const [index, yaml] of blocks(page, "yaml").entries())
      it(`load as they stand: docs/${page}.md, ${index}`, () => {
        const folder = createFolder();
        try {
          for (const name of ["tenant", "bill", "canary"]) folder.write(`${name}.mjs`, "export default {};");
          const { config, diagnostics } = loadFile(folder.write("sluice.yaml", yaml));
          expect(diagnostics.map(formatDiagnostic)).to.deep.equal([]);
          const found = compilePolicies({ schema: toSchema(service), config, hasAuthenticate: page === "extending" });
          expect(found.diagnostics.map(formatDiagnostic)).to.deep.equal([]);
        } finally {
          folder.dispose();
        }
      });

  it("link as protos, and say what the page says they say", () => {
    for (const text of [service, `service Orders { ${rule} }`]) {
      const schema = toSchema(text);
      const { policyOf, diagnostics } = compilePolicies({ schema, config: undefined });
      expect(diagnostics).to.deep.equal([]);
      const { rules } = policyOf(schema.method("shop.v1.Orders.GetOrder")!);
      expect(rules.map(({ value }) => value.when)).to.include("req.user_id == claims.sub");
    }
    const schema = toSchema(service);
    const { policyOf } = compilePolicies({ schema, config: undefined });
    const states = policyOf(schema.method("shop.v1.Orders.ListStates")!);
    expect(states.auth.value).to.equal("optional");
    expect(states.timeoutMs?.value).to.equal(500);
    expect(states.limits.map(({ value }) => value.name)).to.deep.equal(["orders", "states"]);
  });

  it("import from the package what it exports", () => {
    const exported = readFileSync("src/index.ts", "utf8");
    const [program] = blocks("extending", "ts");
    const names = [...program.matchAll(/^import (?:type )?\{ (.*) \} from "sluice";$/gm)].flatMap(([, list]) =>
      list.split(", "),
    );
    expect(names.length).to.be.greaterThan(5);
    for (const name of names) expect(exported).to.match(new RegExp(`\\b${name}\\b`));
  });

  it("show the tenant's interceptor as it stands among the examples", () => {
    const plain = (text: string): string =>
      text
        .replaceAll(/\/\*\*[\s\S]*?\*\//g, "")
        .replaceAll(/^\s*\/\/.*$/gm, "")
        .replaceAll(/\s+/g, " ")
        .trim();
    const [shown] = blocks("extending", "js");
    expect(plain(shown)).to.equal(plain(readFileSync("examples/interceptors/tenant.mjs", "utf8")));
  });
});
