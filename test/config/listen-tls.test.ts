// The `tls` of the listener: from file, environment and flags; files that cannot serve are refused before the start.
import { expect } from "chai";
import { readListenTls } from "../../src/config/tls-files.ts";
import { redactConfig } from "../../src/config/redact.ts";
import { createPki } from "../support/pki.ts";
import type { Pki } from "../support/pki.ts";
import { configOf, problemsOf } from "./yaml-fixture.ts";

describe("tls of the listener", () => {
  it("is off unless named", () => expect(configOf("").tls).to.equal(undefined));

  it("needs both files", () => {
    expect(problemsOf("tls: {}")).to.deep.equal(["sluice.yaml:1:6: error: tls: needs cert and key"]);
    expect(problemsOf("", { environment: { SLUICE_TLS_CERT: "/none/a.pem" } })).to.deep.equal([
      'error: SLUICE_TLS_CERT: "/none/a.pem": no such file',
      "error: SLUICE_TLS_CERT: needs key beside it",
    ]);
  });

  it("needs PEM files", () => {
    const [first] = problemsOf("tls: {cert: sluice.yaml, key: nope.pem}");
    expect(first).to.match(
      /^sluice\.yaml:1:13: error: tls\.cert: ".*sluice\.yaml": no PEM block of a certificate is in/,
    );
  });

  it("refuses a version that is none", () => {
    expect(problemsOf("tls: {min_version: TLSv1.1}")).to.deep.equal([
      'sluice.yaml:1:20: error: tls.min_version: one of TLSv1.2, TLSv1.3 is expected, found "TLSv1.1"; did you mean "TLSv1.2"?',
    ]);
  });

  describe("with certificates", () => {
    let pki: Pki;
    let other: Pki;
    before(() => {
      pki = createPki();
      other = createPki();
    });
    after(() => {
      pki?.remove();
      other?.remove();
    });

    it("is merged key by key, flags first", () => {
      const { tls } = configOf(
        `tls: {cert: /none, key: ${pki.keyFile}, client_ca: ${pki.certFile}, min_version: TLSv1.3}`,
        {
          flags: { tls: { cert: pki.certFile } },
        },
      );
      expect(tls).to.deep.equal({
        cert: pki.certFile,
        key: pki.keyFile,
        clientCa: pki.certFile,
        clientAuth: "required",
        minVersion: "TLSv1.3",
      });
    });

    it("lets clients do without a certificate where that is said, and only where there is an authority", () => {
      const files = `cert: ${pki.certFile}, key: ${pki.keyFile}`;
      expect(configOf(`tls: {${files}, client_ca: ${pki.certFile}, client_auth: optional}`).tls?.clientAuth).to.equal(
        "optional",
      );
      expect(problemsOf(`tls: {${files}, client_auth: optional}`)[0]).to.match(
        /error: tls\.client_auth: needs client_ca beside it, whose certificates are asked for$/,
      );
    });

    it("refuses the key of another certificate", () => {
      expect(problemsOf(`tls: {cert: ${pki.certFile}, key: ${other.keyFile}}`)[0]).to.match(
        /error: tls\.key: ".*" is not the key of the certificate$/,
      );
    });

    it("reads the files when they are used, and never shows the key's path", () => {
      const config = configOf(`tls: {cert: ${pki.certFile}, key: ${pki.keyFile}}`);
      if (config.tls === undefined) throw new Error("no tls");
      const material = readListenTls(config.tls);
      expect([material.cert, material.key, material.clientCa]).to.deep.equal([pki.cert, pki.key, undefined]);
      expect(JSON.stringify(redactConfig(config))).to.not.include(pki.keyFile);
    });
  });
});
