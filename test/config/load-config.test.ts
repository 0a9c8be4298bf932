import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configSchema } from "../../src/config/config-schema.ts";
import { defaultSettings } from "../../src/config/settings.ts";
import { strictRest } from "../../src/front/rest/options.ts";
import { grpcGatewayJson, strictJson } from "../../src/translate/options.ts";
import { toJsonOptions, toRestOptions } from "../../src/gateway-options.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import { configOf, createFolder, loadFile, loadYaml, problemsOf } from "./yaml-fixture.ts";

describe("loadConfig", () => {
  it("needs no file", () => {
    const { config, diagnostics } = loadFile(undefined);
    expect(diagnostics).to.deep.equal([]);
    expect(config?.listen).to.deep.equal({ host: "127.0.0.1", port: 8080 });
    expect(config?.upstreams).to.deep.equal([]);
    expect(config?.adminIsDefault).to.equal(true);
  });

  it("takes an empty file for one without settings", () => {
    expect(configOf("").server.maxBodyBytes).to.equal(4 * 1024 * 1024);
    expect(configOf("# nothing\n").profile).to.equal("strict");
  });

  it("freezes the configuration all the way down", () => {
    const config = configOf("protos: [a]\nupstreams: {default: {target: 'x:1', tls: {}}}");
    const isFrozen = (value: unknown): boolean =>
      typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(config)).to.equal(true);
  });

  it("prefers flags to environment to file to defaults, key by key", () => {
    const file = "listen: :1\nadmin: :2\nprofile: grpc-gateway\njson: {indent: 2, names: json}";
    const config = configOf(file, {
      flags: { listen: ":5", json: { names: "proto" } },
      environment: { SLUICE_LISTEN: ":6", SLUICE_ADMIN: "off" },
    });
    expect(config.listen.port).to.equal(5);
    expect(config.admin).to.equal(undefined);
    expect(config.profile).to.equal("grpc-gateway");
    expect(config.json).to.include({ indent: 2, protoNames: true });
  });

  it("merges upstreams service by service, the default first", () => {
    const file = "upstreams: {a.A: 'file:1', b.B: 'file:2', default: 'file:3'}";
    const { upstreams } = configOf(file, {
      flags: { upstreams: { "a.A": "flag:1" } },
      environment: { SLUICE_UPSTREAM: "b.B=env:2, env:3" },
    });
    expect(upstreams.map(({ service, target }) => `${service}=${target}`)).to.deep.equal([
      "undefined=env:3",
      "a.A=flag:1",
      "b.B=env:2",
    ]);
  });

  it("resolves paths against the folder of the file, and those of flags against the working directory", () => {
    const folder = createFolder();
    const file = folder.write("etc/sluice.yaml", "protos: [../protos, /abs]\nimport_paths: [vendor]");
    expect(loadFile(file).config).to.deep.include({
      protos: [join(folder.path, "protos"), "/abs"],
      importPaths: [join(folder.path, "etc/vendor")],
    });
    expect(loadFile(file, { flags: { protos: ["here"] } }).config?.protos).to.deep.equal(["here"]);
    folder.dispose();
  });

  it("replaces unquoted references by numbers and switches where they are written so", () => {
    const { server, reflect, listen } = configOf(
      "server:\n  max_connections: ${N}\nreflect: ${R}\nlisten: ${H}:${N}\nupstreams: {default: 'a:1'}",
      { environment: { N: "7", R: "true", H: "localhost" } },
    );
    expect([server.maxConnections, reflect, listen]).to.deep.equal([7, true, { host: "localhost", port: 7 }]);
  });

  it("takes the defaults of grpc-gateway in that profile, and lets keys override them", () => {
    const config = configOf("profile: grpc-gateway");
    expect([config.http.bindUnannotated, config.http.urlUnescape, config.json.unknownFields]).to.deep.equal([
      false,
      "all",
      "ignore",
    ]);
    expect(configOf("profile: grpc-gateway\njson: {unknown_fields: reject}").json.unknownFields).to.equal("reject");
  });

  it("has the defaults that the parts have by themselves", () => {
    const report = (): void => {};
    expect(toRestOptions(configOf(""), report)).to.deep.equal({ ...strictRest, report });
    expect(toJsonOptions(configOf(""))).to.deep.equal(strictJson);
    expect(toJsonOptions(configOf("profile: grpc-gateway"))).to.deep.equal(grpcGatewayJson);
    const { server, http } = configOf("");
    const shared = Object.entries({ ...server, underscoreHeaders: http.underscoreHeaders }).filter(
      ([key]) => key in defaultListenerLimits,
    );
    expect(shared.length).to.be.greaterThan(6);
    expect(defaultListenerLimits).to.deep.include(Object.fromEntries(shared));
  });

  it("reads HTTP rules with the place of each of their keys", () => {
    const { http } = configOf(
      "http:\n  rules:\n    - selector: a.B.C\n      get: /x\n      additional_bindings:\n        - custom: {kind: '*', path: /y}\n",
    );
    expect(http.rules[0].selector).to.equal("a.B.C");
    expect(http.rules[0].position("get")).to.include({ line: 4, column: 12 });
    expect(http.rules[0].position("additional_bindings[0].custom.path")).to.include({ line: 6, column: 37 });
    expect(http.rules[0].position("nope")).to.include({ line: 3 });
  });

  it("reads files whose rules are a key and nothing more", () => {
    const folder = createFolder();
    const httpRules = ["http:\n  rules:\n", "http:\n", "http: {rules: []}\n"].map((text, index) =>
      folder.write(`empty${index}.yaml`, `type: google.api.Service\n${text}`),
    );
    const { config, diagnostics } = loadFile(folder.write("sluice.yaml", "listen: 127.0.0.1:1\n"), { httpRules });
    expect([config?.http.rules, diagnostics]).to.deep.equal([[], []]);
    folder.dispose();
  });

  it("appends the rules of files, those of flags last", () => {
    const folder = createFolder();
    const rules = (name: string): string =>
      folder.write(
        name,
        `type: google.api.Service\nconfig_version: 3\nname: x\nhttp: {rules: [{selector: ${name}, get: /x}]}`,
      );
    rules("file");
    const file = folder.write("sluice.yaml", "http: {rules_file: file, rules: [{selector: own, get: /x}]}");
    const { config, diagnostics } = loadFile(file, {
      httpRules: [rules("flag")],
      environment: { SLUICE_HTTP_RULES: rules("env") },
    });
    expect(config?.http.rules.map(({ selector }) => selector)).to.deep.equal(["own", "file", "env", "flag"]);
    expect(diagnostics.map(({ severity, message }) => `${severity} ${message}`)).to.deep.equal(
      Array.from({ length: 3 }, () => 'warning "name" is ignored'),
    );
    folder.dispose();
  });

  it("reports every error of every source at once", () => {
    const problems = problemsOf("listn: 1\nprofile: x\nserver:\n  max_body: -1\n", {
      flags: { listen: "x" },
      environment: { SLUICE_PROFILE: "y" },
    });
    expect(problems).to.have.length(5);
  });
});

describe("docs/sluice.schema.json", () => {
  it("is the schema that validates (npm run build && node scripts/write-schema.mjs)", () => {
    expect(JSON.parse(readFileSync("docs/sluice.schema.json", "utf8"))).to.deep.equal(configSchema);
  });

  it("accepts its own defaults", () => {
    expect(loadYaml(JSON.stringify(defaultSettings.strict)).diagnostics).to.deep.equal([]);
  });
});
