// The gateway's own pages under /-/: the playground, what it reads, the browser client. OPEN FIRST in front/pages/.
import { isIP } from "node:net";
import { Code, GatewayError } from "../../status.ts";
import type { Exchange, Front } from "../front.ts";
import { describeApi, type ApiSource } from "./describe-api.ts";
import { answerPage, toPage, type Page } from "./page.ts";
import { playgroundFiles, readPlaygroundFile } from "./playground-files.ts";

export interface PagesFrontOptions extends ApiSource {
  /** Whether pages that describe the API are served: the playground, and the typed client. */
  readonly playground: boolean;
  /** They are for requests that name this machine in Host: an address, or localhost. */
  readonly localOnly: boolean;
  /** The browser client, an ES module that says nothing about the API. */
  readonly clientScript: () => string;
  /** The typed client made from the protos. */
  readonly apiModule: (form: "js" | "ts") => string;
  /** Takes POST /-/ticket; absent: there are no tickets. */
  readonly serveTicket?: Front;
  /** Answers in the gateway's usual shape of errors. Must not throw. */
  readonly answerError: (exchange: Exchange, error: unknown) => void;
}

const script = "text/javascript; charset=utf-8";
const clientPath = "/-/sluice-client.js";
const ticketPath = "/-/ticket";
/** Upgrades never come here: somebody has opened the path of the multiplexed WebSocket with an ordinary request. */
const socketPath = "/-/stream";

/** Whether an exchange is one for this front, whatever the routes of the protos are. */
export function isOwnPage({ target }: Exchange): boolean {
  return target.startsWith("/-/");
}

/** Takes the exchanges of which `isOwnPage` is true. Paths are compared exactly; a request never names a file. */
export function createPagesFront(options: PagesFrontOptions): Front {
  const pages = collectPages(options);
  const { answerError, serveTicket } = options;

  const serve = (exchange: Exchange): void => {
    const { method, target } = exchange;
    const mark = target.indexOf("?");
    const path = mark < 0 ? target : target.slice(0, mark);
    if (path === ticketPath && serveTicket !== undefined) {
      if (method === "POST") serveTicket(exchange);
      else refuseMethod(exchange, "POST, OPTIONS");
      return;
    }
    const pageOf = pages.get(path);
    if (pageOf === undefined)
      throw path === socketPath && options.webSocket.enabled ? noSocket() : notFound(options.playground);
    if (options.localOnly && path !== clientPath) checkHost(exchange);
    if (method === "GET" || method === "HEAD") answerPage(exchange, pageOf());
    else refuseMethod(exchange, "GET, HEAD, OPTIONS");
  };

  return (exchange) => {
    try {
      serve(exchange);
    } catch (error) {
      answerError(exchange, error);
    }
  };
}

/**
 * Throws GatewayError (421) for a name that somebody may have pointed here: a page of that name could otherwise read what is
 * for this machine alone (DNS rebinding).
 */
function checkHost({ headers }: Exchange): void {
  const host = String(headers["host"] ?? "").replace(/:\d+$/, "");
  if (isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0 || /^(?:.+\.)?localhost$/i.test(host)) return;
  const message = "this page is for localhost, as nobody chose to show it to others; pages.playground: on does";
  throw new GatewayError(Code.PERMISSION_DENIED, message, { reason: "HOST_FOREIGN", httpStatus: 421 });
}

type PageOf = () => Page;

function collectPages(options: PagesFrontOptions): ReadonlyMap<string, PageOf> {
  const pages = new Map<string, PageOf>();
  pages.set(
    "/-/sluice-client.js",
    once(() => textPage(script, options.clientScript())),
  );
  if (!options.playground) return pages;
  pages.set(
    "/-/api.json",
    once(() => textPage("application/json", JSON.stringify(describeApi(options)))),
  );
  pages.set(
    "/-/api.js",
    once(() => textPage(script, options.apiModule("js"))),
  );
  pages.set(
    "/-/api.ts",
    once(() => textPage("text/plain; charset=utf-8", options.apiModule("ts"))),
  );
  for (const [path, { file, contentType }] of playgroundFiles)
    pages.set(
      path,
      once(() => toPage(contentType, readPlaygroundFile(file))),
    );
  return pages;
}

/** Made when somebody asks for it: most gateways are never asked. */
function once(make: PageOf): PageOf {
  let page: Page | undefined;
  return () => (page ??= make());
}

function textPage(contentType: string, text: string): Page {
  return toPage(contentType, Buffer.from(text));
}

/** OPTIONS is a question about methods and gets its answer; the others are refused with the same list. */
function refuseMethod(exchange: Exchange, allow: string): void {
  if (exchange.method === "OPTIONS") {
    exchange.respond(204, ["allow", allow], undefined);
    return;
  }
  throw new GatewayError(Code.UNIMPLEMENTED, `${exchange.method} is not bound to this path; allowed: ${allow}`, {
    reason: "METHOD_NOT_ALLOWED",
    httpStatus: 405,
    headers: { allow },
  });
}

function noSocket(): GatewayError {
  const message = 'this path is a WebSocket: new WebSocket(url, ["sluice.mux.v1.json"]); see docs/websocket.md';
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason: "WEBSOCKET_HANDSHAKE_INVALID" });
}

function notFound(hasPlayground: boolean): GatewayError {
  const message = hasPlayground
    ? "there is no page at this path; /-/play is the playground"
    : "there is no page at this path; the playground is off (pages.playground)";
  return new GatewayError(Code.NOT_FOUND, message, { reason: "ROUTE_NOT_FOUND" });
}
