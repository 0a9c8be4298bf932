// One way to say who somebody is, and several of them as one: the first that finds credentials of its kind decides.
import type { Authenticate, AuthenticationRequest, Identity } from "../../caller.ts";
import type { Metric } from "../../exposition.ts";

/** A kind of credentials: bearer tokens that are JWTs, API keys, client certificates. */
export interface Authenticator {
  /** For messages and the log: `jwt`, `api_keys`. */
  readonly name: string;
  /** What clients without credentials are told to bring, as WWW-Authenticate has it: `Bearer realm="sluice"`. Undefined for nothing. */
  readonly challenge?: string | undefined;
  /** The headers, lower case, that hold its credentials: backends never see these, unless `auth.forward_token` says so. */
  readonly headers?: readonly string[];
  /** The cookie that may hold them: backends see the other cookies only. */
  readonly cookie?: string | undefined;
  /**
   * Undefined when the request has no credentials of this kind; then the next authenticator is asked. Throws, or rejects with,
   * GatewayError for bad ones: nobody else is asked about those. At once where that can be. What it answers must be the same
   * object for the same credentials where it keeps answers: others keep what they make of it.
   *
   * `principal` must not be one that another authenticator could give to somebody else: JWTs have `issuer|subject`, all
   * others begin with their own name and a colon (`api_keys:billing`), which no issuer may.
   */
  authenticate(request: AuthenticationRequest): Identity | undefined | Promise<Identity | undefined>;
  /** It judges calls, not sockets: a socket whose credentials nobody else knows is let in, and its calls are judged. */
  readonly judgesCallsOnly?: boolean;
  /** Begins what takes its time: fetching keys. Must not throw. */
  start?(): void;
  /** Why it cannot judge anybody for now, one line each; empty when it can. */
  problems?(): readonly string[];
  /** What it knows about a principal is not to be used any more. */
  revoke?(principal: string): void;
  /** What it has counted. */
  metrics?(): readonly Metric[];
  /** Nothing is left open. */
  close?(): void;
}

/**
 * The one order in which credentials are looked for, whatever the order in the file: what a request brings before what its
 * connection has, so that a bad token is refused whoever's connection it comes by. A name that is missing here is asked last.
 */
export const authenticatorOrder: readonly string[] = ["jwt", "introspection", "api_keys", "basic", "mtls", "ext_authz"];

export function sortAuthenticators(authenticators: readonly Authenticator[]): readonly Authenticator[] {
  const rank = ({ name }: Authenticator): number => {
    const at = authenticatorOrder.indexOf(name);
    return at < 0 ? authenticatorOrder.length : at;
  };
  return authenticators.toSorted((a, b) => rank(a) - rank(b));
}

/** Asks one after the other, in this order. Undefined when nobody found anything. */
export function askInTurn(authenticators: readonly Authenticator[]): Authenticate {
  return (request) => {
    for (let i = 0; i < authenticators.length; i++) {
      const answer = authenticators[i].authenticate(request);
      if (answer instanceof Promise) return askRest(authenticators, request, i + 1, answer);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
}

async function askRest(
  authenticators: readonly Authenticator[],
  request: AuthenticationRequest,
  from: number,
  first: Promise<Identity | undefined>,
): Promise<Identity | undefined> {
  let answer = await first;
  for (let i = from; answer === undefined && i < authenticators.length; i++)
    answer = await authenticators[i].authenticate(request);
  return answer;
}
