// METHOD, URL, -d and -H of `sluice explain` as a request.
import { readFileSync } from "node:fs";
import { describeReadError } from "../config/read-file.ts";
import { UsageError } from "./parse-flags.ts";
import type { ParsedFlags } from "./parse-flags.ts";

export interface ExplainedRequest {
  readonly method: string;
  /** As a client sends it: path and query. */
  readonly target: string;
  /** `[name, value, …]` as given. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer | undefined;
}

/** Throws UsageError. */
export function parseRequest(method: string, url: string, flags: ParsedFlags): ExplainedRequest {
  if (!/^[A-Za-z]{1,20}$/.test(method))
    throw new UsageError(
      `${JSON.stringify(method)} is no HTTP method; usage: sluice explain METHOD URL, e.g. sluice explain GET /v1/products/1`,
    );
  const data = flags.text("data");
  const body = data === undefined ? undefined : readBody(data);
  const rawHeaders = flags.list("header").flatMap(parseHeader);
  const names = new Set(rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
  if (!names.has("host")) rawHeaders.push("Host", hostOf(url));
  if (body !== undefined && !names.has("content-type")) rawHeaders.push("Content-Type", "application/json");
  if (body !== undefined && !names.has("content-length")) rawHeaders.push("Content-Length", String(body.length));
  return { method: method.toUpperCase(), target: toTarget(url), rawHeaders, body };
}

/** What curl or a browser would put into the request line for this URL. */
function toTarget(url: string): string {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, "");
  const path = target === "" || target.startsWith("?") ? `/${target}` : target;
  if (!path.startsWith("/") && path !== "*")
    throw new UsageError(`${JSON.stringify(url)} is no URL or path; a path begins with /, e.g. /v1/products/1`);
  if (path.startsWith("/-/"))
    throw new UsageError(
      `${JSON.stringify(path)}: the paths below /-/ are the gateway's own, whatever the protos say; explain is about those of methods`,
    );
  // oxlint-disable-next-line no-control-regex -- what no client sends raw
  return path.replace(/[\u0000-\u0020\u007f-\uffff]+/g, (text) =>
    Buffer.from(text)
      .toString("latin1")
      .replace(/[^]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`),
  );
}

function hostOf(url: string): string {
  return /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? "localhost";
}

function parseHeader(text: string): [string, string] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\u0020-\u007e\u0080-\u00ff]*)$/.exec(text);
  if (match === null)
    throw new UsageError(`-H ${JSON.stringify(text)}: NAME: VALUE is expected, e.g. -H 'accept-language: de'`);
  return [match[1], match[2].trim()];
}

function readBody(data: string): Buffer {
  if (!data.startsWith("@")) return Buffer.from(data);
  try {
    return readFileSync(data.slice(1));
  } catch (error) {
    throw new UsageError(`-d ${data}: ${describeReadError(error)}`);
  }
}
