// Who may call, as the configuration says it: the ways to say who one is, what each method asks, and what backends are told.
import type { Authenticate } from "./call.ts";
import { createAuthentication } from "./chain/authenticate.ts";
import type { Authentication } from "./chain/authenticate.ts";
import type { Authenticator } from "./chain/authenticate/authenticator.ts";
import { compileForwarding } from "./chain/authenticate/forward-identity.ts";
import { createJwtAuthenticator } from "./chain/authenticate/jwt.ts";
import type { AuthLevel } from "./chain/policy.ts";
import type { AuthConfig, Config } from "./config/config.ts";
import { compileOriginList } from "./front/origins.ts";
import type { Sweep } from "./front/stream/sweep.ts";
import type { Method } from "./schema/descriptor.ts";
import { closestSelector } from "./schema/selector.ts";
import type { GatewayError } from "./status.ts";

export interface AuthenticationInputs {
  readonly config: Config;
  readonly report: (error: GatewayError) => void;
  /** Of a program that embeds the gateway. */
  readonly authenticate: Authenticate | undefined;
  readonly timer: Sweep;
  /** The gateway's own methods, health and reflection. */
  readonly isOwn: (method: Method) => boolean;
}

/** What `WWW-Authenticate` calls the place that credentials are for. */
const realm = "sluice";

/** Undefined where nobody is asked who calls. */
export function createConfiguredAuthentication(inputs: AuthenticationInputs): Authentication | undefined {
  const { config, authenticate, timer, isOwn } = inputs;
  const { auth } = config;
  if (auth === undefined) return authenticate && createAuthentication({ authenticate, timer, isOpen: isOwn });
  const authenticators = createAuthenticators(inputs, auth);
  return createAuthentication({
    authenticators,
    authenticate,
    timer,
    isOpen: isOwn,
    levelOf: compileLevels(auth),
    forward: compileForwarding({
      claims: auth.forwardClaims,
      credentials: authenticators.flatMap(({ headers = [] }) => headers),
      cookie: authenticators.find(({ cookie }) => cookie !== undefined)?.cookie,
      keepCredentials: auth.forwardToken,
    }),
  });
}

function createAuthenticators({ config, timer, report }: AuthenticationInputs, auth: AuthConfig): Authenticator[] {
  const authenticators: Authenticator[] = [];
  if (auth.issuers.length > 0) {
    const { issuers, cookie } = auth;
    // What every page may do, none may do with its visitors' cookies.
    const isPageOrigin = compileOriginList(config.websocket.allowedOrigins.filter((origin) => origin !== "*"));
    authenticators.push(
      createJwtAuthenticator({ issuers, cookie, isPageOrigin, realm, leaveOpaque: false, timer, report }),
    );
  }
  return authenticators;
}

/** What says most about a method counts. */
function compileLevels(auth: AuthConfig): (method: Method) => AuthLevel {
  const levels = new Map<string, AuthLevel>();
  for (const { value } of auth.optional) levels.set(value, "optional");
  for (const { value } of auth.public) levels.set(value, "public");
  const selectors = [...levels.keys()];
  return ({ name }) => levels.get(closestSelector(selectors, name) ?? "") ?? auth.default.value;
}
