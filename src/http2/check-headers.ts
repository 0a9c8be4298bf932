// The rules a received header list must obey (RFC 9113 sections 8.2 and 8.3), each broken one a sentence. Checked once per block.
import type { DecodedBlock, HeaderList, RequestHead, ResponseHead } from "./decoded-block.ts";
import { isConnectionHeader } from "./hpack-encode.ts";

const colon = 0x3a;

/** What is wrong, as a text, or what the engine itself needs of the head. */
export function requestHead(block: DecodedBlock): RequestHead | string {
  block.requestHead ??= block.malformed ?? readRequest(block.headers);
  return block.requestHead;
}

export function responseHead(block: DecodedBlock): ResponseHead | string {
  block.responseHead ??= block.malformed ?? readResponse(block.headers);
  return block.responseHead;
}

/** True, or what is wrong. */
export function checkTrailers(block: DecodedBlock): true | string {
  block.trailers ??= block.malformed ?? readTrailers(block.headers);
  return block.trailers;
}

interface RequestPseudo {
  ":method": string | undefined;
  ":scheme": string | undefined;
  ":path": string | undefined;
  ":authority": string | undefined;
}

function readRequest(headers: HeaderList): RequestHead | string {
  const pseudo: RequestPseudo = {
    ":method": undefined,
    ":scheme": undefined,
    ":path": undefined,
    ":authority": undefined,
  };
  let at = 0;
  for (; at < headers.length && headers[at].charCodeAt(0) === colon; at += 2) {
    const name = headers[at];
    if (!Object.hasOwn(pseudo, name)) return `${name} is no pseudo-header of a request`;
    const key = name as keyof RequestPseudo;
    if (pseudo[key] !== undefined) return `${name} stands twice`;
    pseudo[key] = headers[at + 1];
  }
  const wrong = wrongTarget(pseudo);
  if (wrong !== undefined) return wrong;
  const rest = readFields(headers, at);
  if (typeof rest === "string") return rest;
  return wrongHost(headers, at, pseudo[":authority"]) ?? { contentLength: rest };
}

/** Two names for the host would let two parts of a system see two requests (RFC 9113 section 8.3.1). */
function wrongHost(headers: HeaderList, start: number, authority: string | undefined): string | undefined {
  let host = authority;
  let hosts = 0;
  for (let at = start; at < headers.length; at += 2) {
    if (headers[at] !== "host") continue;
    if (++hosts > 1) return "host stands twice";
    host ??= headers[at + 1];
    if (headers[at + 1].toLowerCase() !== host.toLowerCase()) return "host is another than :authority";
  }
  return undefined;
}

function wrongTarget(pseudo: RequestPseudo): string | undefined {
  const { ":method": method, ":scheme": scheme, ":path": path, ":authority": authority } = pseudo;
  if (method === undefined || method === "") return ":method is missing";
  if (method === "CONNECT") {
    if (scheme !== undefined || path !== undefined) return "CONNECT has a :scheme or :path";
    return authority === undefined || authority === "" ? "CONNECT has no :authority" : undefined;
  }
  if (scheme === undefined || scheme === "") return ":scheme is missing";
  if (path === undefined || path === "") return ":path is missing or empty";
  if (path.charCodeAt(0) !== 0x2f && !(path === "*" && method === "OPTIONS"))
    return ":path does not begin with a slash";
  return undefined;
}

function readResponse(headers: HeaderList): ResponseHead | string {
  if (headers[0] !== ":status") return ":status is missing";
  const text = headers[1];
  const status = Number(text);
  if (text.length !== 3 || !Number.isInteger(status) || status < 100)
    return `:status ${JSON.stringify(text)} is no status`;
  if (status === 101) return ":status 101 does not exist in HTTP/2";
  const contentLength = readFields(headers, 2);
  return typeof contentLength === "string" ? contentLength : { status, contentLength };
}

function readTrailers(headers: HeaderList): true | string {
  const rest = readFields(headers, 0);
  return typeof rest === "string" ? rest : true;
}

/** What follows the pseudo-headers. Answers the content length, -1 without one, or what is wrong. */
function readFields(headers: HeaderList, start: number): number | string {
  let contentLength = -1;
  for (let at = start; at < headers.length; at += 2) {
    const name = headers[at];
    const value = headers[at + 1];
    if (name.charCodeAt(0) === colon) return `${name} stands after other headers, twice, or in trailers`;
    if (isConnectionHeader(name)) return `header ${name} does not exist in HTTP/2`;
    if (name === "te" && value !== "trailers") return "header te has another value than trailers";
    if (name === "content-length") {
      const length = readLength(value);
      if (length === undefined) return `content-length ${JSON.stringify(value)} is no length`;
      if (contentLength >= 0 && contentLength !== length) return "content-length stands twice with different values";
      contentLength = length;
    }
  }
  return contentLength;
}

function readLength(value: string): number | undefined {
  if (!/^\d{1,16}$/.test(value)) return undefined;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : undefined;
}
