import { expect } from "chai";
import { compileTimeout } from "../../src/front/deadline.ts";
import type { TimeoutOf } from "../../src/front/deadline.ts";
import { strictRest } from "../../src/front/rest/options.ts";
import type { Method } from "../../src/schema/descriptor.ts";
import { GatewayError } from "../../src/status.ts";
import { librarySource, schemaOf } from "./rest/library.ts";

describe("compileTimeout", () => {
  let plain: TimeoutOf;
  let short: TimeoutOf;
  before(() => {
    const schema = schemaOf(librarySource);
    const methodTimeoutMs = ({ localName }: Method): number | undefined =>
      localName === "TouchBook" ? 2000 : undefined;
    const options = { ...strictRest, methodTimeoutMs };
    const compile = (name: string): TimeoutOf => compileTimeout(schema.method(`test.v1.Library.${name}`)!, options);
    plain = compile("GetBook");
    short = compile("TouchBook");
  });

  const cases: readonly (readonly [
    title: string,
    headers: Record<string, string>,
    parameter: string | undefined,
    ms: number,
  ])[] = [
    ["nothing", {}, undefined, 15_000],
    ["grpc-timeout in milliseconds", { "grpc-timeout": "100m" }, undefined, 100],
    ["grpc-timeout in minutes", { "grpc-timeout": "2M" }, undefined, 120_000],
    ["Sluice-Timeout", { "sluice-timeout": "1m1.5s" }, undefined, 61_500],
    ["$timeout", {}, "500ms", 500],
    ["all of them", { "grpc-timeout": "4S", "sluice-timeout": "2s" }, "3s", 2_000],
    ["more than the cap", { "grpc-timeout": "99999999H" }, undefined, 300_000],
  ];
  for (const [title, headers, parameter, ms] of cases) {
    it(`gives ${ms} ms for ${title}`, () => {
      expect(plain(headers, parameter)).to.equal(ms);
    });
  }

  it("never gives more than what is said of the method, which also replaces the default", () => {
    expect(short({}, undefined)).to.equal(2_000);
    expect(short({ "sluice-timeout": "5s" }, undefined)).to.equal(2_000);
    expect(short({ "sluice-timeout": "1s" }, undefined)).to.equal(1_000);
  });

  for (const text of ["0n", "0S", "00000000H"]) {
    it(`takes grpc-timeout: ${text} for a deadline that has passed`, () => {
      expect(() => plain({ "grpc-timeout": text }, undefined))
        .to.throw(GatewayError)
        .with.property("reason", "DEADLINE_EXCEEDED");
    });
  }

  const bad: readonly (readonly [name: string, value: string])[] = [
    ["grpc-timeout", ""],
    ["grpc-timeout", "1"],
    ["grpc-timeout", "S"],
    ["grpc-timeout", "-1S"],
    ["grpc-timeout", "1.5S"],
    ["grpc-timeout", "123456789S"],
    ["grpc-timeout", "1s"],
    ["sluice-timeout", "5"],
    ["sluice-timeout", "1d"],
    ["sluice-timeout", "-1s"],
    ["sluice-timeout", "1s "],
    ["sluice-timeout", "0s"],
  ];
  for (const [name, value] of bad) {
    it(`refuses ${name}: ${JSON.stringify(value)}`, () => {
      expect(() => plain({ [name]: value }, undefined))
        .to.throw(GatewayError)
        .with.property("reason", "TIMEOUT_INVALID");
    });
  }
});
