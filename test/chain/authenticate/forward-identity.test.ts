// What backends are told of a caller, and that no client can say it in the caller's place.
import { expect } from "chai";
import type { Call } from "../../../src/call.ts";
import type { Identity } from "../../../src/caller.ts";
import { compileForwarding } from "../../../src/chain/authenticate/forward-identity.ts";
import type { ForwardingOptions } from "../../../src/chain/authenticate/forward-identity.ts";
import type { Metadata } from "../../../src/metadata.ts";

const options: ForwardingOptions = {
  claims: [
    ["sub", "x-user-id"],
    ["realm.tenant", "x-tenant"],
  ],
  credentials: ["authorization", "x-api-key"],
  cookie: "session",
  keepCredentials: false,
};

function identityOf(claims: Readonly<Record<string, unknown>>): Identity {
  return { principal: "p", expiresAt: Infinity, claims };
}

function forwarded(
  metadata: Metadata,
  identity?: Identity,
  more: Partial<ForwardingOptions> & { readonly headers?: Readonly<Record<string, string>> } = {},
): Metadata {
  const call = { metadata, headers: more.headers ?? {} } as unknown as Call;
  compileForwarding({ ...options, ...more })(call, identity);
  return call.metadata;
}

describe("what backends are told of a caller", () => {
  it("are the claims that are configured, after all else", () => {
    const identity = identityOf({ sub: "ada", realm: { tenant: "acme" }, email: "a@b.c" });
    expect(forwarded(["a", "b"], identity)).to.deep.equal(["a", "b", "x-user-id", "ada", "x-tenant", "acme"]);
  });

  it("is the same metadata where there is nothing to change", () => {
    const metadata = ["a", "b", "accept-language", "de"];
    expect(forwarded(metadata)).to.equal(metadata);
  });

  for (const name of [
    "x-user-id",
    "X-User-Id",
    "x_user_id",
    "x.user.id",
    "xuserid",
    "x-user_id",
    "x-user-id-bin",
    "X_USER_ID_BIN",
    "grpc-metadata-x-user-id",
    "Grpc-Metadata-X_User_Id",
    "grpc-metadata-grpc-metadata-x-user-id",
    "grpcgateway-x-user-id",
    "grpcgateway-grpc-metadata-x-user-id",
    "grpc_metadata_x_user_id",
    "authorization",
    "Authorization",
    "authorization-bin",
    "grpcgateway-authorization",
    "grpc-metadata-authorization",
    "x-api-key",
    "X_API_KEY",
  ])
    it(`is never what a client says by ${name}, also of nobody in particular`, () => {
      expect(forwarded([name, "root", "a", "b"])).to.deep.equal(["a", "b"]);
      expect(forwarded([name, "root", "a", "b"], identityOf({}))).to.deep.equal(["a", "b"]);
      expect(forwarded([name, "root", name, "x"], identityOf({ sub: "ada" }))).to.deep.equal(["x-user-id", "ada"]);
    });

  it("leaves names alone that only look like those", () => {
    const metadata = ["x-user", "1", "x-user-ids", "2", "user-id", "3", "grpc-x-user-id", "4", "cookies", "5"];
    expect(forwarded(metadata)).to.equal(metadata);
  });

  it("holds the other cookies", () => {
    expect(forwarded(["cookie", "a=b; session=x.y.z; c=d", "grpcgateway-cookie", "session=x"])).to.deep.equal([
      "cookie",
      "a=b; c=d",
    ]);
  });

  it("holds the credentials that were judged where that is asked, and no others", () => {
    const headers = { authorization: "Bearer good" };
    const metadata = [
      ["authorization", "Bearer good"],
      ["authorization", "Bearer other"],
      ["grpcgateway-authorization", "Bearer good"],
      ["grpcgateway-authorization", "Bearer other"],
      ["grpc-metadata-authorization", "Bearer other"],
      ["x-user-id", "root"],
      ["cookie", "session=x"],
    ].flat();
    expect(forwarded(metadata, undefined, { keepCredentials: true, headers })).to.deep.equal([
      "authorization",
      "Bearer good",
      "grpcgateway-authorization",
      "Bearer good",
      "cookie",
      "session=x",
    ]);
  });

  for (const [value, name, text] of [
    ["ada", "x-user-id", "ada"],
    ["ada lovelace", "x-user-id", "ada lovelace"],
    [42, "x-user-id", "42"],
    [true, "x-user-id", "true"],
    [["a", "b,c"], "x-user-id", '["a","b,c"]'],
    [{ id: "ü" }, "x-user-id", '{"id":"\\u00fc"}'],
    ["ädä", "x-user-id-bin", Buffer.from("ädä").toString("base64").replace(/=+$/, "")],
    ["a\r\nx-admin: 1", "x-user-id-bin", Buffer.from("a\r\nx-admin: 1").toString("base64").replace(/=+$/, "")],
    [" ada", "x-user-id-bin", "IGFkYQ"],
    ["", "x-user-id-bin", ""],
  ] as const)
    it(`writes ${JSON.stringify(value)} as ${name}`, () =>
      expect(forwarded([], identityOf({ sub: value }))).to.deep.equal([name, text]));

  it("says nothing of claims that are not there", () =>
    expect(forwarded([], identityOf({ sub: null }))).to.deep.equal([]));

  it("knows a bounded number of the names clients use", () => {
    const forward = compileForwarding(options);
    const call = { metadata: [] as string[], headers: {} } as unknown as Call;
    for (let i = 0; i < 100_000; i++) {
      call.metadata = [`x-${i}`, "", "x-user-id", "root"];
      forward(call, undefined);
      expect(call.metadata).to.have.length(2);
    }
  });
});
