// Which method a WebSocket's path is for: the rules of all methods that stream, whatever their verbs, since a handshake is always GET.
import { createRouter } from "../../route/router.ts";
import type { RouteMatch, RouterOptions } from "../../route/router.ts";
import type { Binding } from "../../schema/binding.ts";
import type { Method } from "../../schema/descriptor.ts";
import { Code, GatewayError } from "../../status.ts";
import { streamRuleOf } from "../stream/stream-policy.ts";
import type { StreamRules } from "../stream/stream-policy.ts";

export interface RouteOptions extends StreamRules {
  readonly routing: RouterOptions;
  readonly exposeUnary: boolean;
}

/** The rule for a path; `verb` is what `$verb` says. Throws GatewayError that says what is there instead. */
export type FindRoute = (path: string, verb: string | undefined) => RouteMatch;

/** The verb of `custom { kind: "websocket" }`: such a rule was written for nothing else, and goes before the others. */
const ownVerb = "WEBSOCKET";

export function compileRoutes(bindings: readonly Binding[], options: RouteOptions): FindRoute {
  const isOffered = (method: Method): boolean =>
    method.kind === "unary" ? options.exposeUnary : streamRuleOf(method, options).webSocket;
  const offered = compileMatch(
    bindings.filter(({ method }) => isOffered(method)),
    options.routing,
  );
  const others = compileMatch(
    bindings.filter(({ method }) => !isOffered(method)),
    options.routing,
  );
  return (path, verb) => {
    const matches = offered(path);
    const wanted = verb === undefined ? matches : matches.filter(({ binding }) => takesVerb(binding, verb));
    if (wanted.length === 0) throw matches.length > 0 ? noSuchVerb(matches, verb) : explainMiss(others(path));
    const own = wanted.find(({ binding }) => binding.httpMethod === ownVerb);
    if (own !== undefined) return own;
    if (wanted.some(({ binding }) => binding.method !== wanted[0].binding.method)) throw ambiguous(wanted);
    return wanted[0];
  };
}

function takesVerb({ httpMethod }: Binding, verb: string): boolean {
  return httpMethod === verb || httpMethod === "*";
}

/** All rules that a path fits, each once, in the order they were declared. Throws GatewayError (400) for a path that is none. */
function compileMatch(bindings: readonly Binding[], options: RouterOptions): (path: string) => readonly RouteMatch[] {
  const router = createRouter(bindings, options);
  const verbs = [...new Set(bindings.map(({ httpMethod }) => httpMethod))];
  const order = new Map(bindings.map((binding, index) => [binding, index]));
  return (path) => {
    const matches = new Map<Binding, RouteMatch>();
    for (const verb of verbs) {
      // A rule for any verb is found by any: also by one that no other rule has.
      const result = router.match(verb, path);
      if (result.kind === "match") matches.set(result.binding, result);
      else if (result.kind === "bad-path")
        throw new GatewayError(Code.INVALID_ARGUMENT, result.message, { reason: result.reason });
    }
    return [...matches.values()].sort((one, other) => order.get(one.binding)! - order.get(other.binding)!);
  };
}

function explainMiss(matches: readonly RouteMatch[]): GatewayError {
  if (matches.length === 0) {
    const message = "no method is bound to this path; `sluice routes` lists those that are";
    return new GatewayError(Code.NOT_FOUND, message, { reason: "ROUTE_NOT_FOUND" });
  }
  const { method, httpMethod } = matches[0].binding;
  const message =
    method.kind === "unary"
      ? `${method.name} is unary; call it by ${httpMethod}, or expose unary methods with websocket.unary`
      : `${method.name} is not offered over WebSocket: its stream policy says ws: false`;
  return new GatewayError(Code.UNIMPLEMENTED, message, { reason: "WEBSOCKET_NOT_OFFERED" });
}

function noSuchVerb(matches: readonly RouteMatch[], verb: string | undefined): GatewayError {
  return invalidVerb(`no rule for ${verb} has this path; $verb can be ${verbsOf(matches)}`);
}

function ambiguous(matches: readonly RouteMatch[]): GatewayError {
  return invalidVerb(`rules of several methods have this path; say which with $verb, one of ${verbsOf(matches)}`);
}

function verbsOf(matches: readonly RouteMatch[]): string {
  return matches.map(({ binding }) => `${binding.httpMethod} (${binding.method.name})`).join(", ");
}

function invalidVerb(description: string): GatewayError {
  return GatewayError.invalidField("$verb", description, "SYSTEM_PARAMETER_INVALID");
}
