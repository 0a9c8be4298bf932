import { mkdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { createProtos, run } from "./capture.ts";

describe("sluice client", () => {
  const folder = createProtos();
  after(() => folder.dispose());

  it("writes TypeScript to standard output", async () => {
    const { code, out, error } = await run(["client", folder.protos]);
    expect([code, error]).to.deep.equal([0, ""]);
    expect(out).to.contain("export function createApi(client: sluice.Client): Api {");
    expect(out).to.contain(
      `  watchOrder(request?: GetOrderRequest, options?: sluice.CallOptions): sluice.StreamCall<Order>;`,
    );
  });

  it("writes TypeScript into a file, and says so", async () => {
    const file = `${folder.path}/api.ts`;
    const { code, out, error } = await run(["client", folder.protos, "-o", file]);
    expect([code, out, error]).to.deep.equal([0, "", `wrote ${file}: 1 service\n`]);
    expect(readFileSync(file, "utf8")).to.equal((await run(["client", folder.protos])).out);
  });

  it("writes JavaScript with its declarations beside it", async () => {
    const { code } = await run(["client", folder.protos, "-o", `${folder.path}/api.js`]);
    expect(code).to.equal(0);
    expect(readFileSync(`${folder.path}/api.js`, "utf8")).to.contain("export function createApi(client) {");
    expect(readFileSync(`${folder.path}/api.d.ts`, "utf8")).to.contain("export declare function createApi(");
    await run(["client", folder.protos, "-o", `${folder.path}/api.mjs`]);
    expect(readFileSync(`${folder.path}/api.d.mts`, "utf8")).to.contain("export declare function createApi(");
  });

  it("follows the names and numbers of the gateway's JSON", async () => {
    const config = folder.write("json.yaml", "json: {names: proto, int64_as_numbers: true, strip_enum_prefix: true}");
    const { out } = await run(["client", folder.protos, "--config", config]);
    expect(out).to.contain("created_at?: string;").and.contain(`"UNSPECIFIED" | "OPEN"`);
    expect(out).to.contain("counts: { [key: string]: number };");
  });

  it("refuses a file name that says no language", async () => {
    for (const name of ["api.py", "api.d.ts", "api"]) {
      const { code, error } = await run(["client", folder.protos, "-o", name]);
      expect(code).to.equal(2);
      expect(error).to.contain(`--output ${name}: a name that ends in .ts, .js or .mjs is expected`);
    }
  });

  it("says why a file cannot be written", async () => {
    mkdirSync(`${folder.path}/taken.ts`);
    const { code, error } = await run(["client", folder.protos, "-o", `${folder.path}/taken.ts`]);
    expect(code).to.equal(1);
    expect(error).to.contain("taken.ts cannot be written: EISDIR");
  });

  it("keeps diagnostics out of the module", async () => {
    const { code, out, error } = await run(["client", `${folder.path}/nowhere`]);
    expect([code, out]).to.deep.equal([1, ""]);
    expect(error).to.contain("nowhere");
  });
});
