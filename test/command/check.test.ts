import { expect } from "chai";
import { createProtos, run } from "./capture.ts";

describe("sluice check", () => {
  const folder = createProtos();
  after(() => folder.dispose());

  it("counts what is in order, exit code 0", async () => {
    expect(await run(["check", folder.protos])).to.deep.equal({
      code: 0,
      out: "ok: 1 file, 1 service, 8 routes\n",
      error: "",
    });
  });

  it("prints every error with its place, exit code 1", async () => {
    const file = folder.write("bad/bad.proto", 'syntax = "proto3";\nmessage A { Nope x = 1; strin y = 2; }\n');
    const { code, out } = await run(["check", file]);
    expect(code).to.equal(1);
    expect(out)
      .to.contain(`${file}:2:13: error: `)
      .and.to.contain(`${file}:2:25: error: `)
      .and.to.match(/2 errors in 1 file\n$|2 errors\n$/);
  });

  it("reports errors of the configuration and of the protos together", async () => {
    const config = folder.write("sluice.yaml", "listn: x\n");
    const { out } = await run(["check", "--config", config, folder.write("bad/bad.proto", "syntax = 1;")]);
    expect(out).to.contain("sluice.yaml:1:1: error: unknown key").and.to.contain("bad.proto:1:");
  });

  it("prints JSON for machines", async () => {
    const config = folder.write("sluice.yaml", "listn: x\n");
    const { code, out } = await run(["check", "--json", "--config", config, folder.protos]);
    expect(code).to.equal(1);
    expect(JSON.parse(out)).to.deep.equal([
      {
        severity: "error",
        rule: "unknown-key",
        file: config,
        line: 1,
        column: 1,
        message: 'unknown key "listn"',
        hint: 'did you mean "listen"?',
      },
    ]);
    expect(JSON.parse((await run(["check", "--json", folder.protos])).out)).to.deep.equal([]);
  });

  it("lets warnings pass unless they are denied", async () => {
    const rules = folder.write(
      "rules.yaml",
      "type: google.api.Service\nname: x\nhttp: {rules: [{selector: shop.v1.Orders.Ping, get: /ping}]}",
    );
    const { code, out } = await run(["check", folder.protos, "--http-rules", rules]);
    expect([code, out.split("\n").at(-2)]).to.deep.equal([0, "ok: 1 file, 1 service, 8 routes, 1 warning"]);
    expect((await run(["check", folder.protos, "--http-rules", rules, "--deny-warnings"])).code).to.equal(1);
  });

  const refused: readonly [string, string[], RegExp][] = [
    ["no protos at all", [], /^error: no proto files are named; name files or folders/],
    ["a path that is not there", ["/no/such/folder"], /\/no\/such\/folder/],
    [
      "an upstream that is none",
      ["--upstream", "http://x:1"],
      /^error: --upstream: the upstream target "http:\/\/x:1" is an HTTP URL; /,
    ],
    [
      "an upstream of a service that is not there",
      ["--upstream", "shop.v1.Order=x:1"],
      /^error: the upstream of shop\.v1\.Order has no use: the protos have no such service; did you mean "shop\.v1\.Orders"\?/,
    ],
    [
      "two default upstreams",
      ["--upstream", "x:1", "--upstream", "x:2"],
      /^error: --upstream: two default targets; one target a service/,
    ],
    ["a selector that matches nothing", ["--http-rules", "RULES"], /selector.*"shop\.v1\.Orders\.Pin"/],
  ];
  for (const [title, argv, message] of refused) {
    it(`refuses ${title}`, async () => {
      const rules = folder.write("pin.yaml", "http: {rules: [{selector: shop.v1.Orders.Pin, get: /ping}]}");
      const protos = argv.length === 0 || argv[0].startsWith("/") ? [] : [folder.protos];
      const { code, out } = await run([
        "check",
        ...protos,
        ...argv.map((argument) => (argument === "RULES" ? rules : argument)),
      ]);
      expect(code).to.equal(1);
      expect(out).to.match(message);
    });
  }

  it("accepts an upstream for every service of a package", async () => {
    expect((await run(["check", folder.protos, "--upstream", "shop.v1.*=x:1"])).code).to.equal(0);
  });

  it("says why reflection failed", async () => {
    const parts = { fetch: () => Promise.reject(new Error("it does not answer")) };
    const { code, out } = await run(["check", "--reflect", "--upstream", "localhost:1"], { parts });
    expect(code).to.equal(1);
    expect(out).to.contain("error: reflection from localhost:1: it does not answer");
    expect((await run(["check", "--reflect"])).out).to.contain(
      "--reflect asks the default upstream, and there is none",
    );
  });
});
