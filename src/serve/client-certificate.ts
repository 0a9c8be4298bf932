// The certificate a client has shown, as the chain sees it: read once a connection, and only when somebody asks.
import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ClientCertificate } from "../caller.ts";

/** Undefined for a client without one, and for one that was not verified. */
export type CertificateReader = () => ClientCertificate | undefined;

const noCertificate: CertificateReader = () => undefined;

export function createCertificateReader(socket: Socket): CertificateReader {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return noCertificate;
  let certificate: ClientCertificate | undefined;
  let isRead = false;
  return () => {
    if (isRead) return certificate;
    isRead = true;
    const shown = socket.getPeerX509Certificate();
    certificate = shown === undefined ? undefined : toClientCertificate(shown);
    return certificate;
  };
}

export function toClientCertificate(shown: X509Certificate): ClientCertificate {
  const names = parseAltNames(shown.subjectAltName ?? "");
  const of = (kind: string): string[] => names.filter((name) => name.kind === kind).map((name) => name.value);
  return {
    subject: toSubject(shown.subject),
    commonName: toCommonName(shown),
    dnsNames: of("DNS"),
    uris: of("URI"),
    emails: of("email"),
    fingerprint: shown.fingerprint256.replaceAll(":", "").toLowerCase(),
    validTo: Date.parse(shown.validTo),
  };
}

/** The order of RFC 2253, the last first, as Envoy and `openssl x509 -nameopt RFC2253` have it. Node has one attribute a line, escaped. */
function toSubject(subject: string | undefined): string {
  return (subject ?? "").split("\n").reverse().join(",");
}

/** Undefined where there are several: which of them counts would be a guess. */
function toCommonName(shown: X509Certificate): string | undefined {
  const name: unknown = shown.toLegacyObject().subject?.CN;
  return typeof name === "string" && isPlain(name) ? name : undefined;
}

interface AltName {
  /** As OpenSSL prints it: `DNS`, `URI`, `email`, `IP Address`, `DirName`. */
  readonly kind: string;
  readonly value: string;
}

/**
 * `DNS:a.example, URI:"spiffe://x/a,b"`: Node prints names that could pass for two in quotes, as JSON (CVE-2021-44532). All of the
 * list or nothing of it: a list that cannot be read has no names.
 */
export function parseAltNames(text: string): readonly AltName[] {
  const names: AltName[] = [];
  let at = 0;
  while (at < text.length) {
    const entry = altName.exec(text.slice(at));
    if (entry === null) return [];
    const value = entry[2].startsWith('"') ? unquote(entry[2]) : entry[2];
    if (value === undefined) return [];
    if (isPlain(value)) names.push({ kind: entry[1], value });
    at += entry[0].length;
  }
  return names;
}

/** A kind, then a JSON string or what has neither quotes nor commas, then the end or the comma before the next. */
const altName = /^([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, (?=.)|$)/s;

function unquote(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** No control characters, NUL above all, with which one name can be made to look like another. */
function isPlain(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  return text !== "" && !/[\u0000-\u001f\u007f]/.test(text);
}
