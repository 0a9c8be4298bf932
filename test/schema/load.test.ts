// From what the user names to a schema: folders, files, roots, descriptor sets, and everything wrong with them.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { loadSchema } from "../../src/schema/load/load.ts";

const fixtures = new URL("../../../test/schema/fixtures/", import.meta.url).pathname;
const service = (name: string, types = "") =>
  `syntax = "proto3";\n${types}message ${name}Q {}\nservice ${name} { rpc Get(${name}Q) returns (${name}Q); }\n`;

describe("loadSchema", () => {
  let folder = "";
  let before = "";

  beforeEach(() => {
    before = process.cwd();
    folder = mkdtempSync(join(tmpdir(), "sluice-load-"));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  function write(files: Readonly<Record<string, string | Uint8Array>>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }

  function load(inputs: readonly string[], importPaths: readonly string[] = []) {
    const { schema, diagnostics } = loadSchema({ inputs, importPaths });
    return {
      services: schema?.services.map(({ name }) => name),
      inputs: schema?.files.filter((file) => file.isInput).map((file) => file.path),
      reports: diagnostics.map(formatDiagnostic),
      schema,
    };
  }

  it("reads a folder in order, without node_modules and dot-folders", () => {
    write({
      "protos/b.proto": service("B"),
      "protos/a/a.proto": service("A"),
      "protos/node_modules/x.proto": service("X"),
      "protos/.git/y.proto": service("Y"),
      "protos/notes.txt": "not a proto",
    });
    expect(load(["protos"])).to.deep.include({ services: ["A", "B"], inputs: ["a/a.proto", "b.proto"], reports: [] });
  });

  it("resolves imports from the folder, then -I, then the bundle", () => {
    write({
      "protos/a.proto": service(
        "A",
        'import "shared/s.proto";\nimport "google/api/annotations.proto";\nmessage M { Shared s = 1; google.api.Http h = 2; }\n',
      ).replace("annotations", "http"),
      "third_party/shared/s.proto": `${service("NotServed")}message Shared {}`,
    });
    expect(load(["protos"], ["third_party"])).to.deep.include({ services: ["A"], inputs: ["a.proto"], reports: [] });
  });

  it("names a file by the deepest root that holds it", () => {
    write({
      "protos/shop/v1/a.proto": service("A", 'import "shop/v1/b.proto";\nmessage M { BQ b = 1; }\n'),
      "protos/shop/v1/b.proto": service("B"),
    });
    expect(load(["protos/shop/v1/a.proto"], ["protos"])).to.deep.include({
      services: ["A"],
      inputs: ["shop/v1/a.proto"],
      reports: [],
    });
    expect(load(["protos/shop"], ["protos"])).to.deep.include({ services: ["A", "B"], reports: [] });
    expect(load(["protos", "protos/shop/v1/a.proto"])).to.deep.include({ services: ["A", "B"], reports: [] });
  });

  it("takes a file reached by two names for one file", () => {
    write({
      "protos/shop/a.proto": service(
        "A",
        'import "protos/shop/b.proto";\nimport "shop/c.proto";\nmessage M { BQ b = 1; CQ c = 2; }\n',
      ),
      "protos/shop/b.proto": service("B", 'import "shop/c.proto";\nmessage N { CQ c = 1; }\n'),
      "protos/shop/c.proto": service("C"),
    });
    expect(load(["protos"], [".", "protos"])).to.deep.include({ services: ["A", "B", "C"], reports: [] });
    expect(load(["."], ["protos"])).to.deep.include({ reports: [] });
  });

  it("serves two folders that hold files of the same name", () => {
    write({
      "one/service.proto": service("One", 'import "types.proto";\nmessage M { T1 t = 1; }\n'),
      "one/types.proto": 'syntax = "proto3"; message T1 {}',
      "two/service.proto": service("Two", 'import "types.proto";\nmessage N { T2 t = 1; }\n'),
      "two/types.proto": 'syntax = "proto3"; message T2 {}',
    });
    expect(load(["one", "two"])).to.deep.include({
      services: ["One", "Two"],
      inputs: ["service.proto", "types.proto", "two/service.proto", "two/types.proto"],
      reports: [],
    });
  });

  it("lets the user's copy of a bundled file win, and does not serve it", () => {
    write({
      "protos/a.proto": service("A", 'import "google/type/money.proto";\nmessage M { google.type.Money m = 1; }\n'),
      "protos/google/type/money.proto":
        'syntax = "proto3"; package google.type; message Money { int32 mine = 1; } service Bank { rpc Get(Money) returns (Money); }',
    });
    const { schema, ...rest } = load(["protos"]);
    expect(rest).to.deep.equal({ services: ["A"], inputs: ["a.proto"], reports: [] });
    expect(schema?.message("google.type.Money")?.fields[0].protoName).to.equal("mine");
  });

  it("reads protos that say for grpc-gateway's generator what their OpenAPI is like, without a folder for it", () => {
    const options = `
      import "protoc-gen-openapiv2/options/annotations.proto";
      option (grpc.gateway.protoc_gen_openapiv2.options.openapiv2_swagger) = {
        info: { title: "Shop" version: "1" }
        security_definitions: { security: { key: "Key" value: { type: TYPE_API_KEY in: IN_HEADER name: "X-Key" } } }
      };
      message M {
        option (grpc.gateway.protoc_gen_openapiv2.options.openapiv2_schema) = { json_schema: { required: ["id"] } };
        string id = 1 [(grpc.gateway.protoc_gen_openapiv2.options.openapiv2_field) = { pattern: "^x", min_length: 3 }];
      }
    `;
    write({ "protos/a.proto": service("A", options) });
    expect(load(["protos"])).to.deep.include({ services: ["A"], inputs: ["a.proto"], reports: [] });
  });

  it("takes the user's own declaration of an always linked type, wherever it lies", () => {
    write({
      "protos/my/status.proto": service("A"),
      "protos/vendored/any.proto":
        'syntax = "proto3"; package google.protobuf; message Any { string type_url = 1; bytes value = 2; }',
    });
    const { schema, reports } = load(["protos"]);
    expect(reports).to.deep.equal([]);
    expect(schema?.message("google.protobuf.Any")?.position.file).to.equal("protos/vendored/any.proto");
    expect(schema?.message("google.rpc.Status")?.field("details")?.type).to.have.property(
      "message",
      schema?.message("google.protobuf.Any"),
    );
  });

  it("stops at links that go round", () => {
    write({ "protos/a.proto": service("A") });
    symlinkSync(join(folder, "protos"), "protos/self");
    expect(load(["protos"])).to.deep.include({ services: ["A"], reports: [] });
  });

  it("reads descriptor sets, also beside text that imports from them", () => {
    write({
      "set.binpb": readFileSync(`${fixtures}options.binpb`),
      "a.proto": service("A", 'import "options.proto";\nmessage M { fixtures.options.Deep d = 1; }\n'),
    });
    expect(load(["set.binpb"])).to.deep.include({
      services: ["fixtures.options.Library"],
      inputs: ["options.proto"],
      reports: [],
    });
    expect(load(["set.binpb", "a.proto"])).to.deep.include({
      services: ["fixtures.options.Library", "A"],
      reports: [],
    });
    expect(load(["set.binpb", "./set.binpb"])).to.deep.include({ services: ["fixtures.options.Library"], reports: [] });
  });

  const rows: readonly [
    string,
    Readonly<Record<string, string | Uint8Array>>,
    readonly string[],
    readonly string[],
    readonly string[],
  ][] = [
    [
      "a missing folder",
      { "protos/a.proto": "" },
      ["protoss"],
      [],
      ['error: there is no file or folder "protoss"; did you mean "protos"?'],
    ],
    [
      "a missing file",
      {},
      ["nowhere/a.proto"],
      [],
      ['error: there is no file "nowhere/a.proto"; the folder "nowhere" does not exist'],
    ],
    [
      "an empty folder",
      { "empty/readme.md": "" },
      ["empty"],
      [],
      ['error: there is no .proto file in "empty"; name the folder that holds your .proto files'],
    ],
    [
      "a wrong -I",
      { "a.proto": service("A") },
      ["a.proto"],
      ["nope"],
      ['error: import path "nope" is not a folder; name an existing folder'],
    ],
    [
      "no service but those of a copy of what comes with sluice",
      { "protos/google/longrunning/operations.proto": service("Operations") },
      ["protos"],
      [],
      [
        'error: no input declares a service, but for "protos/google/longrunning/operations.proto", a proto that comes with sluice and is only imported from a folder; name that file itself to serve it',
      ],
    ],
    [
      "no service",
      { "a.proto": 'syntax = "proto3";' },
      ["a.proto"],
      [],
      [
        "error: no input declares a service; a file is served for its service { rpc … } blocks; services of files that are only imported are not served, so name those files too",
      ],
    ],
    [
      "a forgotten root",
      { "protos/shop/v1/a.proto": service("A", 'import "shop/v1/b.proto";\n'), "protos/shop/v1/b.proto": service("B") },
      ["protos/shop/v1/a.proto"],
      [],
      [
        'protos/shop/v1/a.proto:2:8: error: import "shop/v1/b.proto" is not found; it is found from the folder "protos": add -I protos',
      ],
    ],
    [
      "an import found nowhere",
      { "protos/a.proto": service("A", 'import "elsewhere/b.proto";\nmessage M { B b = 1; }\n'), "inc/x": "" },
      ["protos"],
      ["inc"],
      [
        'protos/a.proto:2:8: error: import "elsewhere/b.proto" is not found; looked in inc, protos and the bundled protos; name the folder that the path starts from with -I',
      ],
    ],
    [
      "an import out of the root",
      { "protos/a.proto": service("A", 'import "../b.proto";\n'), "b.proto": service("B") },
      ["protos"],
      [],
      [
        'protos/a.proto:2:8: error: import "../b.proto" is not found; an import path is relative, with "/" between its parts and without "." and ".."',
      ],
    ],
    [
      "a JSON image",
      { "image.json": '{"file": []}' },
      ["image.json"],
      [],
      [
        "image.json:1:1: error: this is JSON, not a binary descriptor set; write it as binary: buf build -o image.binpb",
      ],
    ],
    [
      "a packed set",
      { "set.gz": Buffer.from([0x1f, 0x8b, 8, 0]) },
      ["set.gz"],
      [],
      ["set.gz:1:1: error: this is gzip data; unpack it first: gunzip"],
    ],
    [
      "a proto by another name",
      { "a.txt": service("A") },
      ["a.txt"],
      [],
      ["a.txt:1:1: error: this is text, not a binary descriptor set; give a proto file the extension .proto"],
    ],
    [
      "a set without its imports",
      { "set.pb": Buffer.from("0a1e0a07612e70726f746f1a0b6d697373696e672e7072220612044d697373", "hex") },
      ["set.pb"],
      [],
      [
        "set.pb:1:1: error: this is not a FileDescriptorSet: a value of 30 bytes at byte 2, of which 29 are there; make one with: protoc --include_imports --include_source_info -o out.binpb, or: buf build -o out.binpb",
      ],
    ],
  ];
  for (const [what, files, inputs, importPaths, reports] of rows) {
    it(`explains ${what}`, () => {
      write(files);
      expect(load(inputs, importPaths).reports).to.deep.equal(reports);
    });
  }

  it("reports the errors of every file at once, by file and line", () => {
    write({
      "protos/a.proto": service("A", "message M { Nope n = 1; }\n"),
      "protos/b.proto": 'syntax = "proto3"; message { }',
      "protos/c.proto": service("C", "enum E { ONE = 1; }\n"),
    });
    const { reports, schema } = load(["protos", "missing"]);
    expect(schema).to.equal(undefined);
    expect(reports.map((report) => report.split(": error:")[0])).to.deep.equal([
      'error: there is no file or folder "missing"; "." has no such entry',
      "protos/a.proto:2:13",
      "protos/b.proto:1:28",
      "protos/c.proto:2:10",
    ]);
  });

  it("takes reflection's files as inputs, and not the reflection service itself", () => {
    write({
      "r.proto":
        'syntax = "proto3"; package grpc.reflection.v1; message Q {} service ServerReflection { rpc Get(Q) returns (Q); }',
      "a.proto": service("A"),
    });
    const bytes =
      load(["r.proto", "a.proto"]).schema?.files.map((file) => ({ name: file.path, bytes: file.toBytes() })) ?? [];
    const { schema, diagnostics } = loadSchema({ inputs: [], importPaths: [], descriptorBytes: bytes });
    expect(diagnostics).to.deep.equal([]);
    expect(schema?.services.map(({ name }) => name)).to.deep.equal(["A"]);
  });
});
