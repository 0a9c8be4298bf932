// Certificates for tests, made by openssl.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Slim container images come without it. */
export function hasOpenssl(): boolean {
  return spawnSync("openssl", ["version"]).error === undefined;
}

export interface Pki {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** A certificate of the authority for somebody else: `/O=Example/CN=billing`, `URI:spiffe://example/billing`. */
  issue(subject: string, altNames?: string): { readonly cert: Buffer; readonly key: Buffer };
  remove(): void;
}

/** An authority and a certificate for localhost, made anew for every run so that none can expire in the repository. */
export function createPki(): Pki {
  const folder = mkdtempSync(join(tmpdir(), "sluice-pki-"));
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "2",
    "-subj",
    "/CN=Test Authority",
  );
  const sign = (name: string, subject: string, altNames: string): void => {
    openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject);
    writeFileSync(join(folder, "ext"), altNames === "" ? "" : `subjectAltName=${altNames}\n`);
    const authority = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl("x509", "-req", "-in", `${name}.csr`, ...authority, "-out", `${name}.crt`, "-days", "2", "-extfile", "ext");
  };
  sign("leaf", "/CN=localhost", "DNS:localhost");
  let issued = 0;
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  return {
    ca: read("ca.crt"),
    cert: read("leaf.crt"),
    key: read("leaf.key"),
    certFile: join(folder, "leaf.crt"),
    keyFile: join(folder, "leaf.key"),
    caFile: join(folder, "ca.crt"),
    issue: (subject, altNames = "") => {
      const name = `client${++issued}`;
      sign(name, subject, altNames);
      return { cert: read(`${name}.crt`), key: read(`${name}.key`) };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
