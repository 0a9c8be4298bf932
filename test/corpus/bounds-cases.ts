// Hostile input for every parser, at any size: what bounds.heavy.ts measures, each case in a process of its own.
import { createFolder } from "../config/yaml-fixture.ts";
import { parseYaml } from "../../src/config/yaml-source.ts";
import { createRouter } from "../../src/route/router.ts";
import type { Binding } from "../../src/schema/binding.ts";
import type { MessageType, Schema } from "../../src/schema/descriptor.ts";
import { readDescriptorSet } from "../../src/schema/descriptor/read.ts";
import { bindMethods } from "../../src/schema/bind/http-rule.ts";
import { loadSchema } from "../../src/schema/load/load.ts";
import { redactMessage } from "../../src/redact/redact-message.ts";
import { compileShapes } from "../../src/redact/shape.ts";
import type { RedactedField } from "../../src/redact/shape.ts";
import { parseProto } from "../../src/schema/parse/file.ts";
import { parseTemplate } from "../../src/schema/bind/template.ts";
import { GatewayError } from "../../src/status.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { strictJson } from "../../src/translate/options.ts";
import { compileRequest } from "../../src/translate/request/request.ts";
import { parseMediaType } from "../../src/translate/request/media-type.ts";
import { schemaOf } from "../support/schema.ts";
import type { Bounded } from "./bounded.ts";
import { serviceProto } from "./service.ts";

const kibi = 1024;
const schema: Schema = schemaOf(serviceProto());
const bindings = bindMethods(schema, { profile: "strict", bindUnannotated: true, yamlRules: [] }, () => {});
const silent = (): void => {};

function bindingOf(name: string): Binding {
  return bindings.find((binding) => binding.method.localName === name)!;
}

/** A refusal is an answer; anything else is a crash. */
function refusing(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

const repeat = (unit: string, size: number): string => unit.repeat(Math.max(1, Math.floor(size / unit.length)));
const numbered = (make: (index: number) => string, size: number): string => {
  let text = "";
  for (let index = 0; text.length < size; index++) text += make(index);
  return text;
};

function of(
  name: string,
  maxBytes: number,
  make: (size: number) => string | Buffer,
  run: (input: Buffer) => unknown,
): Bounded {
  return { name, maxBytes, make: (size) => Buffer.from(make(size)), run };
}

const proto = (name: string, make: (size: number) => string): Bounded =>
  of(`proto: ${name}`, 512 * kibi, make, (input) => parseProto(input, "a.proto", silent));

const folder = createFolder();
process.on("exit", () => folder.dispose());

const linked = (name: string, make: (size: number) => string, maxBytes = 128 * kibi): Bounded =>
  of(`schema: ${name}`, maxBytes, make, (input) => {
    const { schema: loaded } = loadSchema({ inputs: [folder.write("a.proto", input)], importPaths: [] });
    return loaded === undefined
      ? undefined
      : bindMethods(loaded, { profile: "strict", bindUnannotated: true, yamlRules: [] }, silent);
  });

const head = 'syntax = "proto3";\nimport "google/api/annotations.proto";\n';
const rule = (path: string): string => `{ option (google.api.http) = { get: "${path}" }; }`;
const service = (methods: string): string => `${head}message M { string a = 1; }\nservice S {\n${methods}}\n`;

const set = (name: string, make: (size: number) => Buffer): Bounded =>
  of(`descriptor set: ${name}`, 256 * kibi, make, (input) => readDescriptorSet(input, "a.binpb", silent));

/** A length-delimited field around the content. */
function field(number: number, content: Buffer): Buffer {
  const tag: number[] = [(number << 3) | 2];
  let rest = content.length;
  for (; rest > 0x7f; rest >>>= 7) tag.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...tag, rest]), content]);
}

function nestedBytes(number: number, depth: number): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level++) bytes = field(number, bytes);
  return bytes;
}

