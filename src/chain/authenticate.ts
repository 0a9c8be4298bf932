// Who makes a call: asked before it goes on, once; and the end of streams whose caller's credentials end or are revoked.
import type { Call, Intercept } from "../call.ts";
import type { Authenticate, AuthenticationRequest, Identity } from "../caller.ts";
import type { Metric } from "../exposition.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { askInTurn, sortAuthenticators } from "./authenticate/authenticator.ts";
import type { Authenticator } from "./authenticate/authenticator.ts";
import { readHeader } from "./authenticate/find-token.ts";
import type { ForwardIdentity } from "./authenticate/forward-identity.ts";
import { credentialsMissing, credentialsUnknown } from "./authenticate/refusals.ts";
import type { Interceptor } from "./compose.ts";
import { IdentifiedStreams } from "./identified-streams.ts";
import type { Timer } from "./identified-streams.ts";
import { Judgement } from "./judgement.ts";
import type { AuthLevel } from "./policy.ts";
import { Revocations } from "./revocations.ts";

export interface AuthenticationOptions {
  /** In any order; those of the configuration. */
  readonly authenticators?: readonly Authenticator[];
  /** Of a program that embeds the gateway: asked last. */
  readonly authenticate?: Authenticate | undefined;
  /** Of all clocks here. */
  readonly timer: Timer;
  /** The gateway's own methods, which anybody may call. */
  readonly isOpen: (method: Method) => boolean;
  /** What the other methods ask; absent: credentials. */
  readonly levelOf?: (method: Method) => AuthLevel;
  /** What backends are told; absent: what the client said. */
  readonly forward?: ForwardIdentity | undefined;
}

export interface Authentication {
  /**
   * For fronts whose clients stay longer than a call. As the ones given, but it says INTERNAL for what is no GatewayError and for
   * an answer that is no identity, and answers in bounded time; of a request for a method, what that method asks.
   */
  readonly authenticate: Authenticate;
  /** A call that has an identity already is left to the front that gave it one. */
  readonly interceptor: Interceptor;
  /** What backends are told of who calls, and not told; undefined where that is what the client said. */
  readonly forward: ForwardIdentity | undefined;
  /** Begins to fetch what is needed to judge anybody. */
  start(): void;
  /** What those who judge have counted. */
  readonly metrics: () => readonly Metric[];
  /** Why nobody can be judged for now, one line each. */
  problems(): readonly string[];
  /**
   * Ends the open streams of a principal; how many there were. Not those that came with an identity. Who was asked about before
   * and is found to be this one is refused.
   */
  revoke(principal: string, error: GatewayError): number;
  close(): void;
}

/** Longer than any key server should take, shorter than clients wait. */
const patienceMs = 5000;

export function createAuthentication(options: AuthenticationOptions): Authentication {
  const { timer, isOpen, forward, levelOf = () => "required" } = options;
  const authenticators = sortAuthenticators(options.authenticators ?? []);
  const refuseAnonymous = compileAnonymous(authenticators);
  const judge = createJudge(toOne(authenticators, options.authenticate), timer);
  const streams = new IdentifiedStreams(timer);

  const accept = (call: Call, identity: Identity | undefined, level: AuthLevel): void => {
    if (identity === undefined) refuseAnonymous(call, level);
    else {
      call.identity = identity;
      if (call.method.kind !== "unary" && !call.endsWithIdentity) streams.watch(identity, call);
    }
    forward?.(call, identity);
  };

  const askAbout = (call: Call, level: AuthLevel): void | Promise<void> => {
    if (call.identity !== undefined) return forward?.(call, call.identity);
    const judged = judge.judge(call, call);
    if (isPromise(judged)) return judged.then((identity) => accept(call, identity, level));
    return accept(call, judged, level);
  };

  /** Nobody in particular, whoever's socket the call came by: the same on every front. */
  const letPass = (call: Call): void => {
    call.identity = undefined;
    forward?.(call, undefined);
  };

  const compile = (method: Method): Intercept | undefined => {
    if (isOpen(method)) return undefined;
    const level = levelOf(method);
    if (level === "public") return forward === undefined ? undefined : letPass;
    return (call) => askAbout(call, level);
  };

  return {
    authenticate(request) {
      const { method } = request;
      const level = method === undefined ? "optional" : levelOf(method);
      if (method !== undefined && (isOpen(method) || level === "public")) return undefined;
      const check = (identity: Identity | undefined): Identity | undefined => {
        if (identity === undefined) refuseAnonymous(request, level);
        return identity;
      };
      const judged = judge.judge(request, undefined);
      return isPromise(judged) ? judged.then(check) : check(judged);
    },
    interceptor: { name: "authenticate", compile },
    forward,
    start: () => authenticators.forEach((authenticator) => authenticator.start?.()),
    metrics: () => authenticators.flatMap((authenticator) => authenticator.metrics?.() ?? []),
    problems: () => authenticators.flatMap((authenticator) => authenticator.problems?.() ?? []),
    revoke(principal, error) {
      judge.revoke(principal);
      for (const authenticator of authenticators) authenticator.revoke?.(principal);
      return streams.revoke(principal, error);
    },
    close: () => authenticators.forEach((authenticator) => authenticator.close?.()),
  };
}

function toOne(authenticators: readonly Authenticator[], last: Authenticate | undefined): Authenticate {
  if (last === undefined) return askInTurn(authenticators);
  // A program is told what it needs for that, and gets no hold of the call.
  const authenticate: Authenticate = ({ metadata, headers, peer, source, method }) =>
    last({ metadata, headers, peer, source, method });
  return askInTurn([...authenticators, { name: "program", authenticate }]);
}

/** Throws for a request without credentials that needs some, and for one with credentials that nobody here knows. */
function compileAnonymous(
  authenticators: readonly Authenticator[],
): (request: AuthenticationRequest, level: AuthLevel) => void {
  const challenges = authenticators.map(({ challenge }) => challenge).filter((challenge) => challenge !== undefined);
  const challenge = challenges.length === 0 ? undefined : [...new Set(challenges)].join(", ");
  const leavesSockets = authenticators.some(({ judgesCallsOnly }) => judgesCallsOnly === true);
  return (request, level) => {
    if (request.method === undefined && leavesSockets) return;
    if (authenticators.length > 0 && readHeader(request, "authorization") !== undefined)
      throw credentialsUnknown(challenge);
    if (level === "required") throw credentialsMissing(challenge);
  };
}

interface Judge {
  /** Throws and rejects with GatewayError only, in bounded time. */
  judge(request: AuthenticationRequest, call: Call | undefined): ReturnType<Authenticate>;
  /** What is being asked about now is not believed when it turns out to be this one. */
  revoke(principal: string): void;
}

function createJudge(authenticate: Authenticate, timer: Timer): Judge {
  // A tick comes late by a second or so.
  const revocations = new Revocations(4 * patienceMs);
  return {
    judge(request, call) {
      const judged = ask(authenticate, request);
      if (!isPromise(judged)) return checkIdentity(judged);
      const now = performance.now();
      const current = judged.then((answer) => {
        const identity = checkIdentity(answer);
        if (identity !== undefined && revocations.has(identity.principal, now)) throw credentialsRevoked();
        return identity;
      });
      return new Judgement(current, { timer, until: now + patienceMs, call }).result;
    },
    revoke: (principal) => revocations.add(principal),
  };
}

/** What `Gateway.revoke` tells clients. */
export function credentialsRevoked(): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, "the credentials were revoked; come again with new ones", {
    reason: "CREDENTIALS_REVOKED",
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
