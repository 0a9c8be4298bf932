// Who makes a call and how it came: the other end, the request, what it proves to be, and whoever judges that.
import type { Metadata } from "./metadata.ts";
import type { Method } from "./schema/descriptor.ts";

export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** Who makes a call, and until when that is so. */
export interface Identity {
  /** A name no other has; what counts clients and revokes credentials goes by it. */
  readonly principal: string;
  /** Unix time in milliseconds; Infinity for never. */
  readonly expiresAt: number;
  /** What is known of the caller, by name: the claims of a token, the properties of a key. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly scopes?: readonly string[];
  readonly roles?: readonly string[];
}

/** A client certificate that the listener has verified. */
export interface ClientCertificate {
  /** As openssl prints it: `CN=billing,O=Example`. */
  readonly subject: string;
  readonly commonName: string | undefined;
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  /** SHA-256 of the whole certificate, hexadecimal, lower case, without colons. */
  readonly fingerprint: string;
  /** Unix time in milliseconds. */
  readonly validTo: number;
}

/** Names lower case; repeated ones joined by `, ` as Node does (`set-cookie` never occurs in requests). */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The HTTP request that a call came with; of a WebSocket, its handshake. */
export interface RequestSource {
  readonly method: string;
  /** The raw request target, never decoded: `/v1/a%2Fb?x=1`. */
  readonly target: string;
  readonly httpVersion: "1.0" | "1.1" | "2";
  readonly secure: boolean;
  /** The other end of the connection. */
  readonly peer: Peer;
  readonly certificate?: ClientCertificate | undefined;
  /** What the request is called by; undefined where nobody gives ids. */
  readonly requestId?: string | undefined;
}

/** What there is to judge a caller by. */
export interface AuthenticationRequest {
  /** What the backend would see as request metadata, the credentials among it. */
  readonly metadata: Metadata;
  /** The headers as the client sent them; where a front takes credentials from elsewhere (a ticket, a sub-protocol), as if they had come in these. */
  readonly headers: RequestHeaders;
  readonly peer: Peer;
  readonly source: RequestSource;
  /** Undefined for a socket that is about to make calls of any method. */
  readonly method: Method | undefined;
}

/**
 * Tells who it is; undefined for nobody in particular, a request without credentials. Throws, or rejects with, GatewayError for a
 * caller that is refused.
 */
export type Authenticate = (request: AuthenticationRequest) => Identity | undefined | Promise<Identity | undefined>;

/** What was opened with credentials that have ended lives on for so long: time to bring new ones. */
const expiryGraceMs = 30_000;

/** When what was opened with an identity is to be ended, in `performance.now()` milliseconds. */
export function toEndOf({ expiresAt }: Identity): number {
  return performance.now() + expiresAt - Date.now() + expiryGraceMs;
}
