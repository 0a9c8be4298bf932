import { expect } from "chai";
import { compileFieldText } from "../../../src/translate/reply/field-text.ts";
import { compileSuccess } from "../../../src/front/rest/success.ts";
import type { Success } from "../../../src/front/rest/success.ts";
import type { Diagnostic } from "../../../src/diagnostic.ts";
import { compilePolicies } from "../../../src/policy/policies.ts";
import { followTextPath } from "../../../src/schema/text-path.ts";
import { methodRulesOf } from "../../support/method-rules.ts";
import { field, schemaOf } from "./library.ts";

const header = 'syntax = "proto3"; package t; import "sluice/annotations.proto";';

function read(option: string): { readonly success: Success; readonly problems: readonly Diagnostic[] } {
  const schema = schemaOf(`${header} message M { string name = 1; repeated string tags = 2; }
    service S { rpc Do(M) returns (M) { ${option} } }`);
  const problems = compilePolicies({ schema, config: undefined }).diagnostics;
  return { success: compileSuccess(schema.method("t.S.Do")!, methodRulesOf(schema)), problems };
}

describe("compileSuccess", () => {
  it("is 200 without headers when nothing is said", () => {
    expect(read("")).to.deep.equal({ success: { status: 200, location: undefined, headers: [] }, problems: [] });
  });

  it("reads status, location and headers", () => {
    const { success, problems } = read(
      'option (sluice.http) = { status: 202 location: "name" header: "Cache-Control:  no-store " };',
    );
    expect(problems).to.deep.equal([]);
    expect(success.status).to.equal(202);
    expect(success.location?.(field(1, "n"))).to.equal("n");
    expect(success.headers).to.deep.equal(["cache-control", "no-store"]);
  });

  const bad: readonly (readonly [option: string, problem: string])[] = [
    ["status: 404", "status is 404; a success is 200 to 299"],
    ["status: 100", "status is 100; a success is 200 to 299"],
    ['location: "nam"', 'location is "nam": t.M has no field "nam"'],
    ['location: "tags"', 'location is "tags": the field tags is repeated'],
    ['header: "no colon"', 'header is "no colon"; "name: value" is expected'],
    ['header: "a: b\\r\\nc: d"', 'header is "a: b\\r\\nc: d"; "name: value" is expected'],
    ['header: "Content-Length: 3"', "the header Content-Length is set by the gateway itself"],
  ];
  for (const [option, problem] of bad) {
    it(`leaves out ${option} and says so`, () => {
      const { success, problems } = read(`option (sluice.http) = { ${option} };`);
      expect(problems.map(({ message }) => message)).to.deep.equal([`t.S.Do: ${problem}`]);
      expect(success).to.deep.equal({ status: 200, location: undefined, headers: [] });
    });
  }
});

describe("compileFieldText", () => {
  const schema =
    schemaOf(`${header} message M { string name = 1; M child = 2; repeated M list = 3; int64 id = 4; uint64 big = 5;
    sint32 zig = 6; bool flag = 7; int32 small = 8; map<string, string> map = 9; }`);
  const type = schema.message("t.M")!;
  const readText = (path: string, bytes: Uint8Array): string | undefined => {
    return compileFieldText(type, path)(bytes);
  };
  const varint = (number: number, ...bytes: number[]): Buffer => Buffer.from([number << 3, ...bytes]);
  const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];

  it("reads strings, nested ones too, the last occurrence winning", () => {
    expect(readText("name", Buffer.concat([field(1, "a"), varint(4, 1), field(1, "b")]))).to.equal("b");
    expect(readText("child.name", Buffer.concat([field(2, field(1, "a")), field(2, varint(4, 1))]))).to.equal("a");
    expect(readText("name", new Uint8Array(0))).to.equal(undefined);
    expect(readText("name", field(1, ""))).to.equal(undefined);
  });

  it("reads integers of every sign and size", () => {
    expect(readText("id", varint(4, ...minusOne))).to.equal("-1");
    expect(readText("big", varint(5, ...minusOne))).to.equal("18446744073709551615");
    expect(readText("zig", varint(6, 3))).to.equal("-2");
    expect(readText("small", varint(8, ...minusOne))).to.equal("-1");
  });

  it("says what is wrong with a path", () => {
    for (const path of ["", "nope", "name.x", "list", "list.name", "map", "flag", "child"]) {
      expect(followTextPath(type, path), path).to.be.a("string");
      expect(() => compileFieldText(type, path), path).to.throw();
    }
  });
});
