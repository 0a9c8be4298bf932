// Every kind of field goes through a composition as it is: into the request of a step, and out of its reply.
import { expect } from "chai";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";

const scalars = [
  ["double", "0.1", "-0"],
  ["float", "1.5", "0"],
  ["int32", "-1", "0"],
  ["int64", '"-9223372036854775808"', '"0"'],
  ["uint32", "4294967295", "0"],
  ["uint64", '"18446744073709551615"', '"0"'],
  ["sint32", "-2147483648", "0"],
  ["sint64", '"-5"', '"0"'],
  ["fixed32", "7", "0"],
  ["fixed64", '"7"', '"0"'],
  ["sfixed32", "-7", "0"],
  ["sfixed64", '"-7"', '"0"'],
  ["bool", "true", "false"],
  ["string", '"ä"', '""'],
  ["bytes", '"AP8="', '""'],
] as const;

/** Of each type a field without presence, one with it, a list, a map; and what is not a scalar. */
const fields: (readonly [declaration: string, name: string])[] = scalars.flatMap(([type], index) => {
  const at = index * 10 + 100;
  return [
    [`${type} a${index} = ${at};`, `a${index}`],
    [`optional ${type} o${index} = ${at + 1};`, `o${index}`],
    [`repeated ${type} r${index} = ${at + 2};`, `r${index}`],
    [`map<string, ${type}> m${index} = ${at + 3};`, `m${index}`],
  ] as const;
});
fields.push(
  ["Color color = 1;", "color"],
  ["repeated Color colors = 2;", "colors"],
  ["Part part = 3;", "part"],
  ["repeated Part parts = 4;", "parts"],
  ["map<int32, Part> by_number = 5;", "by_number"],
  ["google.protobuf.StringValue note = 6;", "note"],
  ["google.protobuf.Timestamp time = 7;", "time"],
  ["repeated int32 unpacked = 8 [packed = false];", "unpacked"],
  ["old.Old old = 9;", "old"],
  ["oneof choice { string text = 10; Part piece = 11; bool flag = 12; }", "text"],
);
const names = [...fields.map(([, name]) => name), "piece", "flag"];

const head = (syntax: string, name: string): string => `${syntax} package ${name};`;
const protos = {
  // Messages between tags instead of behind lengths.
  "old.proto": `${head('edition = "2023";', "old")}
    message Old {
      Inner inner = 1 [features.message_encoding = DELIMITED];
      repeated Inner inners = 2 [features.message_encoding = DELIMITED];
    }
    message Inner { string id = 1; }`,
  "all.proto": `${head('syntax = "proto3";', "t")}
    import "google/api/annotations.proto"; import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
    import "old.proto"; import "sluice/annotations.proto";
    enum Color { NONE = 0; RED = 1; }
    message Part { string id = 1; repeated Part parts = 2; }
    message All { ${fields.map(([declaration]) => declaration).join("\n")} }
    service Backend { rpc Echo(All) returns (All) { option idempotency_level = NO_SIDE_EFFECTS; } }
    service Views {
      rpc Copy(All) returns (All) {
        option (google.api.http) = { post: "/v1/copy" body: "*" };
        option (sluice.compose) = {
          step { id: "one" call: "t.Backend/Echo" ${names.map((name) => `set: "${name} = req.${name}"`).join(" ")} }
          ${names.map((name) => `out: "${name} = one.${name}"`).join(" ")}
        };
      }
      rpc Inside(All) returns (All) {
        option (google.api.http) = { post: "/v1/inside" body: "*" };
        option (sluice.compose) = {
          step { id: "one" call: "t.Backend/Echo"
                 set: "old.inner.id = req.part.id" set: "old.inners[].id = req.parts[].id" set: "note.value = req.a13" }
          out: "part.id = one.old.inner.id" out: "parts[].id = one.old.inners[].id" out: "o13 = one.note.value"
        };
      }
    }`,
};

const all = (values: (index: number) => string, more: string): string =>
  `{${scalars.map((_, index) => values(index)).join(",")}${more}}`;

const full = all(
  (index) => {
    const [, value, zero] = scalars[index];
    return `"a${index}": ${value}, "o${index}": ${zero}, "r${index}": [${value}, ${zero}, ${value}], "m${index}": {"x": ${value}, "": ${zero}}`;
  },
  `, "color": "RED", "colors": ["RED", "NONE"], "part": {"id": "p", "parts": [{"id": "q"}]}, "parts": [{}, {"id": "r"}],
  "byNumber": {"-1": {"id": "s"}}, "note": "", "time": "2026-01-02T03:04:05.678Z", "unpacked": [1, 0, -1],
  "old": {"inner": {"id": "i"}, "inners": [{"id": "j"}, {}]}`,
);

describe("values in a composition", () => {
  let gateway: GatewayFixture;

  before(async () => {
    gateway = await startGateway({
      protos,
      handlers: { "t.Backend/Echo": ({ bytes }) => ({ kind: "reply", message: bytes }) },
      yaml: "json: { emit_defaults: false }",
    });
  });
  after(() => gateway.close());

  const post = async (target: string, body: string): Promise<unknown> => {
    const answer = await gateway.request({ method: "POST", target, headers: ["Content-Type: application/json"], body });
    expect(answer.status, answer.body.toString()).to.equal(200);
    return JSON.parse(answer.body.toString());
  };
  /** As the backend's own echo has it. */
  const echo = (body: string): Promise<unknown> => post("/t.Backend/Echo", body);

  for (const [title, body] of [
    ["of all types, and zeros where they are told from nothing", full],
    ["that are not there", "{}"],
    ["of a oneof: its first member", '{"text": ""}'],
    ["of a oneof: a message", '{"piece": {}}'],
    ["of a oneof: its last member", '{"flag": false}'],
  ])
    it(`go through it as they are, ${title}`, async () => {
      expect(await post("/v1/copy", body)).to.deep.equal(await echo(body));
    });

  it("are found in, and put into, messages of either encoding, and wrappers", async () => {
    const body = '{"part": {"id": "p"}, "parts": [{"id": "q"}, {}], "a13": "w"}';
    expect(await post("/v1/inside", body)).to.deep.equal({
      part: { id: "p" },
      parts: [{ id: "q" }, {}],
      o13: "w",
    });
    expect(gateway.calls.at(-1)?.message).to.equal(
      '{"note":"w","old":{"inner":{"id":"p"},"inners":[{"id":"q"},{"id":""}]}}',
    );
  });
});
