// What holds for the streams of a method, compiled: slow clients, clients that come back, silence, age, and the transports it is offered on.
import type { Method } from "../../schema/descriptor.ts";
import { plainStream } from "../../schema/stream-rule.ts";
import type { StreamRule } from "../../schema/stream-rule.ts";
import { compileFieldText } from "../../translate/reply/field-text.ts";
import type { FieldText } from "../../translate/reply/field-text.ts";
import { compileResume } from "./resume.ts";
import type { Resume } from "./resume.ts";
import type { StreamTimes } from "./stream-clock.ts";

/** What to do when a message comes that the client has no room for. */
export type Overflow =
  | { readonly kind: "block" }
  | { readonly kind: "conflate"; readonly keyOf: FieldText }
  | { readonly kind: "drop-oldest"; readonly limit: number }
  | { readonly kind: "disconnect" };

export interface StreamPolicy extends Omit<StreamRule, "overflow" | "resume"> {
  readonly overflow: Overflow;
  /** Undefined: a client that was cut off starts anew. */
  readonly resume: Resume | undefined;
}

export interface StreamRules {
  /** What is in force for a method, in its proto or in the configuration; absent: nobody says anything. Sound: of fields that there are. */
  readonly streamRuleOf?: (method: Method) => StreamRule;
}

export function streamRuleOf(method: Method, { streamRuleOf: find }: StreamRules): StreamRule {
  return find?.(method) ?? plainStream;
}

export function compileStreamPolicy(method: Method, rules: StreamRules): StreamPolicy {
  const { overflow, resume, ...rest } = streamRuleOf(method, rules);
  return {
    ...rest,
    overflow:
      overflow.kind === "conflate"
        ? { kind: "conflate", keyOf: compileFieldText(method.output, overflow.key) }
        : overflow,
    resume: resume === "off" ? undefined : compileResume(method, resume),
  };
}

/** What the method says, else what holds for all. */
export function toStreamTimes(
  { idleMs, lifetimeMs }: Pick<StreamPolicy, "idleMs" | "lifetimeMs">,
  defaults: StreamTimes,
): StreamTimes {
  return { idleMs: idleMs ?? defaults.idleMs, lifetimeMs: lifetimeMs ?? defaults.lifetimeMs };
}
