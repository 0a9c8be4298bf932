// Clients whose verified certificate says who they are.
import type { AuthenticationRequest, ClientCertificate, Identity } from "../../caller.ts";
import { Code, GatewayError } from "../../status.ts";
import type { Authenticator } from "./authenticator.ts";

export const mtlsName = "mtls";

/** What of a certificate is the name of its holder. */
export type CertificateName = "uri" | "dns" | "email" | "common_name" | "subject" | "fingerprint";

export interface CertificateGrant {
  /** Of the name: exact, or with one `*` for any text. */
  readonly match: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
}

export interface MtlsOptions {
  readonly principal: CertificateName;
  /** Patterns of names that are let in; empty for all. */
  readonly allow: readonly string[];
  /** All that match count. */
  readonly grants: readonly CertificateGrant[];
}

export function createMtls({ principal, allow, grants }: MtlsOptions): Authenticator {
  const isAllowed = compileNames(allow);
  const compiled = grants.map((grant) => ({ ...grant, matches: compileName(grant.match) }));
  // One object a connection: what is made of it is kept by others.
  const identities = new WeakMap<ClientCertificate, Identity>();

  const identify = (certificate: ClientCertificate): Identity => {
    const names = namesOf(certificate, principal);
    const name = allow.length === 0 ? names[0] : names.find(isAllowed);
    if (name === undefined) throw certificateRefused(names.length === 0 ? `has no ${principal}` : "is not let in");
    const granted = compiled.filter(({ matches }) => matches(name));
    const identity: Identity = {
      principal: `${mtlsName}:${name}`,
      expiresAt: certificate.validTo,
      claims: toClaims(certificate, name),
      scopes: [...new Set(granted.flatMap(({ scopes }) => scopes))],
      roles: [...new Set(granted.flatMap(({ roles }) => roles))],
    };
    identities.set(certificate, identity);
    return identity;
  };

  return {
    name: mtlsName,
    authenticate({ source }: AuthenticationRequest) {
      const certificate = source.certificate;
      if (certificate === undefined) return undefined;
      // The connection may be older than that.
      if (!(Date.now() < certificate.validTo)) throw certificateRefused("has expired");
      return identities.get(certificate) ?? identify(certificate);
    },
  };
}

function namesOf(certificate: ClientCertificate, principal: CertificateName): readonly string[] {
  switch (principal) {
    case "uri":
      return certificate.uris;
    case "dns":
      return certificate.dnsNames;
    case "email":
      return certificate.emails;
    case "common_name":
      return certificate.commonName === undefined ? [] : [certificate.commonName];
    case "subject":
      return certificate.subject === "" ? [] : [certificate.subject];
    case "fingerprint":
    default:
      return [certificate.fingerprint];
  }
}

function toClaims(certificate: ClientCertificate, name: string): Readonly<Record<string, unknown>> {
  const { subject, commonName, dnsNames, uris, emails, fingerprint } = certificate;
  return {
    sub: name,
    subject,
    ...(commonName === undefined ? {} : { common_name: commonName }),
    dns_names: dnsNames,
    uris,
    emails,
    fingerprint,
  };
}

function certificateRefused(problem: string): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, `the client certificate ${problem}`, {
    reason: "CERTIFICATE_REFUSED",
  });
}

function compileNames(patterns: readonly string[]): (name: string) => boolean {
  const compiled = patterns.map(compileName);
  return (name) => compiled.some((matches) => matches(name));
}

/** `spiffe://example/*`, `*.example`, or the name itself; case counts, as it does in most kinds of names. */
export function compileName(pattern: string): (name: string) => boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return (name) => name === pattern;
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return (name) => name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end);
}
