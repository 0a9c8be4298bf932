// The group `auth`: what it means, and that nothing wrong in it goes by unseen or lets anybody in.
import { expect } from "chai";
import { listLoosened } from "../../src/config/loosened.ts";
import { redactConfig } from "../../src/config/redact.ts";
import { configOf, problemsOf } from "./yaml-fixture.ts";

const secret = "a-secret-of-more-than-thirty-two-bytes";

const issuerOf = (text: string): string => `auth:\n  issuers:\n    - ${text}\n`;

describe("the group auth", () => {
  it("is as the README of the gateway has it", () => {
    const { auth } = configOf(`
protos: [./protos]
upstreams: { default: "localhost:50051" }
auth:
  default: required            # a method is public only where it says so
  public: ["shop.v1.Catalog.*"]
  issuers:
    - issuer: https://idp.example
      jwks: http://127.0.0.1:9000/jwks.json
      audience: shop
      algorithms: [RS256]
`);
    expect(auth?.default.value).to.equal("required");
    expect(auth?.public[0].value).to.equal("shop.v1.Catalog.*");
    expect(auth?.public[0].from).to.match(/sluice\.yaml:6:12$/);
    expect(auth?.issuers).to.deep.equal([
      {
        issuer: "https://idp.example",
        jwks: "http://127.0.0.1:9000/jwks.json",
        audiences: ["shop"],
        algorithms: ["RS256"],
        secret: undefined,
        typ: undefined,
        leewayMs: 60_000,
        principal: "sub",
        scopes: "scope",
        roles: "roles",
      },
    ]);
  });

  it("is not there without being named", () => expect(configOf("").auth).to.equal(undefined));

  it("keeps secrets out of what /config shows", () => {
    const text = issuerOf(`{ issuer: local, audience: shop, algorithms: [HS256], secret: "\${KEY}" }`);
    const config = configOf(text, { environment: { KEY: secret } });
    expect(config.auth?.issuers[0].secret).to.equal(secret);
    expect(JSON.stringify(redactConfig(config))).not.to.contain(secret);
  });

  it("says at start what it leaves open", () => {
    const text = issuerOf("{ issuer: https://a.example, audience: any, algorithms: [RS256] }");
    const lines = listLoosened(configOf(`${text}  default: optional\n  public: ["*"]\n  forward_token: true\n`));
    for (const start of [
      "auth.default optional",
      "auth.public *",
      "auth.issuers https://a.example",
      "auth.forward_token",
    ])
      expect(
        lines.filter((line) => line.startsWith(start)),
        start,
      ).to.have.length(1);
    const strict = issuerOf("{ issuer: https://a.example, audience: shop, algorithms: [RS256] }");
    expect(listLoosened(configOf(strict)).filter((line) => line.startsWith("grpc.reflection"))).to.have.length(1);
    expect(listLoosened(configOf(`${strict}grpc: { reflection: false }`))).to.deep.equal([]);
  });

  const good = "issuer: https://a.example, audience: shop, algorithms: [RS256]";
  const wrong: readonly [what: string, text: string, place: string, message: string][] = [
    ["no issuer", issuerOf("{ audience: shop, algorithms: [RS256] }"), "3:7", `the key "issuer" is missing`],
    [
      "no audience",
      issuerOf("{ issuer: https://a.example, algorithms: [RS256] }"),
      "3:7",
      `the key "audience" is missing`,
    ],
    [
      "no algorithms",
      issuerOf("{ issuer: https://a.example, audience: shop }"),
      "3:7",
      `the key "algorithms" is missing`,
    ],
    [
      "an empty list of algorithms",
      issuerOf("{ issuer: https://a.example, audience: shop, algorithms: [] }"),
      "3:64",
      "must not be empty",
    ],
    [
      "an empty list of audiences",
      issuerOf("{ issuer: https://a.example, audience: [], algorithms: [RS256] }"),
      "3:46",
      "must not be empty",
    ],
    [
      "an empty audience",
      issuerOf(`{ issuer: https://a.example, audience: "", algorithms: [RS256] }`),
      "3:46",
      "must not be empty",
    ],
    [
      "any among audiences",
      issuerOf("{ issuer: https://a.example, audience: [shop, any], algorithms: [RS256] }"),
      "3:46",
      "any stands alone",
    ],
    [
      "the algorithm none",
      issuerOf("{ issuer: https://a.example, audience: shop, algorithms: [none] }"),
      "3:65",
      "one of RS256",
    ],
    [
      "an algorithm in lower case",
      issuerOf("{ issuer: https://a.example, audience: shop, algorithms: [rs256] }"),
      "3:65",
      `did you mean "RS256"?`,
    ],
    [
      "HS256 without a secret",
      issuerOf("{ issuer: https://a.example, audience: shop, algorithms: [RS256, HS256] }"),
      "3:64",
      "HS256 is checked with a secret",
    ],
    [
      "HS256 with a key set",
      issuerOf("{ issuer: a, jwks: https://a.example, audience: shop, algorithms: [HS256] }"),
      "3:73",
      "HS256 is checked with a secret",
    ],
    [
      "RS256 with a secret",
      issuerOf(`{ issuer: a, audience: shop, algorithms: [RS256], secret: ${secret} }`),
      "3:48",
      "RS256 is checked with a public key",
    ],
    [
      "a secret beside a key set",
      issuerOf(`{ issuer: a, jwks: https://a.example, audience: shop, algorithms: [HS256], secret: ${secret} }`),
      "3:90",
      "stands beside jwks",
    ],
    [
      "a short secret",
      issuerOf("{ issuer: a, audience: shop, algorithms: [HS512], secret: short }"),
      "3:65",
      "needs at least 64",
    ],
    ["an issuer twice", `${issuerOf(`{ ${good} }`)}    - { ${good} }\n`, "4:17", "is named twice"],
    [
      "an issuer without URL and keys",
      issuerOf("{ issuer: accounts, audience: shop, algorithms: [RS256] }"),
      "3:17",
      "cannot be found by discovery",
    ],
    [
      "an issuer with a bar",
      issuerOf(`{ issuer: "https://a.example/|b", audience: shop, algorithms: [RS256] }`),
      "3:17",
      "an issuer is expected",
    ],
    [
      "an issuer that is named like keys are",
      issuerOf(`{ issuer: "api_keys:a", jwks: https://a.example, audience: s, algorithms: [RS256] }`),
      "3:17",
      "begins like the principals of api_keys",
    ],
    ["keys over http", issuerOf(`{ ${good}, jwks: http://idp.example/jwks }`), "3:79", "an https URL is expected"],
    ["keys over ftp", issuerOf(`{ ${good}, jwks: ftp://idp.example/jwks }`), "3:79", "an https URL is expected"],
    [
      "keys with a password",
      issuerOf(`{ ${good}, jwks: "https://u:p@idp.example/jwks" }`),
      "3:79",
      "an https URL is expected",
    ],
    [
      "keys on something like loopback",
      issuerOf(`{ ${good}, jwks: "http://localhost.evil.example/jwks" }`),
      "3:79",
      "an https URL is expected",
    ],
    ["a leeway of a day", issuerOf(`{ ${good}, leeway: 24h }`), "3:81", "must be between 0s and 10m"],
    ["a leeway without unit", issuerOf(`{ ${good}, leeway: 60 }`), "3:81", "a duration"],
    ["a key that is none", issuerOf(`{ ${good}, audiences: shop }`), "3:73", `did you mean "audience"?`],
    ["a level that is none", "auth: { default: none }\n", "1:18", "one of required, optional, public"],
    ["a level in capitals", "auth: { default: Required }\n", "1:18", `did you mean "required"?`],
    [
      "a selector that is none",
      "auth: { public: [/shop.v1.Catalog/Get] }\n",
      "1:18",
      "a method as shop.v1.Orders.GetOrder",
    ],
    ["one selector as text", "auth: { public: shop.v1.Catalog.* }\n", "1:17", "a list is expected"],
    ["a cookie with a blank", "auth: { cookie: a b }\n", "1:17", "the name of a cookie"],
    [
      "claims forwarded as authorization",
      "auth: { forward_claims: { sub: Authorization } }\n",
      "1:32",
      "holds credentials",
    ],
    [
      "claims forwarded as grpc-status",
      "auth: { forward_claims: { sub: grpc-status } }\n",
      "1:32",
      "the gateway's own",
    ],
    [
      "claims forwarded under two spellings of a name",
      "auth: { forward_claims: { sub: x-user-id, email: X.User.Id } }\n",
      "1:50",
      "is what sub becomes",
    ],
    ["claims forwarded as -bin", "auth: { forward_claims: { sub: x-user-bin } }\n", "1:32", "ends in -bin"],
  ];
  for (const [what, text, place, message] of wrong)
    it(`stops the start with ${what}, at its place`, () => {
      const errors = problemsOf(text).filter((line) => line.includes(" error: "));
      expect(errors.join("\n")).to.contain(message);
      expect(errors.find((line) => line.includes(message))).to.match(new RegExp(`^sluice\\.yaml:${place}: `));
    });

  it("leaves it to the policies whether somebody has to say who they are", () => {
    expect(problemsOf("auth: {}\n")).to.deep.equal([]);
  });
});
