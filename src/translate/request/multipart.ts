// multipart/form-data (RFC 7578) over a buffered body: strict about line ends and headers, bounded in parts and header size.
import { isUtf8 } from "node:buffer";
import { Code, GatewayError } from "../../status.ts";
import type { ParameterValue } from "./query-binder.ts";
import { parseMediaType } from "./media-type.ts";

export interface FormPart {
  readonly name: string;
  readonly value: ParameterValue;
}

const maxParts = 100;
const maxHeaderBytes = 8192;
const lineEnd = "\r\n";

function malformed(what: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `the multipart/form-data body ${what}`, {
    reason: "FORM_MALFORMED",
  });
}

/**
 * The parts in order; text before the first and after the last boundary is ignored, as RFC 2046 has it. Data of a file
 * is a view into `body`. Throws GatewayError (400).
 */
export function parseMultipart(body: Buffer, boundary: string): FormPart[] {
  const parts: FormPart[] = [];
  let delimiter = findDelimiter(body, boundary, 0);
  while (!delimiter.isLast) {
    if (parts.length >= maxParts) throw malformed(`has more than ${maxParts} parts`);
    const headersAt = delimiter.end;
    const window = body.subarray(headersAt, headersAt + maxHeaderBytes + 4);
    const headersEnd = window.indexOf(`${lineEnd}${lineEnd}`);
    if (headersEnd < 0)
      throw malformed(`has a part without a blank line after at most ${maxHeaderBytes} bytes of headers`);
    const contentAt = headersAt + headersEnd + 4;
    delimiter = findDelimiter(body, boundary, contentAt);
    parts.push(toPart(body.subarray(headersAt, headersAt + headersEnd), body.subarray(contentAt, delimiter.start)));
  }
  return parts;
}

interface Delimiter {
  readonly start: number;
  readonly end: number;
  readonly isLast: boolean;
}

/** The next line that is the boundary, at the very start of the body or after a line end; `start` is before that line end. */
function findDelimiter(body: Buffer, boundary: string, from: number): Delimiter {
  const dashes = `--${boundary}`;
  if (from === 0 && body.indexOf(dashes) === 0) {
    const found = delimiterAt(body, 0, dashes.length);
    if (found !== undefined) return found;
  }
  const line = `${lineEnd}${dashes}`;
  for (let at = body.indexOf(line, from); at >= 0; at = body.indexOf(line, at + 2)) {
    const found = delimiterAt(body, at, at + line.length);
    if (found !== undefined) return found;
  }
  throw malformed(
    from === 0 ? "does not have the boundary that its Content-Type names" : "ends before its closing boundary",
  );
}

/** Undefined where the boundary is only the beginning of a longer line. */
function delimiterAt(body: Buffer, start: number, afterBoundary: number): Delimiter | undefined {
  let at = afterBoundary;
  if (body[at] === 0x2d && body[at + 1] === 0x2d) return { start, end: at + 2, isLast: true };
  while (body[at] === 0x20 || body[at] === 0x09) at++;
  if (body[at] !== 0x0d || body[at + 1] !== 0x0a) return undefined;
  return { start, end: at + 2, isLast: false };
}

function toPart(headerBytes: Buffer, data: Buffer): FormPart {
  if (!isUtf8(headerBytes)) throw malformed("has part headers that are not UTF-8");
  const headers = parseHeaders(headerBytes.toString());
  const { name, isFile } = parseDisposition(headers.get("content-disposition"));
  const encoding = headers.get("content-transfer-encoding")?.toLowerCase() ?? "binary";
  if (encoding !== "binary" && encoding !== "8bit" && encoding !== "7bit")
    throw malformed(`part ${JSON.stringify(name)} has a Content-Transfer-Encoding; send its bytes as they are`);
  const contentType = headers.get("content-type");
  const type = contentType === undefined ? undefined : parseMediaType(contentType);
  if (contentType !== undefined && type === undefined)
    throw malformed(`part ${JSON.stringify(name)} has an invalid Content-Type`);
  if (isFile || type?.essence === "application/octet-stream")
    return { name, value: { kind: "file", contentType, data } };
  const charset = type?.parameters.get("charset")?.toLowerCase() ?? "utf-8";
  if (charset !== "utf-8" && charset !== "us-ascii") throw malformed(`part ${JSON.stringify(name)} must be in UTF-8`);
  if (!isUtf8(data)) throw malformed(`part ${JSON.stringify(name)} is text that is not UTF-8; send bytes as a file`);
  return { name, value: { kind: "text", text: data.toString(), contentType } };
}

function parseHeaders(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of text.split(lineEnd)) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/.exec(line);
    // oxlint-disable-next-line no-control-regex -- bare line ends and NUL are what must not get through
    if (match === null || /[\0\r\n]/.test(line)) throw malformed("has a part header that is not `name: value`");
    const name = match[1].toLowerCase();
    if (headers.has(name)) throw malformed(`has a part with two ${match[1]} headers`);
    headers.set(name, match[2].trim());
  }
  return headers;
}

const parameterShape = /;[ \t]*([A-Za-z0-9*_-]+)=(?:([^\s;"]+)|"((?:[^"\\]|\\.)*)")[ \t]*/y;

function parseDisposition(text: string | undefined): {
  readonly name: string;
  readonly isFile: boolean;
} {
  if (text === undefined || !/^form-data[ \t]*(?:;|$)/i.test(text))
    throw malformed("has a part without `Content-Disposition: form-data`");
  const parameters = new Map<string, string>();
  let at = text.indexOf(";");
  while (at >= 0 && at < text.length) {
    parameterShape.lastIndex = at;
    const match = parameterShape.exec(text);
    const key = match?.[1].toLowerCase();
    if (match === null || key === undefined || parameters.has(key))
      throw malformed("has a part with a malformed Content-Disposition");
    parameters.set(key, match[2] ?? unescapeName(match[3]));
    at = parameterShape.lastIndex;
  }
  const name = parameters.get("name");
  if (name === undefined) throw malformed("has a part without a name");
  return { name, isFile: parameters.has("filename") || parameters.has("filename*") };
}

/** Browsers write `%22`, curl writes `\"`. */
function unescapeName(text: string): string {
  return text
    .replaceAll(/\\(["\\])/g, "$1")
    .replaceAll(/%(22|0D|0A)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
