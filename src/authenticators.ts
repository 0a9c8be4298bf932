// Who may call, as the configuration says it: the ways to say who one is, what each method asks, and what backends are told.
import type { Authenticate } from "./caller.ts";
import { createAuthentication } from "./chain/authenticate.ts";
import type { Authentication } from "./chain/authenticate.ts";
import type { Authenticator } from "./chain/authenticate/authenticator.ts";
import { compileForwarding } from "./chain/authenticate/forward-identity.ts";
import { askOutside } from "./chain/authenticate/ask-outside.ts";
import { createIntrospection } from "./chain/authenticate/introspection.ts";
import { createJwtAuthenticator } from "./chain/authenticate/jwt.ts";
import { createMtls } from "./chain/authenticate/mtls.ts";
import type { AuthLevel, PolicyOf } from "./chain/policy.ts";
import type { AuthConfig, Config } from "./config/config.ts";
import { createFileAuthenticators } from "./file-authenticators.ts";
import { compileOriginList } from "./front/origins.ts";
import { toCookieOrigins } from "./guard-options.ts";
import type { Sweep } from "./front/stream/sweep.ts";
import type { Method } from "./schema/descriptor.ts";
import type { GatewayError } from "./status.ts";

export interface AuthenticationInputs {
  readonly config: Config;
  readonly policyOf: PolicyOf;
  readonly report: (error: GatewayError) => void;
  /** Of a program that embeds the gateway. */
  readonly authenticate: Authenticate | undefined;
  readonly timer: Sweep;
  /** Ends what is open for a principal whose credentials hold no more. */
  readonly revoke: (principal: string) => void;
  /** The gateway's own methods, health and reflection. */
  readonly isOwn: (method: Method) => boolean;
  /** Whatever else can say who calls. */
  readonly more: readonly Authenticator[];
}

/** What `WWW-Authenticate` calls the place that credentials are for. */
export const realm = "sluice";

/** Undefined where nobody is asked who calls. */
export function createConfiguredAuthentication(inputs: AuthenticationInputs): Authentication | undefined {
  const { config, policyOf, authenticate, timer, isOwn } = inputs;
  const { auth } = config;
  const levelOf = (method: Method): AuthLevel => policyOf(method).auth.value;
  if (auth === undefined) return authenticate && createAuthentication({ authenticate, timer, isOpen: isOwn, levelOf });
  const authenticators = createAuthenticators(inputs, auth);
  return createAuthentication({
    authenticators,
    authenticate,
    timer,
    isOpen: isOwn,
    levelOf,
    forward: compileForwarding({
      claims: auth.forwardClaims,
      // Whoever judges it, an ext_authz server say, or nobody, of a public method.
      credentials: ["authorization", ...authenticators.flatMap(({ headers = [] }) => headers)],
      cookie: authenticators.find(({ cookie }) => cookie !== undefined)?.cookie,
      keepCredentials: auth.forwardToken,
    }),
  });
}

function createAuthenticators(inputs: AuthenticationInputs, auth: AuthConfig): Authenticator[] {
  const { config, timer, report, revoke, more } = inputs;
  const { issuers, cookie, introspection, mtls } = auth;
  const authenticators = [...createFileAuthenticators(auth, { realm, report, revoke }), ...more];
  // What every page may do, none may do with its visitors' cookies.
  const isPageOrigin = compileOriginList(toCookieOrigins(config).filter((origin) => origin !== "*"));
  const places = { cookie, isPageOrigin, realm };
  if (issuers.length > 0) {
    const leaveOpaque = introspection !== undefined;
    authenticators.push(createJwtAuthenticator({ ...places, issuers, leaveOpaque, timer, report }));
  }
  if (introspection !== undefined)
    authenticators.push(createIntrospection({ ...places, ...introspection, ask: askOutside, now: Date.now }));
  if (mtls !== undefined) authenticators.push(createMtls(mtls));
  return authenticators;
}
