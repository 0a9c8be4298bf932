// The end of the chain for composed methods: answered by their plans, all others by whoever comes next.
import type { Handler, Reply, UnaryCall } from "../call.ts";
import type { Around } from "../chain/compose.ts";
import { tellPartial } from "../chain/partial.ts";
import type { Compositions } from "./plan.ts";
import { runComposition } from "./run.ts";
import type { RunOptions } from "./run.ts";

/** Undefined where nothing is composed: then no call pays for it. */
export function answerComposed(plans: Compositions, options: Omit<RunOptions, "outbound">): Around | undefined {
  if (plans.size === 0) return undefined;
  return (next: Handler) => {
    const run = { ...options, outbound: next.unary };
    return {
      ...next,
      unary(call) {
        const plan = plans.get(call.method);
        return plan === undefined
          ? next.unary(call)
          : runComposition(plan, call, run).then((reply) => tell(call, reply));
      },
    };
  };
}

function tell({ origin }: UnaryCall, reply: Reply): Reply {
  if (origin !== undefined) tellPartial(origin, reply);
  return reply;
}
