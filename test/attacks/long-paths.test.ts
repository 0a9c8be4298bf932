// Row 26 of docs/attacks.md: a path of a megabyte costs what its length is worth, whatever it is made of.
import { expect } from "chai";
import { createRouter } from "../../src/route/router.ts";
import { bindMethods } from "../../src/schema/bind/http-rule.ts";
import { startGateway } from "../support/gateway.ts";
import { schemaOf } from "../support/schema.ts";
import { protos } from "./ways.ts";

const greedy = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M { string a = 1; string b = 2; }
  service S {
    rpc A(M) returns (M) { option (google.api.http) = { get: "/{a=x/*/y/**}:go" }; }
    rpc B(M) returns (M) { option (google.api.http) = { get: "/x/{a}/y/{b=**}" }; }
    rpc C(M) returns (M) { option (google.api.http) = { get: "/{a=**}" }; }
    rpc D(M) returns (M) { option (google.api.http) = { get: "/{a=*}/{b=*}:stop" }; }
  }
`;

const mebi = 1024 * 1024;
const unit = ["/x", "/x/y", ":go", "/:", "/%41", "/%2e", "a", "%", "/x:go:stop"];

/** The least of several: what else the machine does is in the others. */
function timeOf(run: () => unknown): number {
  let least = Infinity;
  for (let round = 0; round < 5; round++) {
    const { user, system } = process.cpuUsage();
    run();
    const used = process.cpuUsage();
    least = Math.min(least, used.user + used.system - user - system);
  }
  return least;
}

describe("a path of a megabyte", () => {
  const schema = schemaOf(greedy);
  const bindings = bindMethods(schema, { profile: "strict", bindUnannotated: true, yamlRules: [] }, () => {});
  const router = createRouter(bindings, { profile: "strict", urlUnescape: "except_reserved", maxPathLength: 2 * mebi });

  for (const part of unit)
    it(`takes time that grows with its length, no faster: of ${part}`, () => {
      const long = `/x/1/y/${part.repeat(mebi / part.length)}`;
      const short = long.slice(0, mebi / 16);
      const [few, many] = [short, long].map((path) => timeOf(() => router.match("GET", path)));
      // Sixteen times the length: linear work costs 16, quadratic 256. Below a millisecond nothing can be said, nor need be.
      expect(many / Math.max(few, 500)).to.be.below(64);
    });

  it("is refused where it is longer than the limit, before it is looked at", async () => {
    const gateway = await startGateway({ protos });
    try {
      const { status } = await gateway.request({ method: "GET", target: `/v1/unary/${"a".repeat(mebi)}` });
      expect(status).to.equal(414);
    } finally {
      await gateway.close();
    }
  });
});
