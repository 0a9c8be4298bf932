// The module that is written for browsers: what it says, that TypeScript takes it, and that no proto can write code into it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "chai";
import { writeClientDeclarations, writeClientModule, writeClientScript } from "../../src/docs/client-module.ts";
import type { ClientModuleInputs } from "../../src/docs/client-module.ts";
import { bindMethods } from "../../src/schema/bind/http-rule.ts";
import type { Schema } from "../../src/schema/descriptor.ts";
import { loadSchema } from "../../src/schema/load/load.ts";
import { methodRulesOf } from "../support/method-rules.ts";
import { schemaOf } from "../support/schema.ts";
import type { ProtoTexts } from "../support/schema.ts";

function inputsOf(texts: ProtoTexts): ClientModuleInputs {
  return inputsFrom(schemaOf(texts));
}

function inputsFrom(schema: Schema): ClientModuleInputs {
  return {
    schema,
    bindings: bindMethods(schema, { profile: "strict", bindUnannotated: true, yamlRules: [] }, () => {}),
    ...methodRulesOf(schema),
  };
}

const head = `syntax = "proto3"; import "google/api/annotations.proto"; import "sluice/annotations.proto";`;

const wide = `
  syntax = "proto3";
  package wide.v1;
  import "google/api/annotations.proto";
  import "google/api/httpbody.proto";
  import "google/protobuf/any.proto";
  import "google/protobuf/duration.proto";
  import "google/protobuf/empty.proto";
  import "google/protobuf/field_mask.proto";
  import "google/protobuf/struct.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  import "sluice/annotations.proto";

  // Everything.
  //
  // In two paragraphs.
  service Wide {
    // Looks.
    rpc Look(All) returns (stream All) {
      option deprecated = true;
      option (google.api.http) = { get: "/v1/{nested.full_name=all/*}/{id}:look" };
      option (sluice.stream) = { resume_token: "nested.full_name" resume_from: "name" };
    }
    rpc Nothing(google.protobuf.Empty) returns (google.protobuf.Empty) { option idempotency_level = IDEMPOTENT; }
    rpc Wrapped(google.protobuf.StringValue) returns (google.protobuf.Struct);
    rpc WrappedUp(stream google.protobuf.Int64Value) returns (google.protobuf.Int64Value);
    rpc Up(stream All.Nested) returns (google.api.HttpBody);
    rpc Both(stream OnlySent) returns (stream All) { option (google.api.http) = { post: "/v1/both" body: "*" }; }
  }
  message OnlySent { int64 id = 1; All all = 2; }
  message All {
    message Nested { string full_name = 1; All parent = 2; }
    enum Kind { KIND_UNSPECIFIED = 0; KIND_A = 1; }
    string id = 1;
    // A number as text.
    uint64 large = 2;
    double real = 3;
    bytes raw = 4;
    bool yes = 5;
    Kind kind = 6;
    repeated Kind kinds = 7;
    map<int32, Nested> nested_by_id = 8;
    Nested nested = 9;
    google.protobuf.Timestamp at = 10;
    google.protobuf.Duration took = 11;
    google.protobuf.FieldMask mask = 12;
    google.protobuf.Struct struct = 13;
    google.protobuf.Value value = 14;
    google.protobuf.ListValue list = 15;
    google.protobuf.Any any = 16;
    google.protobuf.Int64Value maybe = 17;
    repeated google.protobuf.StringValue texts = 18;
    google.protobuf.NullValue nothing = 19;
    optional int32 count = 20;
    oneof choice { string left = 21; Nested right = 22; }
    string name = 23;
    int32 odd = 24 [json_name = "odd-name"];
    string old = 25 [deprecated = true];
    repeated double reals = 26;
    google.protobuf.Empty empty = 27;
  }
`;

/** Names that mean something elsewhere, names that are the same twice, comments that try to get out. */
const hostile: ProtoTexts = {
  "a.proto": `syntax = "proto3"; package a;
    // */ throw new Error("out"); /*
    service Class {
      // \`\${1}\` */ } throw 1; //
      rpc New(Promise) returns (Array);
      rpc new(Promise) returns (Array);
      rpc Constructor(Promise) returns (stream Array);
      rpc Then(stream Promise) returns (stream Array);
      rpc __proto__(Promise) returns (Array);
      rpc Delete(Object) returns (Api);
      rpc ToString(string_) returns (sluice);
    }
    message Promise { string __proto__ = 1; string constructor = 2; string new = 3; string class = 4; Promise promise = 5; }
    message Array { repeated Array array = 1; }
    message Object { Object object = 1; }
    message Api { ApiInit init = 1; }
    message ApiInit { Api api = 1; }
    message string_ { string s = 1; }
    message sluice { Kind kind = 1; enum Kind { ZERO = 0; } }
    message Same { string a = 1 [json_name = "a\\"b\\n\\u2028*/"]; }
    service ClassService { rpc Do(Same) returns (Same); }`,
  "b.proto": `syntax = "proto3"; package b;
    service Class { rpc Do(Same) returns (Same); }
    message Same { Inner inner = 1; message Inner { int32 x = 1; } }
    message Same_Inner { int32 y = 1; }
    service Other { rpc Do(Same_Inner) returns (Same_Inner); }`,
};