const named = (content: Buffer): Buffer => field(1, Buffer.concat([field(1, Buffer.from("a.proto")), content]));

const yaml = (name: string, make: (size: number) => string): Bounded =>
  of(`YAML: ${name}`, 256 * kibi, make, (input) => parseYaml(input.toString(), "a.yaml", {}, silent));

const routes = createRouter(bindings, {
  profile: "strict",
  urlUnescape: "except_reserved",
  maxPathLength: 1024 * kibi,
});
const path = (name: string, make: (size: number) => string): Bounded =>
  of(`path: ${name}`, 1024 * kibi, make, (input) => routes.match("GET", input.toString("latin1")));

const request = (
  kind: string,
  rpc: string,
  contentType: string | undefined,
): ((name: string, make: (size: number) => string | Buffer) => Bounded) => {
  const limits = { what: "query string", maxLength: 1024 * kibi, maxParameters: 10_000 };
  const read = compileRequest(bindingOf(rpc), schema, {
    profile: "strict",
    json: strictJson,
    queryIgnore: ["a*b*c*"],
    queryLimits: limits,
  });
  const captures = bindingOf(rpc).variables.map(() => "a");
  return (name, make) =>
    of(`${kind}: ${name}`, 512 * kibi, make, (input) =>
      refusing(() =>
        kind === "query"
          ? read({ captures, query: input.toString("latin1"), body: undefined, contentType, method: "GET" })
          : read({ captures, query: "", body: input, contentType, method: "POST" }),
      ),
    );
};

const query = request("query", "List", undefined);
const json = request("JSON", "Create", "application/json");
const form = request("form", "Create", "application/x-www-form-urlencoded");
const multipart = request("multipart", "UploadForm", "multipart/form-data; boundary=bbbb");
const protobuf = request("protobuf", "Put", "application/x-protobuf");

const everything = schema.message("corpus.v1.Everything") as MessageType;
const lenient = compileJsonReader(everything, schema, { ...strictJson, unknownFields: "ignore" });
const strict = compileJsonReader(everything, schema, strictJson);
const write = compileJsonWriter(everything, schema, strictJson);
const reply = (name: string, make: (size: number) => Buffer): Bounded =>
  of(`reply: ${name}`, 512 * kibi, make, (input) => refusing(() => write(input)));

const people = schemaOf(
  'syntax = "proto3"; package p; import "google/protobuf/any.proto"; message P { repeated string a = 1; string b = 2; P p = 3; google.protobuf.Any any = 4; }',
);
const redaction = {
  shapes: compileShapes(
    people,
    new Map<string, RedactedField>([
      ["p.P.a", { gate: 0, mask: "\u2022".repeat(20) }],
      ["p.P.b", { gate: 0, mask: undefined }],
    ]),
  ),
  closed: [true],
};
const redacted = (name: string, make: (size: number) => Buffer): Bounded =>
  of(`redaction: ${name}`, 512 * kibi, make, (input) =>
    refusing(() => redactMessage(input, redaction.shapes.of(people.message("p.P")!)!, redaction)),
  );

const part = (headers: string): string =>
  `--bbbb\r\nContent-Disposition: form-data; name="note"\r\n${headers}\r\n\r\nx\r\n`;

