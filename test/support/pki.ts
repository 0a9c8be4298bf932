// An authority and certificates for tests, with the files that programs and configurations name.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "./certificate.ts";
import type { Issued } from "./certificate.ts";

export interface Pki extends Issued {
  readonly ca: Buffer;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** A certificate of the authority for somebody else: `/O=Example/CN=billing`, `URI:spiffe://example/billing`. */
  issue(subject: string, altNames?: string): Issued;
  remove(): void;
}

/** An authority and a certificate for localhost, made anew for every run so that none can expire in the repository. */
export function createPki(): Pki {
  const folder = mkdtempSync(join(tmpdir(), "sluice-pki-"));
  const write = (name: string, content: Buffer): string => {
    const file = join(folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  const authority = createAuthority("/CN=Test Authority");
  const leaf = authority.issue("/CN=localhost", "DNS:localhost");
  return {
    ...leaf,
    ca: authority.cert,
    certFile: write("leaf.crt", leaf.cert),
    keyFile: write("leaf.key", leaf.key),
    caFile: write("ca.crt", authority.cert),
    issue: (subject, altNames = "") => authority.issue(subject, altNames),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
