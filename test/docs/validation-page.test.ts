// docs/validation.md: its proto, its request and the answer it shows; what explain and check say of rules.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { createFolder } from "../config/yaml-fixture.ts";
import type { Folder } from "../config/yaml-fixture.ts";
import { run } from "../command/capture.ts";

const page = readFileSync("docs/validation.md", "utf8");
const block = (language: string) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)![1];
const request = /`POST \/v1\/orders` with\n`(\{.*?\})`:/.exec(page)![1];

describe("docs/validation.md", () => {
  let folder: Folder;
  let proto: string;

  before(() => {
    folder = createFolder();
    folder.write("sluice.yaml", `protos: [shop.proto]\n${block("yaml")}`);
    folder.write("shop.proto", block("proto"));
    proto = `${folder.path}/shop.proto`;
  });

  after(() => folder.dispose());

  it("shows a proto and a sluice.yaml that check finds nothing wrong with", async () => {
    const { code, out } = await run(["check", "--config", `${folder.path}/sluice.yaml`]);
    expect([code, out.split("\n")[0]]).to.deep.equal([0, "ok: 1 file, 1 service, 1 route"]);
  });

  it("shows the answer that its request gets", async () => {
    const { code, out } = await run(["explain", "POST", "/v1/orders", "-d", request, "--json", proto]);
    const { answer } = JSON.parse(out) as { answer: { status: number; body: string } };
    expect([code, answer.status]).to.deep.equal([1, 400]);
    expect(JSON.parse(answer.body)).to.deep.equal(JSON.parse(block("json")));
  });

  it("says rightly that explain lists the rules", async () => {
    const sound =
      '{"customerId": "6f7a1f2e-7d3c-4a5b-8c9d-0e1f2a3b4c5d", "lines": [{"sku": "ABC-1", "quantity": 1}], "address": {"city": "Bern"}}';
    const { code, out } = await run(["explain", "POST", "/v1/orders", "-d", sound, proto]);
    expect(code).to.equal(0);
    expect(out).to.contain("check    customer_id: string.uuid\n");
    expect(out).to.contain('lines[].sku: string.pattern "^[A-Z]{3}-[0-9]+$"\n');
  });

  it("quotes what check says of rules that cannot be enforced", async () => {
    const wrong = block("proto").replace("^[A-Z]{3}-[0-9]+$", "(?=A)").replace("!this.gift", "!this.gifts");
    const other = createFolder();
    other.write("shop.proto", wrong);
    try {
      const { code, out } = await run(["check", `${other.path}/shop.proto`]);
      const lines = out
        .replaceAll(`${other.path}/`, "")
        .split("\n")
        .filter((line) => line.includes(": error: "));
      const quoted = block("text")
        .trim()
        .split("\n")
        .map((line) => line.replace(/:\d+:\d+:/, ":").split("…")[0]);
      expect(code).to.equal(1);
      expect(lines).to.have.length(quoted.length);
      for (const line of quoted)
        expect(
          lines.some((one) => one.replace(/:\d+:\d+:/, ":").startsWith(line)),
          line,
        ).to.equal(true);
    } finally {
      other.dispose();
    }
  });
});
