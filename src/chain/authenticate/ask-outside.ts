// One HTTP request to somebody the gateway depends on (keys, introspection): bounded in time and size, never redirected, never to an address it was not meant for.
import { lookup as lookUp } from "node:dns";
import type { LookupAddress, LookupAllOptions } from "node:dns";
import { request as requestHttp } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import { addressProblem, isLoopbackName } from "./outside-address.ts";

export interface OutsideRequest {
  readonly url: URL;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the look-up of the name to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Of the answer's body. */
  readonly maxBytes: number;
  /** Instead of the system's resolver. */
  readonly resolve?: Resolve;
}

/** Every address of a name. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface OutsideAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Rejects with an Error that says why, for the log: it may name the address. Whatever status the answer has, it is an answer. */
export function askOutside(request: OutsideRequest): Promise<OutsideAnswer> {
  const { url, method = "GET", headers = {}, body, timeoutMs, maxBytes, resolve: resolveName = lookUp } = request;
  const problem = isIP(bareHost(url)) === 0 ? undefined : addressProblem(bareHost(url), isLoopbackName(url.hostname));
  if (problem !== undefined) return Promise.reject(new Error(problem));
  const options: RequestOptions = {
    method,
    // Compressed answers could be larger than they look.
    headers: { accept: "application/json", "accept-encoding": "identity", ...headers },
    agent: false,
    lookup: guardLookup(resolveName, isLoopbackName(url.hostname)),
  };
  return new Promise((resolve, reject) => {
    const call = (url.protocol === "https:" ? requestHttps : requestHttp)(url, options);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      call.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    timer.unref();
    call.on("error", fail);
    call.on("response", (response) => {
      collect(response, maxBytes).then((collected) => {
        clearTimeout(timer);
        call.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: collected });
      }, fail);
    });
    call.end(body);
  });
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const encoding = response.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") throw new Error(`the answer is compressed (${encoding})`);
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

/** Every address of the name must be one that is meant: who answers for a name may answer anything. */
function guardLookup(resolveName: Resolve, isLoopback: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, "", 0);
      const problem = addresses
        .map(({ address }) => addressProblem(address, isLoopback))
        .find((text) => text !== undefined);
      if (problem !== undefined || addresses.length === 0)
        return callback(new Error(`${hostname}: ${problem ?? "has no address"}`), "", 0);
      if (options.all === true) callback(null, addresses);
      else callback(null, addresses[0].address, addresses[0].family);
    });
  };
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}
