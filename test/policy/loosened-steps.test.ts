// Composed methods, and who may call the methods of their steps.
import { expect } from "chai";
import { secretIssuer } from "../matrix/secret-issuer.ts";
import { loadSource } from "../support/gateway.ts";

const protos = (
  step: string,
  composed: string,
): string => `syntax = "proto3"; package t; import "sluice/annotations.proto";
message Ask { string id = 1; }
message M { string text = 1; }
message View { M m = 1; }
service S {
  rpc Get(Ask) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; ${step} }
  rpc Look(Ask) returns (View) {
    ${composed}
    option (sluice.compose) = { step { id: "m" call: "t.S/Get" set: "id = req.id" } out: "m = m" };
  }
}
`;

const problemsOf = async (step: string, composed: string): Promise<readonly string[]> =>
  (await loadSource({ protos: protos(step, composed), yaml: secretIssuer })).problems;

const warning = (what: string): string =>
  `test.proto:9:12: warning: t.S.Look calls t.S.Get for callers who may not call that themselves: ${what}; ` +
  "callers are judged by the composed method's policies only; ask the same there if that is not meant";

describe("a composed method", () => {
  it("is warned of where it is public, and a step is not", async () => {
    expect(await problemsOf("", "option (sluice.auth) = { level: PUBLIC };")).to.deep.equal([
      warning("it is public, and the other required (default)"),
    ]);
  });

  it("is warned of where it asks less of callers than a step does", async () => {
    const problems = await problemsOf('option (sluice.auth) = { roles: "admin" };', "");
    expect(problems).to.have.length(1);
    expect(problems[0]).to.match(/may not call that themselves: the rule \S+ \(test\.proto:6:\d+\) is not its own; /);
  });

  it("is not where both ask the same, or it asks more", async () => {
    const admins = 'option (sluice.auth) = { roles: "admin" };';
    expect(await problemsOf(admins, admins)).to.deep.equal([]);
    expect(await problemsOf("", admins)).to.deep.equal([]);
    const open = "option (sluice.auth) = { level: PUBLIC };";
    expect(await problemsOf(open, open)).to.deep.equal([]);
  });
});
