// Reads the PEM files of the listener and of upstreams, when the gateway starts.
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { DiagnosticError } from "../diagnostic.ts";
import type { ListenTls, TlsFiles, TlsVersion } from "./config.ts";
import { describeReadError } from "./read-file.ts";

export interface TlsMaterial {
  readonly ca: Uint8Array | undefined;
  readonly cert: Uint8Array | undefined;
  readonly key: Uint8Array | undefined;
  readonly serverName: string | undefined;
}

/** Throws DiagnosticError when a file cannot be read or holds no PEM block. */
export function readTlsFiles(files: TlsFiles): TlsMaterial {
  return {
    ca: files.ca === undefined ? undefined : readPem(files.ca, "CERTIFICATE"),
    cert: files.cert === undefined ? undefined : readPem(files.cert, "CERTIFICATE"),
    key: files.key === undefined ? undefined : readPem(files.key, "PRIVATE KEY"),
    serverName: files.serverName,
  };
}

/** What the listener shows and asks of its clients. */
export interface ListenTlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
  readonly clientAuth: ListenTls["clientAuth"];
  readonly minVersion: TlsVersion;
}

/** Throws DiagnosticError when a file cannot be read or holds no PEM block. */
export function readListenTls({ cert, key, clientCa, clientAuth, minVersion }: ListenTls): ListenTlsMaterial {
  return {
    cert: Buffer.from(readPem(cert, "CERTIFICATE")),
    key: Buffer.from(readPem(key, "PRIVATE KEY")),
    clientCa: clientCa === undefined ? undefined : Buffer.from(readPem(clientCa, "CERTIFICATE")),
    clientAuth,
    minVersion,
  };
}

/** Why this certificate and this key cannot be used together; undefined when they can. */
export function findPairProblem(cert: string, key: string): string | undefined {
  try {
    createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
    return undefined;
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (code === "ERR_OSSL_X509_KEY_VALUES_MISMATCH") return "is not the key of the certificate";
    if (code.includes("BAD_PASSWORD_READ") || code.includes("INTERRUPTED_OR_CANCELLED"))
      return "is encrypted; write it without a passphrase";
    return `cannot be used: ${message}`;
  }
}

/** What is wrong with a PEM file, in words. */
export function findPemProblem(path: string, label: PemLabel): string | undefined {
  const read = tryPem(path, label);
  return typeof read === "string" ? read : undefined;
}

export type PemLabel = "CERTIFICATE" | "PRIVATE KEY";

function readPem(path: string, label: PemLabel): Uint8Array {
  const read = tryPem(path, label);
  if (typeof read !== "string") return read;
  throw new DiagnosticError([
    { severity: "error", position: { file: path, line: 1, column: 1 }, message: read, rule: "tls-file" },
  ]);
}

function tryPem(path: string, label: PemLabel): Uint8Array | string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return describeReadError(error);
  }
  const text = new TextDecoder("latin1").decode(bytes);
  return text.includes("-----BEGIN ") && text.includes(`${label}-----`)
    ? bytes
    : `no PEM block of a ${label.toLowerCase()} is in this file`;
}
