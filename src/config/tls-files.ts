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

function readPem(path: string | undefined, label: string): Uint8Array | undefined {
  if (path === undefined) return undefined;
  const fail = (message: string): never => {
    throw new DiagnosticError([
      { severity: "error", position: { file: path, line: 1, column: 1 }, message, rule: "tls-file" },
    ]);
  };
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return fail(describeReadError(error));
  }
  const text = new TextDecoder("latin1").decode(bytes);
  return text.includes("-----BEGIN ") && text.includes(`${label}-----`)
    ? bytes
    : fail(`no PEM block of a ${label.toLowerCase()} is in this file`);
}
