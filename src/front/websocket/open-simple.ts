// Opens simple mode: finds the rule for the path, settles encoding and deadline, reads path and query.
import { Call } from "../../call.ts";
import { Cancellation } from "../../cancellation.ts";
import { GatewayError } from "../../status.ts";
import type { Admission, Caller } from "./reception.ts";
import type { FindRoute } from "./routes.ts";
import type { SimpleOpening } from "./simple.ts";
import type { Encoding, SimplePlan } from "./simple-plan.ts";
import type { Binding } from "../../schema/binding.ts";

export interface SimpleTable {
  readonly findRoute: FindRoute;
  readonly planOf: (binding: Binding, encoding: Encoding) => SimplePlan;
}

/** Throws GatewayError: what is wrong with the URL, before there is a socket. */
export function openSimple({ findRoute, planOf }: SimpleTable, caller: Caller, admission: Admission): SimpleOpening {
  const { parameters, metadata, headers, source, peer } = admission;
  const { binding, captures } = findRoute(caller.path, parameters.verb);
  const plan = planOf(binding, toEncoding(caller, parameters.alt));
  plan.check();
  const startedAt = performance.now();
  const call = new Call({
    method: binding.method,
    front: "websocket",
    source,
    headers,
    peer,
    metadata,
    deadline: startedAt + plan.timeoutOf(headers, parameters.timeout),
    startedAt,
    cancellation: new Cancellation(),
    endsWithIdentity: true,
  });
  const messages = plan.readStream({ captures, query: parameters.query, method: binding.httpMethod });
  return { plan, messages, call, wantsHead: parameters.head };
}

function toEncoding({ mode }: Caller, alt: Encoding | undefined): Encoding {
  const agreed = mode.kind === "simple" ? mode.encoding : undefined;
  if (agreed === undefined || alt === undefined || agreed === alt) return agreed ?? alt ?? "json";
  throw GatewayError.invalidField(
    "$alt",
    `$alt=${alt} contradicts the sub-protocol sluice.v1.${agreed}; leave one of them out`,
    "SYSTEM_PARAMETER_INVALID",
  );
}