export const cases: readonly Bounded[] = [
  proto("closing braces", (size) => repeat("}", size)),
  proto("messages in messages", (size) => repeat("message M {", size)),
  proto("one long comment", (size) => `/*${repeat("*", size)}`),
  proto("comment after comment", (size) => repeat("// a\n", size)),
  proto("one long name", (size) => `message ${repeat("a", size)}`),
  proto("one long number", (size) => `message M { int32 a = ${repeat("9", size)}; }`),
  proto("strings that go on", (size) => `option a = ${repeat('"a" ', size)};`),
  proto("escapes", (size) => `option a = "${repeat("\\377", size)}";`),
  proto("aggregates", (size) => `option (a) = ${repeat("{ a: ", size)}`),
  proto("reserved ranges", (size) => `message M { reserved ${numbered((i) => `${i * 2 + 1},`, size)} 9; }`),
  linked(
    "unknown types among as many known",
    (size) => head + numbered((i) => `message Messag${i} { Messagf${i} a = 1; }\n`, size),
  ),
  linked("the same name again and again", (size) => head + repeat("message A { string a = 1; }\n", size)),
  linked("fields of the same number", (size) => `${head}message A {\n${numbered((i) => `string a${i} = 1;\n`, size)}}`),
  linked("messages in a chain", (size) => head + numbered((i) => `message M${i} { M${i + 1} a = 1; }\n`, size)),
  linked(
    "methods on one path",
    (size) => service(numbered((i) => `rpc R${i}(M) returns (M) ${rule("/v1/x")}\n`, size)),
    // What comes with the annotations costs as much as some kilobytes of methods: they have to be seen beside it.
    512 * kibi,
  ),
  linked("paths that overlap", (size) =>
    service(numbered((i) => `rpc R${i}(M) returns (M) ${rule(`/v1/{a=**}/x${i}/*`)}\n`, size)),
  ),
  linked("enum values", (size) => `${head}enum E { Z = 0;\n${numbered((i) => `a${i} = ${i + 1};\n`, size)}}`),
  of(
    "template: segments",
    64 * kibi,
    (size) => repeat("/a", size),
    (input) => parseTemplate(input.toString()),
  ),
  of(
    "template: stars",
    64 * kibi,
    (size) => `/${repeat("*", size)}`,
    (input) => parseTemplate(input.toString()),
  ),
  set("files", (size) =>
    Buffer.concat(
      Array.from({ length: Math.ceil(size / 10) }, (_, i) => field(1, field(1, Buffer.from(`${i}.proto`)))),
    ),
  ),
  set("messages nested", (size) => named(nestedBytes(3, Math.min(400, size / 4)))),
  set("empty messages", (size) => named(Buffer.from(repeat("\x22\x03\x0a\x01A", size), "latin1"))),
  set("messages without a name", (size) => named(Buffer.from(repeat("\x22\x00", size), "latin1"))),
  set("options without an option", (size) => named(Buffer.from(repeat("\x22\x02\x3a\x00", size), "latin1"))),
  set("options", (size) => named(Buffer.from(repeat("\x22\x04\x3a\x02\x18\x01", size), "latin1"))),
  set("imports", (size) => named(Buffer.from(repeat("\x1a\x00", size), "latin1"))),
  set("enums", (size) => named(Buffer.from(repeat("\x2a\x00", size), "latin1"))),
  set("services", (size) => named(Buffer.from(repeat("\x32\x00", size), "latin1"))),
  set("enum values", (size) => named(field(5, Buffer.from(repeat("\x12\x00", size), "latin1")))),
  set("methods", (size) => named(field(6, Buffer.from(repeat("\x12\x00", size), "latin1")))),
  set("fields", (size) => named(field(4, Buffer.from(repeat("\x12\x02\x28\x05", size), "latin1")))),
  set("defaults", (size) => named(field(4, Buffer.from(repeat("\x12\x04\x28\x0c\x3a\x00", size), "latin1")))),
  set("oneofs", (size) => named(field(4, Buffer.from(repeat("\x42\x00", size), "latin1")))),
  set("ranges", (size) => named(field(4, Buffer.from(repeat("\x4a\x00", size), "latin1")))),
  set("reserved names", (size) => named(field(4, Buffer.from(repeat("\x52\x00", size), "latin1")))),
  set("numbers", (size) => named(Buffer.from(repeat("\x50\x00", size), "latin1"))),
  set("places", (size) =>
    named(
      Buffer.concat(
        Array.from({ length: size / 14 }, (_, i) =>
          field(9, field(1, Buffer.from([0x08, i & 0x7f, 0x08, i >> 7, 0x12, 0x03, 0x00, 0x00, 0x00]))),
        ),
      ),
    ),
  ),
  set("zeros", (size) => Buffer.alloc(size)),
  set("unknown groups", (size) => Buffer.alloc(size, 0x7b)),
  yaml("open brackets", (size) => `a: ${repeat("[", size)}`),
  yaml("open braces", (size) => `a: ${repeat("{a: ", size)}`),
  yaml("keys", (size) => numbered((i) => `k${i}: 1\n`, size)),
  yaml("the same key", (size) => repeat("k: 1\n", size)),
  yaml("anchors and aliases", (size) =>
    numbered((i) => `k${i}: &a${i} [*a${Math.max(0, i - 1)}, *a${Math.max(0, i - 1)}]\n`, size),
  ),
  yaml("references to variables", (size) => `a: "${repeat("${", size)}"`),
  yaml("commas", (size) => `a: [${repeat(",", size)}`),
  yaml("numbers of a list", (size) => `a: [${repeat("1,", size)}]`),
  yaml(
    "rules as people write them",
    (size) =>
      `http:\n  rules:\n${numbered((i) => `  - selector: shop.v1.Orders.Get${i}\n    get: /v1/{name=orders/*}:get${i}\n`, size)}`,
  ),
  yaml("documents", (size) => repeat("---\n", size)),
  yaml("one long text", (size) => `a: "${repeat("\\x41", size)}"`),
  path("segments", (size) => repeat("/a", size)),
  path("segments below **", (size) => `/v1/files${repeat("/a", size)}`),
  path("colons", (size) => `/v1/items/${repeat(":", size)}`),
  path("escapes", (size) => `/v1/items/${repeat("%25", size)}`),
  path("escaped slashes", (size) => `/v1/files/${repeat("%2f", size)}`),
  path("slashes", (size) => repeat("/", size)),
  query("parameters", (size) => repeat("texts=a&", size)),
  query("unknown parameters", (size) => numbered((i) => `a${i}=1&`, size)),
  query("one long name", (size) => `${repeat("a", size)}=1`),
  query("dots", (size) => `item${repeat(".parent", size)}=1`),
  query("brackets", (size) => `stock${repeat("[", size)}=1`),
  query("map keys", (size) => numbered((i) => `stock[k${i}]=1&`, size)),
  query("percent signs", (size) => `text=${repeat("%41", size)}`),
  query("pluses", (size) => `text=${repeat("+", size)}`),
  query("one long number", (size) => `i64=${repeat("9", size)}`),
  query("JSON in a value", (size) => `value=${repeat("[", size)}`),
  query("globs to ignore", (size) => `${repeat("ab", size)}=1`),
  json("open brackets", (size) => repeat("[", size)),
  json("open objects", (size) => `{"object": ${repeat('{"a":', size)}`),
  json("blanks", (size) => `${repeat(" ", size)}x`),
  json("map keys", (size) => `{"stock": {${numbered((i) => `"k${i}":1,`, size)}"z":1}}`),
  json("keys of a Struct", (size) => `{"object": {${numbered((i) => `"k${i}":1,`, size)}"z":1}}`),
  json("numbers of a list", (size) => `{"numbers": [${repeat("1,", size)}1]}`),
  json("messages of a list", (size) => `{"items": [${repeat("{},", size)}{}]}`),
  json("empty lists in a list", (size) => `{"list": [${repeat("[],", size)}[]]}`),
  json("one long number", (size) => `{"i64": ${repeat("9", size)}}`),
  json("one long string", (size) => `{"text": "${repeat("\\u0041", size)}"}`),
  json("one long base64", (size) => `{"data": "${repeat("AAAA", size)}"}`),
  json("one long key", (size) => `{"${repeat("a", size)}": 1}`),
  json("one long field mask", (size) => `{"mask": "${repeat("aB,", size)}a"}`),
  json("an error at the end", (size) => `{"texts": [${repeat('"a",', size)}1]}`),
  json("Anys whose type comes last", (size) => {
    const depth = Math.min(40, size / 200);
    const inner = `{"value": {}, "x": "${repeat("a", size / 2)}"}`;
    const open = repeat('{"value": ', depth * 10);
    return `{"any": ${open}${inner}${repeat(', "@type": "type.googleapis.com/google.protobuf.Any"}', depth * 53)}}`;
  }),
  of(
    "JSON: unknown fields that are dropped",
    1024 * kibi,
    (size) => `{${numbered((i) => `"x${i}":[{}],`, size)}"z":1}`,
    (input) => refusing(() => lenient(input)),
  ),
  of(
    "JSON: a huge map, at every depth",
    128 * kibi,
    (size) => numbered((i) => `"k${i}":1,`, size),
    (keys) => {
      for (let depth = 60; depth > 0; depth--)
        strict(Buffer.from(`{"object":${'{"a":'.repeat(depth)}{${keys.toString()}"z":1}${"}".repeat(depth + 1)}`));
    },
  ),
  form("fields", (size) => repeat("texts=a&", size)),
  form("unknown fields", (size) => numbered((i) => `a${i}=1&`, size)),
  form("ampersands", (size) => repeat("&", size)),
  form("blanks", (size) => repeat(" ", size)),
  multipart("almost boundaries", (size) => `--bbbb\r\n${repeat("\r\n--bbb", size)}`),
  multipart("boundaries that go on", (size) => `--bbbb\r\n${repeat("\r\n--bbbbx", size)}`),
  multipart("blanks in part headers", (size) => repeat(part(`X-A: ${" ".repeat(4000)}x`), size)),
  multipart(
    "quotes in a name",
    (size) =>
      `--bbbb\r\nContent-Disposition: form-data; name="${repeat('\\"', Math.min(size, 7000))}"\r\n\r\nx\r\n--bbbb--`,
  ),
  multipart("parts", (size) => `${repeat(part("X-A: b"), size)}--bbbb--`),
  multipart("dashes", (size) => repeat("-", size)),
  protobuf("messages nested", (size) => nestedBytes(4, Math.min(4000, size / 4))),
  protobuf("groups", (size) => Buffer.alloc(size, 0x0b)),
  protobuf("the same field", (size) => Buffer.from(repeat("\x12\x01a", size))),
  protobuf("0xff", (size) => Buffer.alloc(size, 0xff)),
  reply("messages nested", (size) => nestedBytes(18, Math.min(400, size / 4))),
  reply("groups", (size) => Buffer.alloc(size, 0x0b)),
  reply("map entries", (size) =>
    Buffer.concat(
      Array.from({ length: size / 10 }, (_, i) =>
        field(15, Buffer.concat([field(1, Buffer.from(`k${i}`)), Buffer.from([0x10, 1])])),
      ),
    ),
  ),
  reply("empty messages", (size) => Buffer.from(repeat("\x9a\x01\x00", size), "latin1")),
  reply("packed numbers", (size) => field(13, Buffer.alloc(size, 1))),
  reply("control characters", (size) => field(10, Buffer.alloc(size, 1))),
  reply("the same message in pieces", (size) => Buffer.from(repeat("\x92\x01\x02\x18\x01", size), "latin1")),
  redacted("empty texts that are masked", (size) => Buffer.from(repeat("\n\x00", size), "latin1")),
  redacted("hidden and shown in turn", (size) => Buffer.from(repeat("\x12\x00(\x01", size), "latin1")),
  redacted("messages that become empty", (size) => Buffer.from(repeat("\x1a\x02\x12\x00", size), "latin1")),
  redacted("groups", (size) => Buffer.alloc(size, 0x1b)),
  redacted("Anys without a type", (size) => Buffer.from(repeat("\x22\x02\x0a\x00", size), "latin1")),
  of(
    "media type: parameters",
    1024,
    (size) => `a/b${repeat("; c=d", size)}`,
    (input) => parseMediaType(input.toString()),
  ),
];
