// ext_authz in the chain: every call that is not public is put to the server; what it says goes on with the call, and may be who calls.
import type { Call, Intercept } from "../../call.ts";
import type { AuthenticationRequest, Identity, RequestHeaders, RequestSource } from "../../caller.ts";
import type { MetricSource } from "../../exposition.ts";
import type { Method } from "../../schema/descriptor.ts";
import type { Authenticator } from "../authenticate/authenticator.ts";
import type { Interceptor } from "../compose.ts";
import { applyAnswer } from "./apply-answer.ts";
import type { AuthorizationServer } from "./authorization-server.ts";
import type { Allowed } from "./check-response.ts";
import { readIdentity } from "./read-identity.ts";
import type { PrincipalSource } from "./read-identity.ts";

export const extAuthzName = "ext_authz";

export interface ExtAuthzOptions {
  readonly server: AuthorizationServer;
  /** Undefined where the server does not say who calls. */
  readonly principal: PrincipalSource | undefined;
  /** Methods whose calls it is asked about. */
  readonly isAsked: (method: Method) => boolean;
}

export interface ExtAuthz {
  /** Where the server says who calls: asked when the request brings nothing that anybody else knows. */
  readonly authenticator: Authenticator | undefined;
  /** Behind authentication. */
  readonly interceptor: Interceptor;
  readonly metrics: MetricSource;
}

/** It did not answer, and that is no obstacle. */
const unanswered = Symbol("unanswered");
type Answer = Allowed | typeof unanswered;

export function createExtAuthz({ server, principal, isAsked }: ExtAuthzOptions): ExtAuthz {
  const answers = new Answers();

  /** A socket that is about to make calls is not judged here: its calls are, each. */
  const identify = async (request: AuthenticationRequest, method: Method): Promise<Identity | undefined> => {
    const checked = {
      ...request,
      methodPath: method.path,
      front: undefined,
      requestId: undefined,
      identity: undefined,
    };
    const asking = { deadline: Number.POSITIVE_INFINITY, cancellation: undefined, metadata: request.metadata };
    const answer = await server.check(checked, asking);
    answers.keep(request, method, answer ?? unanswered);
    return answer === undefined || principal === undefined ? undefined : readIdentity(answer, principal);
  };

  const ask = async (call: Call): Promise<void> => {
    const { headers, peer, source, method, front, requestId, identity } = call;
    const answer = await server.check(
      { headers, peer, source, methodPath: method.path, front, requestId, identity },
      call,
    );
    apply(call, answer ?? unanswered);
  };

  const intercept: Intercept = (call) => {
    const known = answers.take(call, call.method);
    if (known === undefined) return ask(call);
    apply(call, known);
    return undefined;
  };

  return {
    authenticator:
      principal === undefined
        ? undefined
        : {
            name: extAuthzName,
            judgesCallsOnly: true,
            authenticate: (request) =>
              request.method === undefined || !isAsked(request.method) ? undefined : identify(request, request.method),
          },
    interceptor: { name: extAuthzName, compile: (method) => (isAsked(method) ? intercept : undefined) },
    metrics: () => [
      {
        name: "sluice_ext_authz_checks_total",
        type: "counter",
        help: "Questions to the ext_authz server, by what came of them: allowed, denied, failed.",
        samples: Object.entries(server.counts).map(([result, value]) => [{ result }, value]),
      },
    ],
  };
}

function apply(call: Call, answer: Answer): void {
  if (answer === unanswered) call.note(extAuthzName, "let pass unasked: the server did not answer");
  else applyAnswer(call, answer);
}

type Brought = Pick<AuthenticationRequest, "source" | "headers">;

/** Between authentication and the call: what was asked for one is not asked again for the other. */
class Answers {
  /**
   * By the request, which has a path of its own where its headers are those of another, and by what it brought: a socket makes calls
   * of several methods, and may bring other credentials in between.
   */
  readonly #answers = new WeakMap<
    RequestSource,
    Map<Method, { readonly headers: RequestHeaders; readonly answer: Answer }>
  >();

  keep({ source, headers }: Brought, method: Method, answer: Answer): void {
    const known = this.#answers.get(source);
    if (known === undefined) this.#answers.set(source, new Map([[method, { headers, answer }]]));
    else known.set(method, { headers, answer });
  }

  /** Once. */
  take({ source, headers }: Brought, method: Method): Answer | undefined {
    const known = this.#answers.get(source);
    const found = known?.get(method);
    if (found === undefined || found.headers !== headers) return undefined;
    known?.delete(method);
    return found.answer;
  }
}
