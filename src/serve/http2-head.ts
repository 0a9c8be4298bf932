// The head of an HTTP/2 request as a front sees it: pseudo-headers taken apart, the rest checked like that of HTTP/1.1.
import type { RequestHeaders } from "../front/front.ts";
import type { HeaderList } from "../http2/decoded-block.ts";
import { Code, GatewayError } from "../status.ts";
import { connectRefused } from "./listen-error.ts";
import { collectHeaders, expectationFailed, isHost, urlTooLong } from "./request-headers.ts";
import type { HeadLimits } from "./request-headers.ts";

export interface Http2Head {
  readonly method: string;
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly rawHeaders: readonly string[];
}

const colon = 0x3a;

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Connections repeat the heads of a few methods; the engine answers the same list for the same bytes. */
const remembered = 8;

/** Reads heads; one for each connection, which remembers the last it read. */
export function createHeadReader(limits: HeadLimits): (list: HeaderList) => Http2Head | GatewayError {
  const lists: (HeaderList | undefined)[] = Array.from({ length: remembered });
  const heads: (Http2Head | GatewayError)[] = [];
  let next = 0;
  return (list) => {
    const known = lists.indexOf(list);
    if (known !== -1) return heads[known];
    const head = readHead(list, limits);
    lists[next] = list;
    heads[next] = head;
    next = (next + 1) % remembered;
    return head;
  };
}

function readHead(list: HeaderList, limits: HeadLimits): Http2Head | GatewayError {
  let method = "";
  let scheme = "";
  let target = "";
  let authority: string | undefined;
  let at = 0;
  for (; at < list.length && list[at].charCodeAt(0) === colon; at += 2) {
    const name = list[at];
    if (name === ":method") method = list[at + 1];
    else if (name === ":scheme") scheme = list[at + 1];
    else if (name === ":path") target = list[at + 1];
    else if (name === ":authority") authority = list[at + 1];
  }
  if (method === "CONNECT") return connectRefused();
  if (!token.test(method)) return refuse("REQUEST_MALFORMED", "the :method has a character that no method has");
  // Either, whatever the connection is: in front may be who ends its TLS.
  if (!/^https?$/i.test(scheme)) return refuse("TARGET_INVALID", "the :scheme is neither http nor https");
  if (target.length > limits.maxUrlBytes) return urlTooLong(limits.maxUrlBytes);
  if (!/^[\x21-\x7e]+$/.test(target))
    return refuse("REQUEST_MALFORMED", "the :path has a character that must be percent-encoded");
  const fields = list.slice(at);
  const collected = collectHeaders(
    authority === undefined ? fields : ["host", authority, ...withoutHost(fields)],
    limits,
  );
  if (collected instanceof GatewayError) return collected;
  const { host, expect } = collected.headers;
  if (expect !== undefined && expect.toLowerCase() !== "100-continue") return expectationFailed();
  if (host === undefined) return refuse("HOST_INVALID", "the request has neither :authority nor host");
  if (!isHost(host)) return refuse("HOST_INVALID", "the :authority is not a host name with an optional port");
  return { method, target, ...collected };
}

/** The engine has seen to it that both say the same. */
function withoutHost(fields: HeaderList): HeaderList {
  if (!fields.includes("host")) return fields;
  return fields.filter((_, index) => fields[index - (index % 2)] !== "host");
}

function refuse(reason: string, message: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason });
}
