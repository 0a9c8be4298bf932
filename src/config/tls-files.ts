// Reads the PEM files of an upstream, when the gateway starts.
import { readFileSync } from "node:fs";
import { DiagnosticError } from "../diagnostic.ts";
import type { TlsFiles } from "./config.ts";
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
    ca: readPem(files.ca, "CERTIFICATE"),
    cert: readPem(files.cert, "CERTIFICATE"),
    key: readPem(files.key, "PRIVATE KEY"),
    serverName: files.serverName,
  };
}

/** What is wrong with a PEM file, in words. */
export function findPemProblem(path: string, label: PemLabel): string | undefined {
  const read = tryPem(path, label);
  return typeof read === "string" ? read : undefined;
}

export type PemLabel = "CERTIFICATE" | "PRIVATE KEY";

function readPem(path: string | undefined, label: PemLabel): Uint8Array | undefined {
  if (path === undefined) return undefined;
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
