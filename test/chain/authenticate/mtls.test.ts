import { expect } from "chai";
import type { AuthenticationRequest, ClientCertificate } from "../../../src/caller.ts";
import { compileName, createMtls } from "../../../src/chain/authenticate/mtls.ts";
import type { MtlsOptions } from "../../../src/chain/authenticate/mtls.ts";
import { GatewayError } from "../../../src/status.ts";
import { newRequest } from "./new-request.ts";

const certificate: ClientCertificate = {
  subject: "CN=billing,O=Example",
  commonName: "billing",
  dnsNames: ["billing.example", "alt.example"],
  uris: ["spiffe://other/x", "spiffe://example/billing"],
  emails: [],
  fingerprint: "ab".repeat(32),
  // The file is read long before its tests run.
  validTo: Date.now() + 3_600_000,
};
const bring = (shown: ClientCertificate | undefined): AuthenticationRequest => newRequest({ certificate: shown });
const create = (options: Partial<MtlsOptions> = {}) =>
  createMtls({ principal: "uri", allow: [], grants: [], ...options });
const principalOf = (options: Partial<MtlsOptions>, shown = certificate): string => {
  try {
    return (create(options).authenticate(bring(shown)) as { principal: string }).principal;
  } catch (error) {
    if (error instanceof GatewayError) return `${error.reason}: ${error.message}`;
    throw error;
  }
};

describe("createMtls", () => {
  it("names the caller by what of the certificate is asked for", () => {
    expect(principalOf({})).to.equal("mtls:spiffe://other/x");
    expect(principalOf({ principal: "dns" })).to.equal("mtls:billing.example");
    expect(principalOf({ principal: "common_name" })).to.equal("mtls:billing");
    expect(principalOf({ principal: "subject" })).to.equal("mtls:CN=billing,O=Example");
    expect(principalOf({ principal: "fingerprint" })).to.equal(`mtls:${"ab".repeat(32)}`);
    expect(principalOf({ principal: "email" })).to.equal("CERTIFICATE_REFUSED: the client certificate has no email");
  });

  it("has nothing to say of a connection without one", () => {
    expect(create().authenticate(bring(undefined))).to.equal(undefined);
  });

  it("lets in whom the list names, by the name that it names", () => {
    expect(principalOf({ allow: ["spiffe://example/*"] })).to.equal("mtls:spiffe://example/billing");
    expect(principalOf({ principal: "dns", allow: ["alt.example"] })).to.equal("mtls:alt.example");
    expect(principalOf({ allow: ["spiffe://example/"] })).to.equal(
      "CERTIFICATE_REFUSED: the client certificate is not let in",
    );
  });

  it("grants scopes and roles by name, and ends with the certificate", () => {
    const mtls = create({
      principal: "dns",
      grants: [
        { match: "*.example", scopes: ["a", "b"], roles: [] },
        { match: "billing.example", scopes: ["b", "c"], roles: ["robot"] },
        { match: "alt.example", scopes: ["d"], roles: ["d"] },
      ],
    });
    const identity = mtls.authenticate(bring(certificate));
    expect(identity).to.deep.include({ expiresAt: certificate.validTo, scopes: ["a", "b", "c"], roles: ["robot"] });
    expect(identity).to.have.nested.property("claims.sub", "billing.example");
    expect(mtls.authenticate(bring(certificate)), "one object a connection").to.equal(identity);
  });

  it("refuses a certificate that has ended while its connection was open", () => {
    for (const validTo of [Date.now() - 1, Number.NaN])
      expect(principalOf({}, { ...certificate, validTo })).to.equal(
        "CERTIFICATE_REFUSED: the client certificate has expired",
      );
  });
});

describe("compileName", () => {
  it("takes one star for any text, and everything else as it is", () => {
    const matches = (pattern: string, names: readonly string[]) => names.map(compileName(pattern));
    expect(matches("*.example", ["a.example", ".example", "a.b.example", "example", "a.example.evil"])).to.deep.equal([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(matches("ab*ba", ["abba", "aba", "abxba"])).to.deep.equal([true, false, true]);
    expect(matches("a.b", ["a.b", "axb", "A.b"])).to.deep.equal([true, false, false]);
    expect(matches("*", ["", "x"])).to.deep.equal([true, true]);
  });
});
