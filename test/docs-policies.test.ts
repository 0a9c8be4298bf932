// The examples of docs/policies.md, docs/authorization.md, docs/redaction.md and docs/extending.md: the YAML loads, the protos link and agree with it, and the code is what it says it is.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { loadFile, createFolder } from "./config/yaml-fixture.ts";
import { schemaAt } from "../src/config/config-schema.ts";
import { formatDiagnostic } from "../src/diagnostic.ts";
import { compilePolicies } from "../src/policy/policies.ts";
import { schemaOf } from "./support/schema.ts";

function blocks(page: string, language: string): string[] {
  const text = readFileSync(`docs/${page}.md`, "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, block]) => block);
}

const messages = `
  message GetOrderRequest { string user_id = 1; }
  message Order { Customer customer = 1; Card card = 2; }
  message Customer { string phone = 1; string birthday = 2; }
  message Card { string number = 1; }
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

  for (const page of ["policies", "authorization", "redaction", "extending"])
    for (const [index, yaml] of blocks(page, "yaml").entries())
      it(`load as they stand: docs/${page}.md, ${index}`, () => {
        const folder = createFolder();
        try {
          for (const name of ["tenant", "bill", "canary"]) folder.write(`${name}.mjs`, "export default {};");
          const { config, diagnostics } = loadFile(folder.write("sluice.yaml", yaml));
          expect(diagnostics.map(formatDiagnostic)).to.deep.equal([]);
          const found = compilePolicies({
            schema: toSchema(service),
            config,
            hasAuthenticate: !yaml.includes("auth:"),
          });
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

  it("have every option of the protos in the first table, and every field of stream and http in those below", () => {
    const text = readFileSync("docs/policies.md", "utf8");
    const protos = readFileSync("protos/sluice/annotations.proto", "utf8");
    const options = [...protos.matchAll(/^ {2}(?:repeated )?\w+ (\w+) = 508\d\d;/gm)].map(([, name]) => name);
    expect(options).to.include.members(["stream", "service_http", "redact"]);
    for (const name of options) expect(text).to.contain(`(sluice.${name})`);
    for (const group of ["stream", "http"]) {
      const [, table = ""] = text.split(`| of \`${group}\` | what |\n|---|---|\n`);
      const cells = table.slice(0, table.indexOf("\n\n")).matchAll(/^\| ([^|]*) \|/gm);
      const told = [...cells].flatMap(([, cell]) => cell.match(/\w+/g) ?? []);
      expect(told).to.have.members(Object.keys(schemaAt(["policies", 0, group])!.properties!));
    }
  });

  it("say who sees which field as the table of the page has it", () => {
    const [text] = blocks("redaction", "proto");
    const service = "service S { rpc Get(Customer) returns (Customer); }";
    const schema = schemaOf(`syntax = "proto3"; package shop.v1; ${text} ${service}`);
    const { policyOf, diagnostics } = compilePolicies({ schema, config: undefined });
    expect(diagnostics).to.deep.equal([]);
    const told = policyOf(schema.method("shop.v1.S.Get")!).redact.map(({ value }) => value);
    const nobody = { unlessScopes: [], unlessRoles: [], unless: undefined, mask: undefined };
    expect(told).to.deep.equal([
      { ...nobody, field: "shop.v1.Customer.ssn", unlessRoles: ["support"] },
      { ...nobody, field: "shop.v1.Customer.email", unlessScopes: ["customers.contact"], mask: "***" },
      { ...nobody, field: "shop.v1.Customer.notes", unless: "claims.tenant == 'own'" },
      { ...nobody, field: "shop.v1.Customer.internal_id" },
    ]);
    const keys = schema.message("sluice.Redact")!.fields.map(({ protoName }) => protoName);
    const page = readFileSync("docs/redaction.md", "utf8");
    for (const key of keys) expect(page).to.contain(`| \`${key}\` | \`${key}\` |`);
    const inYaml = schemaAt(["policies", 0, "redact", 0])!.properties!;
    expect(Object.keys(inYaml).sort()).to.deep.equal(["fields", ...keys].sort());
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
