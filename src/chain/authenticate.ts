// Who makes a call: asked before it goes on, once; and the end of streams whose caller's credentials end or are revoked.
import type { Authenticate, AuthenticationRequest, Call, Identity } from "../call.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import type { Interceptor } from "./compose.ts";
import { IdentifiedStreams } from "./identified-streams.ts";
import type { Timer } from "./identified-streams.ts";
import { Judgement } from "./judgement.ts";
import { Revocations } from "./revocations.ts";

export interface AuthenticationOptions {
  readonly authenticate: Authenticate;
  /** Of all clocks here. */
  readonly timer: Timer;
  /** Methods that anybody may call. */
  readonly isOpen: (method: Method) => boolean;
}

export interface Authentication {
  /**
   * As the one given, but it says INTERNAL for what is no GatewayError and for an answer that is no identity, and answers in
   * bounded time.
   */
  readonly authenticate: Authenticate;
  /** A call that has an identity already is left to the front that gave it one. */
  readonly interceptor: Interceptor;
  /**
   * Ends the open streams of a principal; how many there were. Not those that came with an identity. Who was asked about before
   * and is found to be this one is refused.
   */
  revoke(principal: string, error: GatewayError): number;
}

/** Longer than any key server should take, shorter than clients wait. */
const patienceMs = 5000;

export function createAuthentication({ authenticate, timer, isOpen }: AuthenticationOptions): Authentication {
  const streams = new IdentifiedStreams(timer);
  // A tick comes late by a second or so.
  const revocations = new Revocations(4 * patienceMs);

  /** Throws and rejects with GatewayError only. */
  const judge = (request: AuthenticationRequest, call: Call | undefined): ReturnType<Authenticate> => {
    const judged = ask(authenticate, request);
    if (!isPromise(judged)) return checkIdentity(judged);
    const now = performance.now();
    const current = judged.then((answer) => {
      const identity = checkIdentity(answer);
      if (identity !== undefined && revocations.has(identity.principal, now)) throw credentialsRevoked();
      return identity;
    });
    return new Judgement(current, { timer, until: now + patienceMs, call }).result;
  };

  const accept = (call: Call, identity: Identity | undefined): void => {
    if (identity === undefined) throw credentialsMissing();
    call.identity = identity;
    if (call.method.kind !== "unary" && !call.endsWithIdentity) streams.watch(identity, call);
  };

  const interceptor: Interceptor = {
    name: "authenticate",
    compile: (method) =>
      isOpen(method)
        ? undefined
        : (call) => {
            if (call.identity !== undefined) return undefined;
            const { metadata, headers, peer, source } = call;
            const judged = judge({ metadata, headers, peer, source, method }, call);
            if (isPromise(judged)) return judged.then((identity) => accept(call, identity));
            accept(call, judged);
            return undefined;
          },
  };

  return {
    authenticate: (request) => judge(request, undefined),
    interceptor,
    revoke(principal, error) {
      revocations.add(principal);
      return streams.revoke(principal, error);
    },
  };
}

/** What `Gateway.revoke` tells clients. */
export function credentialsRevoked(): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, "the credentials were revoked; come again with new ones", {
    reason: "CREDENTIALS_REVOKED",
  });
}

function credentialsMissing(): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, "the call needs credentials, and none came with it", {
    reason: "CREDENTIALS_MISSING",
  });
}

function ask(authenticate: Authenticate, request: AuthenticationRequest): ReturnType<Authenticate> {
  try {
    return authenticate(request);
  } catch (error) {
    throw GatewayError.from(error);
  }
}

function isPromise(judged: unknown): judged is Promise<Identity | undefined> {
  return typeof judged === "object" && judged !== null && "then" in judged && typeof judged.then === "function";
}

/** Throws GatewayError (INTERNAL): an end that is no number would never come. */
function checkIdentity(judged: unknown): Identity | undefined {
  if (judged === undefined) return undefined;
  if (typeof judged === "object" && judged !== null && "principal" in judged && "expiresAt" in judged) {
    const { principal, expiresAt } = judged;
    if (typeof principal === "string" && principal !== "" && typeof expiresAt === "number" && !Number.isNaN(expiresAt))
      return judged as Identity;
  }
  throw GatewayError.from(
    new TypeError("authenticate must answer { principal: string, expiresAt: number }, the principal not empty"),
  );
}
