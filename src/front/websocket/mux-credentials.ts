// Who the calls of a multiplexed socket are of: what the handshake, `init` and `auth` brought, once it has been judged.
import type { Authenticate, Identity, Peer, RequestHeaders, RequestSource } from "../../caller.ts";
import { isMetadataText } from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import { isNeutral, overlayHeaders, toAuthorization } from "./mux-metadata.ts";
import type { OverlayMetadata } from "./mux-metadata.ts";

export interface CredentialsContext {
  readonly overlay: OverlayMetadata;
  /** Judges the metadata calls will have: once for a socket, and again for new credentials. Absent: the chain judges each call. */
  readonly authenticate?: Authenticate | undefined;
}

/** What the handshake brought. */
export interface Brought {
  /** Of all calls, unless a frame says otherwise: its headers, credentials, and who the client is. */
  readonly metadata: Metadata;
  /** The same as headers, before they were judged for metadata. */
  readonly headers: RequestHeaders;
  readonly source: RequestSource;
  readonly peer: Peer;
  /** To be told whose the socket is. Throws, or rejects with, GatewayError (8) where that one has too many. */
  readonly claim?: ((identity: Identity) => void | Promise<void>) | undefined;
}

/** What a call is made with. */
export interface Caller {
  readonly metadata: Metadata;
  readonly headers: RequestHeaders;
  /** Undefined where nobody has judged, and for nobody in particular. */
  readonly identity: Identity | undefined;
}

export class MuxCredentials {
  readonly #context: CredentialsContext;
  readonly #brought: Brought;
  /** Of the handshake and `init`, without `auth`. */
  #base: Metadata;
  #baseHeaders: RequestHeaders;
  /** Of every call. */
  #caller: Caller;

  constructor(context: CredentialsContext, brought: Brought) {
    this.#context = context;
    this.#brought = brought;
    this.#base = brought.metadata;
    this.#baseHeaders = brought.headers;
    this.#caller = { metadata: brought.metadata, headers: brought.headers, identity: undefined };
  }

  /** Of the socket; undefined where nobody has judged, and for nobody in particular. */
  get identity(): Identity | undefined {
    return this.#caller.identity;
  }

  /** The metadata of `init`. Throws GatewayError (3). */
  addMetadata(metadata: Metadata): void {
    this.#base = this.#context.overlay(this.#base, metadata);
    this.#baseHeaders = overlayHeaders(this.#baseHeaders, metadata);
  }

  /** Throws, or rejects with, GatewayError for credentials that are refused. */
  judge(auth: string | undefined): Caller | Promise<Caller> {
    const { overlay, authenticate } = this.#context;
    const { peer, source } = this.#brought;
    if (auth !== undefined && !isMetadataText(auth)) throw unreadable();
    const authorization = toAuthorization(auth);
    const metadata = overlay(this.#base, authorization);
    const headers = overlayHeaders(this.#baseHeaders, authorization);
    const judged = authenticate?.({ metadata, headers, peer, source, method: undefined });
    return judged instanceof Promise
      ? judged.then((identity) => ({ metadata, headers, identity }))
      : { metadata, headers, identity: judged };
  }

  /**
   * From now on calls are made with this; answers when it ends, as frames say times, undefined for never. Throws, or rejects with,
   * GatewayError: the streams of a socket must not go on under the name of another.
   */
  accept(caller: Caller): number | undefined | Promise<number | undefined> {
    const { identity } = caller;
    const known = this.#caller.identity;
    if (known !== undefined && known.principal !== identity?.principal) throw otherPrincipal();
    const settle = (): number | undefined => {
      this.#caller = caller;
      return identity === undefined ? undefined : toWireTime(identity.expiresAt);
    };
    const claimed = known === undefined && identity !== undefined ? this.#brought.claim?.(identity) : undefined;
    return claimed instanceof Promise ? claimed.then(settle) : settle();
  }

  /** For a call with metadata of its own. Throws GatewayError (3). */
  withOwn(entries: Metadata): Caller {
    const metadata = this.#context.overlay(this.#caller.metadata, entries);
    if (entries.length === 0) return this.#caller;
    const headers = overlayHeaders(this.#caller.headers, entries);
    // Who calls with credentials of its own is for the chain to find out.
    return { metadata, headers, identity: isNeutral(entries) ? this.#caller.identity : undefined };
  }
}

/** An integer. */
function toWireTime(time: number): number | undefined {
  return time > Number.MAX_SAFE_INTEGER ? undefined : Math.max(0, Math.floor(time));
}

function otherPrincipal(): GatewayError {
  const message = `"auth" brought the credentials of somebody else, or of nobody; open another socket for those`;
  return new GatewayError(Code.UNAUTHENTICATED, message, { reason: "CREDENTIALS_CHANGED" });
}

function unreadable(): GatewayError {
  const message = `"auth" has characters other than printable ASCII`;
  return new GatewayError(Code.UNAUTHENTICATED, message, { reason: "CREDENTIALS_UNKNOWN" });
}
