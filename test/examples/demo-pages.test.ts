import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import { startExamples } from "../../examples/start.ts";
import type { Examples } from "../../examples/start.ts";
import { connect } from "./client.ts";
import type { TestClient } from "./client.ts";

describe("example demo.v1.Pages", () => {
  let examples: Examples;
  let client: TestClient;

  before(async () => {
    examples = await startExamples({ port: 0 });
    client = connect(examples, "demo.v1.Pages");
  });

  after(async () => {
    client.stub.close();
    await examples.close();
  });

  const page = async (name: string): Promise<{ content_type: string; data: Buffer }> =>
    client.call("GetPage", { page: name });

  it("returns the list of pages for an empty name, and everything the pages load", async () => {
    const seen = new Set<string>();
    const waiting = [""];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const { data } = await page(name);
      for (const [, linked] of data.toString().matchAll(/"(?:\/demo\/|\.\/)([\w.-]+)"/g)) waiting.push(linked);
    }
    expect([...seen].sort()).to.deep.equal([
      "",
      "chat",
      "chat.js",
      "demo.css",
      "ticker",
      "ticker-feeds.js",
      "ticker.js",
    ]);
  });

  it("says what each of them is", async () => {
    expect((await page("chat")).content_type).to.equal("text/html; charset=utf-8");
    expect((await page("chat.js")).content_type).to.equal("text/javascript; charset=utf-8");
    expect((await page("demo.css")).content_type).to.equal("text/css; charset=utf-8");
  });

  for (const name of ["nothing", "../start.ts", "index.html", "constructor"]) {
    it(`has no page ${name}`, async () => {
      expect((await client.fail("GetPage", { page: name })).code).to.equal(status.NOT_FOUND);
    });
  }
});
