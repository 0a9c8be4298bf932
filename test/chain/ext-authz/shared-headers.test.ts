// Two requests of one connection that repeat their headers share the object of them: each keeps the answer to its own.
import { expect } from "chai";
import type { Call } from "../../../src/call.ts";
import type { AuthorizationServer } from "../../../src/chain/ext-authz/authorization-server.ts";
import { createExtAuthz } from "../../../src/chain/ext-authz/ext-authz.ts";
import type { PrincipalSource } from "../../../src/chain/ext-authz/read-identity.ts";
import { getSource, newCall } from "../new-call.ts";

describe("ext_authz, asked who calls by requests that share their headers", () => {
  it("gives each call what was said of its own path", async () => {
    const server = {
      counts: {},
      check: ({ source }: Call) =>
        Promise.resolve({
          kind: "allowed",
          headers: [{ name: "x-path", value: source.target, append: false }],
          remove: [],
          replyHeaders: [],
          metadata: { sub: "ada" },
        }),
    } as unknown as AuthorizationServer;
    const principal: PrincipalSource = { from: "metadata", name: "sub" };
    const { authenticator, interceptor } = createExtAuthz({ server, principal, isAsked: () => true });
    const headers = {};
    const { method } = newCall();
    const calls = ["/v1/orders/1", "/v1/orders/2"].map((target) =>
      newCall({ method, headers, source: { ...getSource, target } }),
    );
    await Promise.all(calls.map(async (call) => authenticator?.authenticate(call)));
    for (const call of calls) await interceptor.compile(method)?.(call);
    expect(calls.map(({ metadata }) => metadata)).to.deep.equal([
      ["x-path", "/v1/orders/1"],
      ["x-path", "/v1/orders/2"],
    ]);
  });
});
