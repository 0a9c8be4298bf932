// A file a person wrote, as text: bounded, UTF-8, every failure a diagnostic.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { maxYamlBytes } from "./yaml-source.ts";
import type { Report } from "./yaml-source.ts";

/** Undefined, and reported, when it cannot be read. */
export function readTextFile(path: string, report: Report): string | undefined {
  const fail = (message: string, rule: string): undefined => {
    report({ severity: "error", position: { file: path, line: 1, column: 1 }, message, rule });
    return undefined;
  };
  try {
    const bytes = readBounded(path, maxYamlBytes);
    if (bytes === undefined) return fail(`the file is larger than ${maxYamlBytes / 1024 / 1024} MiB`, "file-size");
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return fail("the file is not valid UTF-8", "file-encoding");
    return fail(describeReadError(error), "file-unreadable");
  }
}

/** At most `limit` bytes; undefined when there are more. Special files (a pipe) are read, not asked for their size. */
function readBounded(path: string, limit: number): Uint8Array | undefined {
  const handle = openSync(path, "r");
  try {
    const { size } = fstatSync(handle);
    if (size > limit) return undefined;
    const buffer = Buffer.allocUnsafe(limit + 1);
    let length = 0;
    for (;;) {
      const count = readSync(handle, buffer, length, buffer.length - length, null);
      if (count === 0) return buffer.subarray(0, length);
      length += count;
      if (length > limit) return undefined;
    }
  } finally {
    closeSync(handle);
  }
}

/** `no such file` instead of Node's `ENOENT: no such file or directory, open '…'`. */
export function describeReadError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ENOTDIR") return "no such file";
  if (code === "EISDIR") return "this is a folder; a file is expected";
  if (code === "EACCES" || code === "EPERM") return "no permission to read this file";
  return `cannot read this file (${code ?? String(error)})`;
}