describe("writeClientModule", () => {
  it("writes methods with their comments, by service", () => {
    const text = writeClientModule(inputsOf(wide));
    expect(text).to.contain(
      [
        "/**",
        " * Everything.",
        " *",
        " * In two paragraphs.",
        " */",
        "export interface WideService {",
        "  /**",
        "   * Looks.",
        "   *",
        "   * @deprecated",
        "   */",
        "  look(request?: AllInit, options?: sluice.CallOptions): sluice.StreamCall<All>;",
        "  nothing(request?: Empty, options?: sluice.CallOptions): sluice.SingleCall<Empty>;",
        "  wrapped(request: string, options?: sluice.CallOptions): sluice.SingleCall<sluice.JsonObject>;",
        "  wrappedUp(requests: sluice.Requests<string | number | bigint>, options?: sluice.CallOptions): sluice.SingleCall<string>;",
        "  up(requests: sluice.Requests<All_NestedInit>, options?: sluice.CallOptions): sluice.SingleCall<HttpBody>;",
        "  both(requests: sluice.Requests<OnlySent>, options?: sluice.CallOptions): sluice.StreamCall<All>;",
        "}",
      ].join("\n"),
    );
  });

  it("writes messages as their JSON is", () => {
    const text = writeClientModule(inputsOf(wide));
    const start = text.indexOf("export interface All {");
    expect(text.slice(start, text.indexOf("\n}", start)).split("\n").slice(1)).to.deep.equal([
      "  id: string;",
      "  /** A number as text. */",
      "  large: string;",
      `  real: number | "NaN" | "Infinity" | "-Infinity";`,
      "  raw: string;",
      "  yes: boolean;",
      "  kind: All_Kind;",
      "  kinds: All_Kind[];",
      "  nestedById: { [key: string]: All_Nested };",
      "  nested?: All_Nested;",
      "  at?: string;",
      "  took?: string;",
      "  mask?: string;",
      "  struct?: sluice.JsonObject;",
      "  value?: sluice.JsonValue;",
      "  list?: sluice.JsonValue[];",
      "  any?: sluice.JsonAny;",
      "  maybe?: string | null;",
      "  texts: (string | null)[];",
      "  nothing: null;",
      "  count?: number;",
      "  /** At most one of the oneof `choice` is there. */",
      "  left?: string;",
      "  /** At most one of the oneof `choice` is there. */",
      "  right?: All_Nested;",
      "  name: string;",
      `  "odd-name": number;`,
      "  /** @deprecated */",
      "  old: string;",
      `  reals: (number | "NaN" | "Infinity" | "-Infinity")[];`,
      "  empty?: Empty;",
    ]);
    expect(text).to.contain(`export type All_Kind = "KIND_UNSPECIFIED" | "KIND_A";`);
  });

  it("leaves everything of a request optional, and takes 64-bit numbers as numbers, too", () => {
    const text = writeClientModule(inputsOf(wide));
    expect(text).to.contain(
      "export interface OnlySent {\n  id?: string | number | bigint | undefined;\n  all?: AllInit | undefined;\n}",
    );
    expect(text).to.contain("export interface AllInit {\n  id?: string | undefined;");
  });

  it("tells the client how to resume, and which route to take without WebSocket", () => {
    const text = writeClientModule(inputsOf(wide));
    expect(text).to.contain(
      `const wide_look: sluice.MethodInfo = {"name":"wide.v1.Wide/Look","kind":"server-streaming",` +
        `"resume":{"token":["nested","fullName"],"from":"name"},` +
        `"http":{"verb":"GET","path":"/v1/{nested.fullName=all/*}/{id}:look"}};`,
    );
    expect(text).to.contain(`{"name":"wide.v1.Wide/Nothing","kind":"unary","repeatable":true,`);
    expect(text).to.contain(`{"name":"wide.v1.Wide/Both","kind":"bidi-streaming"};`);
  });

  it("writes the same text at every run, in whatever order the files come", () => {
    const texts = hostile as Record<string, string>;
    const turned = Object.fromEntries(Object.entries(texts).reverse());
    expect(writeClientModule(inputsOf(hostile))).to.equal(writeClientModule(inputsOf(hostile)));
    const names = (module: string): string[] =>
      [...module.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name).sort();
    expect(names(writeClientModule(inputsOf(turned)))).to.deep.equal(names(writeClientModule(inputsOf(hostile))));
  });

  it("passes strict type checks in every form, over examples and hostile protos", () => {
    const { schema } = loadSchema({ inputs: ["protos/examples"], importPaths: [] });
    if (schema === undefined) throw new Error("the examples do not load");
    const examples = inputsFrom(schema);
    const folder = mkdtempSync(join(tmpdir(), "sluice-client-"));
    try {
      for (const [name, inputs] of Object.entries({ examples, wide: inputsOf(wide), hostile: inputsOf(hostile) })) {
        writeFileSync(join(folder, `${name}.ts`), writeClientModule(inputs));
        writeFileSync(join(folder, `${name}-script.js`), writeClientScript(inputs));
        writeFileSync(join(folder, `${name}-script.d.ts`), writeClientDeclarations(inputs));
      }
      writeFileSync(join(folder, "use.ts"), use);
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
      const { stdout, status } = spawnSync("node_modules/.bin/tsc", ["-p", folder], { encoding: "utf8" });
      expect(stdout).to.equal("");
      expect(status).to.equal(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("gives every method of hostile protos a function that calls it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-client-"));
    try {
      const file = join(folder, "api.mjs");
      writeFileSync(file, writeClientScript(inputsOf(hostile)));
      const { createApi } = (await import(pathToFileURL(file).href)) as {
        createApi(client: unknown): Record<string, Record<string, (input: unknown) => string>>;
      };
      const call = (method: { name: string }): string => method.name;
      const api = createApi({ single: call, stream: call });
      const called = Object.values(api).flatMap((service) => Object.values(service).map((method) => method({})));
      const { schema } = inputsOf(hostile);
      const methods = schema.services.flatMap((service) => service.methods.map((method) => method.path.slice(1)));
      expect(called).to.deep.equal(methods);
      expect(Object.keys(api)).to.deep.equal(["aClass", "classService", "bClass", "other"]);
      expect(Object.keys(api["aClass"])).to.deep.equal([
        "new",
        "new_2",
        "constructor_",
        "then_",
        "__proto___",
        "delete",
        "toString_",
      ]);
      expect(({} as { out?: unknown }).out).to.equal(undefined);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("writes an empty api for a schema without services", () => {
    expect(writeClientScript(inputsOf(head))).to.match(/return \{\n {2}\};/);
  });
});

describe("the bundled browser client", () => {
  it("is smaller than 8 KB when compressed, and imports nothing", async () => {
    const { gzipSync } = await import("node:zlib");
    const { buildSync } = await import("esbuild");
    const { outputFiles } = buildSync({
      entryPoints: ["src/client/client.ts"],
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      write: false,
    });
    const { contents, text } = outputFiles[0];
    expect(gzipSync(contents, { level: 9 }).length).to.be.lessThan(8 * 1024);
    expect(text).not.to.match(/\bimport\b/);
    expect(text).to.match(/export\{.*connect/s);
  });

  it("is declared in package.json, with every file that the declaration names", () => {
    const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
      exports: Record<string, { types: string; default: string }>;
    };
    for (const entry of ["./client", "./connect-transport"]) {
      const source = exports[entry].default.replace("./dist/", "").replace(/\.js$/, ".ts");
      expect(readFileSync(source, "utf8")).to.match(/^\/\/ /);
      expect(exports[entry].types).to.equal(exports[entry].default.replace(/\.js$/, ".d.ts"));
    }
  });
});

const use = `
import { connect } from "sluice/client";
import { createApi } from "./examples.js";
import type { Tick } from "./examples.js";
import { createApi as createScript } from "./examples-script.js";

const api = createApi(connect("/"));
export async function run(): Promise<void> {
  for await (const tick of api.ticker.watch({ symbols: ["TEA"], afterSequence: 3 })) {
    const sequence: string = tick.sequence;
    const price: number | string = tick.price;
    console.log(sequence, price);
  }
  const tick: Tick = await api.ticker.getTick({ symbol: "TEA" });
  const script: Tick = await createScript(connect("/")).ticker.getTick();
  const talk = api.chat.talk([{ room: "tea", speaker: "ada", text: "hello" }]);
  for await (const event of talk) console.log(event.said ?? event.joined?.members, tick, script);
  const unknown: { symbol: string | undefined; signal: AbortSignal | undefined } = { symbol: undefined, signal: undefined };
  await api.ticker.getTick({ symbol: unknown.symbol }, { signal: unknown.signal });
  // @ts-expect-error there is no such symbol field
  api.ticker.getTick({ symbols: "TEA" });
  // @ts-expect-error a reply has no such field
  console.log(tick.cost);
}
`;

const tsconfig = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    target: "es2023",
    lib: ["es2023", "dom"],
    module: "esnext",
    moduleResolution: "bundler",
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    types: [],
    paths: { "sluice/client": [fileURLToPath(new URL("../../src/client/client.d.ts", import.meta.url))] },
  },
  include: ["*.ts"],
};
