// Fields of replies that the gateway reads to answer by: callers who may not see them would get an answer that makes no sense.
import type { MethodPolicy, PolicyOf, RedactionOf } from "../chain/policy.ts";
import type { Diagnostic, Position } from "../diagnostic.ts";
import type { Binding } from "../schema/binding.ts";
import type { Field, Method, Schema } from "../schema/descriptor.ts";
import { followPath } from "./follow-path.ts";
import { parsePosition } from "./placed.ts";

interface Use {
  readonly method: Method;
  /** As people know it: `location`. */
  readonly what: string;
  /** From the reply down to what is read. */
  readonly fields: readonly Field[];
  readonly position: Position | undefined;
}

export interface UseInputs {
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
  readonly policyOf: PolicyOf;
  readonly redactionOf: RedactionOf;
}

export function findRedactedUses({ schema, bindings, policyOf, redactionOf }: UseInputs): Diagnostic[] {
  const methods = schema.services.flatMap((service) => service.methods);
  const uses = [
    ...methods.flatMap((method) => listNamed(method, policyOf(method))),
    ...bindings.flatMap(listResponseBody),
  ];
  return uses.flatMap(({ method, what, fields, position }): Diagnostic[] => {
    const names = new Set(fields.map(({ name }) => name));
    const rule = redactionOf(method).find(({ value }) => names.has(value.field));
    if (rule === undefined) return [];
    const message = `${method.name}: ${what} is read from ${rule.value.field}, which not every caller may see (${rule.from})`;
    const hint = `take another field for ${what}, or let everybody see this one`;
    return [{ severity: "error", position, message, hint, rule: "policy-contradiction" }];
  });
}

function listNamed(method: Method, { http, stream }: Pick<MethodPolicy, "http" | "stream">): Use[] {
  const use = (what: string, path: string, from: string): Use[] =>
    path === "" ? [] : [{ method, what, fields: followPath(method.output, path), position: parsePosition(from) }];
  const { overflow, resume } = stream;
  return [
    ...(http.location === undefined ? [] : use("location", http.location.value, http.location.from)),
    ...(resume === undefined || resume.value === "off" ? [] : use("resume_token", resume.value.token, resume.from)),
    ...(overflow?.value.kind === "conflate" ? use("key", overflow.value.key, overflow.from) : []),
  ];
}

function listResponseBody({ method, responseBody, position }: Binding): Use[] {
  return responseBody === undefined ? [] : [{ method, what: "response_body", fields: [responseBody], position }];
}
