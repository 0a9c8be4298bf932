// The groups of `auth` beside the issuers: what they mean, and what of them is refused, with its place.
import { expect } from "chai";
import { listLoosened } from "../../src/config/loosened.ts";
import { redactConfig } from "../../src/config/redact.ts";
import { createPki } from "../support/pki.ts";
import { configOf, createFolder, problemsOf } from "./yaml-fixture.ts";

describe("auth.api_keys, basic, mtls, introspection and ext_authz", () => {
  it("have defaults for all but what only their user knows", () => {
    const folder = createFolder();
    const file = folder.write("keys.yaml", "keys: []\n");
    const { auth } = configOf(`auth:
  api_keys: { file: ${file} }
  basic: { file: ${file} }
  introspection: { url: "https://idp.example/i", client_id: a, client_secret: b }
  ext_authz: { target: "localhost:9191", principal: "header:x-user" }
`);
    expect(auth).to.deep.include({
      apiKeys: { file, header: "x-api-key", query: undefined },
      basic: { file },
      mtls: undefined,
      introspection: {
        url: "https://idp.example/i",
        clientId: "a",
        clientSecret: "b",
        timeoutMs: 2000,
        cacheMs: 60_000,
        audiences: undefined,
        principal: "sub",
        scopes: "scope",
        roles: "roles",
      },
    });
    expect(auth?.extAuthz).to.deep.include({
      target: "localhost:9191",
      tls: undefined,
      timeoutMs: 200,
      onFailure: "deny",
      principal: { from: "header", name: "x-user" },
    });
    folder.dispose();
  });

  for (const [yaml, problem] of [
    ["api_keys: {}", 'error: auth.api_keys: the key "file" is missing'],
    [
      "api_keys: { file: nope.yaml }",
      'error: auth.api_keys.file: "nope.yaml": no such file; sluice keys create makes one',
    ],
    ["api_keys: { file: k, header: Authorization }", "error: auth.api_keys.header: this header means something else"],
    ["api_keys: { file: k, header: 'x key' }", "error: auth.api_keys.header: the name of a header is expected"],
    ["api_keys: { file: k, query: 'a b' }", "error: auth.api_keys.query: the name of a query parameter is expected"],
    ["basic: { fil: k }", 'error: unknown key "fil" in auth.basic; did you mean "file"?'],
    ["mtls: {}", "error: auth.mtls: clients are asked for no certificate; name those who sign them by tls.client_ca"],
    [
      "mtls: { principal: ur }",
      'error: auth.mtls.principal: one of uri, dns, email, common_name, subject, fingerprint is expected, found "ur"; did you mean "uri"?',
    ],
    ["mtls: { allow: ['a*b*'] }", "error: auth.mtls.allow[0]: a name is expected, with one * at most"],
    [
      "introspection: { url: 'http://idp.example', client_id: a, client_secret: b }",
      "error: auth.introspection.url: an https URL is expected",
    ],
    [
      "introspection: { url: 'https://x', client_id: a }",
      'error: auth.introspection: the key "client_secret" is missing',
    ],
    [
      "introspection: { url: 'https://x', client_id: a, client_secret: b, cache: 60 }",
      "error: auth.introspection.cache: a duration such as 60s is expected, found 60",
    ],
    [
      "introspection: { url: 'https://x', client_id: a, client_secret: b, timeout: 1h }",
      "error: auth.introspection.timeout: must be between 10ms and 5s",
    ],
    [
      "ext_authz: { target: x, on_failure: open }",
      'error: auth.ext_authz.on_failure: one of deny, allow is expected, found "open"',
    ],
    ["ext_authz: { target: x, timeout: 0s }", "error: auth.ext_authz.timeout: must be between 1ms and 4s"],
    [
      "ext_authz: { target: x, principal: sub }",
      "error: auth.ext_authz.principal: header:NAME (lower case) or metadata:NAME is expected",
    ],
    ["ext_authz: { target: x, tls: { cert: a } }", "error: auth.ext_authz.tls.cert: needs key beside it"],
  ] as const)
    it(`refuses ${yaml}`, () => {
      const found = problemsOf(`auth: {${yaml}}`);
      expect(
        found.some((each) => /^\S+\.yaml:1:\d+: /.test(each) && each.includes(problem)),
        found.join("\n"),
      ).to.equal(true);
    });

  it("warn where every call would be refused, as nobody says who calls", () => {
    expect(problemsOf("auth: { ext_authz: { target: x } }")).to.deep.equal([
      "sluice.yaml:1:20: warning: auth.ext_authz: the server decides whether a call is let in, and nobody says who makes it: methods that need credentials refuse every call; name what says who it is by principal, or say auth.default: optional",
    ]);
    for (const yaml of [
      "default: optional, ext_authz: { target: x }",
      "ext_authz: { target: x, principal: 'metadata:sub' }",
    ])
      expect(problemsOf(`auth: { ${yaml} }`)).to.deep.equal([]);
  });

  it("are listed as loosened where they let in more than they seem to", () => {
    const folder = createFolder();
    const file = folder.write("keys.yaml", "keys: []\n");
    const lines = listLoosened(
      configOf(`listen: 0.0.0.0:8080
auth:
  api_keys: { file: ${file}, query: key }
  basic: { file: ${file} }
  ext_authz: { target: x, on_failure: allow }
grpc: { reflection: false }
pages: { playground: "off" }
`),
    );
    expect(lines.filter((line) => line.startsWith("auth."))).to.deep.equal([
      "auth.api_keys.query key: keys in URLs end up in the logs of proxies and in histories",
      "auth.basic without tls: passwords cross the network as they are",
      "auth.ext_authz.on_failure allow: nobody is asked while the server does not answer",
    ]);
    folder.dispose();
  });

  it("never show a secret or the path of a private key", () => {
    const pki = createPki();
    const config = configOf(`auth:
  introspection: { url: "https://x", client_id: a, client_secret: hunter2 }
  ext_authz: { target: x, principal: "metadata:sub", tls: { cert: ${pki.certFile}, key: ${pki.keyFile} } }
`);
    const shown = JSON.stringify(redactConfig(config));
    expect(shown).to.not.include("hunter2").and.not.include(pki.keyFile);
    pki.remove();
  });
});
