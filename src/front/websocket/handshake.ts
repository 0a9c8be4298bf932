// The head of a WebSocket handshake (RFC 6455 section 4.2.1): is it one, and which of our sub-protocols does the client want.
import { Code, GatewayError } from "../../status.ts";
import type { GatewayErrorOptions } from "../../status.ts";
import type { Upgrade } from "../front.ts";

export const subProtocols = [
  "sluice.v1.json",
  "sluice.v1.proto",
  "sluice.mux.v1.json",
  "sluice.mux.v1.proto",
  "grpc-websockets",
] as const;

export type SubProtocol = (typeof subProtocols)[number];

export interface Offer {
  /** The first of the client's that is known; undefined when it offers none at all. */
  readonly protocol: SubProtocol | undefined;
  /** The token of `bearer.<base64url>`. */
  readonly bearer: string | undefined;
}

const maxOffers = 32;
const maxBearerBytes = 8 * 1024;
const tokenText = "[!#$%&'*+.0-9A-Z^_`|a-z~-]+";
const token = new RegExp(`^${tokenText}$`);
const blanks = String.raw`[ \t]*`;
const extension = `${tokenText}(?:${blanks};${blanks}${tokenText}(?:${blanks}=${blanks}(?:${tokenText}|"${tokenText}"))?)*`;
/** RFC 6455 section 9.1: nothing of it is taken up, but what is no such list fails the connection. */
const extensionList = new RegExp(`^${extension}(?:${blanks},${blanks}${extension})*$`);
const webSocketKey = /^[+/0-9A-Za-z]{22}==$/;

/** Throws GatewayError with the HTTP status for what cannot be a handshake with this gateway. */
export function checkHandshake({ method, headers }: Upgrade): void {
  if (method !== "GET") {
    throw refusal(`a WebSocket is opened with GET, not ${method}`, "WEBSOCKET_HANDSHAKE_INVALID");
  }
  if (headers["sec-websocket-version"] !== "13") {
    throw refusal("Sec-WebSocket-Version must be 13", "WEBSOCKET_VERSION_UNSUPPORTED", {
      httpStatus: 426,
      headers: { "sec-websocket-version": "13", upgrade: "websocket" },
    });
  }
  const key = headers["sec-websocket-key"];
  if (typeof key !== "string" || !webSocketKey.test(key)) {
    throw refusal("Sec-WebSocket-Key must be 16 bytes in base64", "WEBSOCKET_HANDSHAKE_INVALID");
  }
  const extensions = headers["sec-websocket-extensions"];
  if (extensions !== undefined && !extensionList.test(String(extensions))) {
    throw refusal("Sec-WebSocket-Extensions is no list of extensions", "WEBSOCKET_HANDSHAKE_INVALID");
  }
}

/** Throws GatewayError (400) where a browser would fail the connection anyhow. */
export function readOffer(header: string | string[] | undefined): Offer {
  if (header === undefined) return { protocol: undefined, bearer: undefined };
  const offered = String(header)
    .split(",")
    .map((name) => name.trim());
  if (offered.length > maxOffers || offered.some((name) => !token.test(name)))
    throw refusal(`Sec-WebSocket-Protocol is no list of at most ${maxOffers} names`, "WEBSOCKET_HANDSHAKE_INVALID");
  const bearers = offered.filter((name) => name.startsWith("bearer."));
  if (bearers.length > 1) throw refusal("more than one bearer. sub-protocol", "WEBSOCKET_HANDSHAKE_INVALID");
  const protocol = offered.find(isSubProtocol);
  if (protocol === undefined) {
    throw refusal(
      `none of the sub-protocols offered is known here; offer one of ${subProtocols.join(", ")}, or none`,
      "SUBPROTOCOL_UNKNOWN",
    );
  }
  return { protocol, bearer: bearers.length === 0 ? undefined : decodeBearer(bearers[0].slice("bearer.".length)) };
}

function isSubProtocol(name: string): name is SubProtocol {
  return (subProtocols as readonly string[]).includes(name);
}

/** Never shown in a message, whatever it is. */
function decodeBearer(text: string): string {
  const isEncoded = /^[A-Za-z0-9_-]+$/.test(text) && text.length % 4 !== 1;
  const decoded = isEncoded && text.length <= (maxBearerBytes * 4) / 3 ? Buffer.from(text, "base64url").toString() : "";
  if (/^[\x21-\x7e]+$/.test(decoded)) return decoded;
  throw refusal(
    "the bearer. sub-protocol holds no base64url of a token of at most 8 KiB",
    "WEBSOCKET_HANDSHAKE_INVALID",
  );
}

function refusal(message: string, reason: string, options: GatewayErrorOptions = {}): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { ...options, reason });
}
