import { expect } from "chai";
import { createProtos, run } from "./capture.ts";

const noAuth = "no auth: every method is public; auth: in sluice.yaml says who may call (docs/authentication.md)";

describe("sluice check", () => {
  const folder = createProtos();
  after(() => folder.dispose());

  it("counts what is in order, exit code 0", async () => {
    expect(await run(["check", folder.protos])).to.deep.equal({
      code: 0,
      out: `ok: 1 file, 1 service, 8 routes\n${noAuth}\n`,
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
    expect([code, out.split("\n").at(-3)]).to.deep.equal([0, "ok: 1 file, 1 service, 8 routes, 1 warning"]);
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
      "an upstream without its address",
      ["--upstream", "shop.v1.Orders="],
      /^error: --upstream: the target of shop\.v1\.Orders is empty; write shop\.v1\.Orders=HOST:PORT/,
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

  it("reports an option that cannot be read as that, and not as one that lacks what was written, too", async () => {
    const file = folder.write(
      "option/option.proto",
      `syntax = "proto3"; import "sluice/annotations.proto"; message M {}
service S {
  rpc Get(M) returns (M) { option (sluice.cache) = { tll: "30s" }; }
  rpc Set(M) returns (M) { option (sluice.retry) = { codes: UNAVAILABLE }; }
}`,
    );
    const { code, out } = await run(["check", file]);
    expect(code).to.equal(1);
    expect(out.match(/error: .*/g)).to.deep.equal([
      'error: sluice.Cache has no field "tll"; did you mean "ttl"?',
      'error: UNAVAILABLE is not a string, the type of option "codes"; write "UNAVAILABLE" in quotes',
    ]);
  });

  const streamOptions: readonly [string, string, string, string][] = [
    ["a key without CONFLATE", "Watch", 'key: "id"', "key belongs to overflow: CONFLATE"],
    ["CONFLATE without a key", "Watch", "overflow: CONFLATE", "overflow: CONFLATE needs key"],
    ["a keep without DROP_OLDEST", "Watch", "keep: 5", "keep belongs to overflow: DROP_OLDEST"],
    ["a keep of nothing", "Watch", "overflow: DROP_OLDEST keep: 0", "keep is 0; 1 to 10000 is expected"],
    ["a resume_token without resume_from", "Watch", 'resume_token: "id"', "resume_token needs resume_from"],
    ["a resume_from without resume_token", "Watch", 'resume_from: "id"', "resume_from needs resume_token"],
    [
      "a resume_token and resume_from of two types",
      "Watch",
      'resume_token: "id" resume_from: "after"',
      'resume_from is "after", of type int64',
    ],
    [
      "a resume of a method that clients stream to",
      "Talk",
      'resume_token: "id" resume_from: "id"',
      "only a server-streaming method can be resumed",
    ],
    ["an idle that is no duration", "Watch", 'idle: "soon"', 'idle is "soon"; a positive duration is expected'],
    ["a (sluice.stream) of a unary method", "Get", 'idle: "10s"', "is a unary method: it has no stream"],
  ];
  for (const [title, method, option, message] of streamOptions) {
    it(`refuses ${title}, where it stands`, async () => {
      const line = (name: string): string => (name === method ? `option (sluice.stream) = { ${option} };` : "");
      const file = folder.write(
        "stream/stream.proto",
        `syntax = "proto3"; import "sluice/annotations.proto"; message M { string id = 1; int64 after = 2; }
service S {
  rpc Get(M) returns (M) { ${line("Get")} }
  rpc Watch(M) returns (stream M) { ${line("Watch")} }
  rpc Talk(stream M) returns (stream M) { ${line("Talk")} }
}`,
      );
      const { code, out } = await run(["check", file]);
      expect(code).to.equal(1);
      const [position, text] = out.split(/(?<=:\d+:\d+): /);
      const row = ["Get", "Watch", "Talk"].indexOf(method) + 3;
      expect(position).to.match(new RegExp(`^${file}:${row}:\\d+$`));
      expect(text)
        .to.match(/^error: S\./)
        .and.to.contain(message);
      expect(out).to.match(/\n1 error in 1 file\n$/);
    });
  }

  it("warns of rules below /-/, where the gateway has its own pages", async () => {
    const file = folder.write(
      "own/own.proto",
      `syntax = "proto3"; import "google/api/annotations.proto"; message M { string id = 1; }
service S {
  rpc Play(M) returns (M) { option (google.api.http) = { get: "/-/{id}" }; }
  rpc Dash(M) returns (M) { option (google.api.http) = { get: "/-" additional_bindings { get: "/a/-/b" } }; }
}`,
    );
    const { code, out } = await run(["check", file]);
    expect([code, out]).to.deep.equal([
      0,
      `${file}:3:58: warning: S.Play: no request gets to "/-/{id}": the paths below /-/ are the gateway's own; begin the path with something else\n` +
        `ok: 1 file, 1 service, 3 routes, 1 warning\n${noAuth}\n`,
    ]);
    expect((await run(["check", file, "--deny-warnings"])).code).to.equal(1);
  });

  it("says the first thousand of very many warnings, behind every error, and serves what has only warnings", async () => {
    const imports = Array.from({ length: 1003 }, (_, index) => `import "unused/${index}.proto";`);
    for (const index of imports.keys()) folder.write(`many/unused/${index}.proto`, 'syntax = "proto3";\n');
    const text = ['syntax = "proto3";', ...imports, "message M {} service S { rpc Play(M) returns (M); }", ""];
    const file = folder.write("many/many.proto", text.join("\n"));
    const warned = await run(["check", file]);
    expect(warned.code).to.equal(0);
    expect(warned.out.split("\n").slice(999)).to.deep.equal([
      `${file}:1001:8: warning: import "unused/999.proto" is not used; remove it`,
      "warning: and 3 more; mend these first",
      "ok: 1 file, 1 service, 1 route, 1001 warnings",
      noAuth,
      "",
    ]);
    const wrong = 'service T { rpc Play(M) returns (M) { option (google.api.http) = { get: "/{x}" }; } }';
    folder.write("many/many.proto", `${text.join("\n")}import "google/api/annotations.proto";\n${wrong}\n`);
    const refused = await run(["check", file]);
    expect(refused.code).to.equal(1);
    expect(refused.out.split("\n").slice(998)).to.deep.equal([
      `${file}:1000:8: warning: import "unused/998.proto" is not used; remove it`,
      `${file}:1007:68: error: http rule of T.Play: M has no field "x"; it has no fields`,
      "warning: and 4 more; mend these first",
      "1 error, 1000 warnings in 1 file",
      "",
    ]);
  });

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
