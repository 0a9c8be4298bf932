// Fields of replies that the gateway reads to answer by: callers who may not see them would get an answer that makes no sense.
import type { RedactionOf } from "../chain/policy.ts";
import type { Diagnostic, Position } from "../diagnostic.ts";
import type { Binding } from "../schema/binding.ts";
import type { Field, Method, Schema } from "../schema/descriptor.ts";
import { followPath } from "./follow-path.ts";
import { isMessage, text } from "./option-values.ts";

interface Use {
  readonly method: Method;
  /** As people know it: `location`. */
  readonly what: string;
  /** From the reply down to what is read. */
  readonly fields: readonly Field[];
  readonly position: Position;
}

const options = [
  ["(sluice.http)", "location"],
  ["(sluice.stream)", "resume_token"],
  ["(sluice.stream)", "key"],
] as const;

export interface UseInputs {
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
  readonly redactionOf: RedactionOf;
}

export function findRedactedUses({ schema, bindings, redactionOf }: UseInputs): Diagnostic[] {
  const methods = schema.services.flatMap((service) => service.methods);
  const uses = [...methods.flatMap(listOptions), ...bindings.flatMap(listResponseBody)];
  return uses.flatMap(({ method, what, fields, position }): Diagnostic[] => {
    const names = new Set(fields.map(({ name }) => name));
    const rule = redactionOf(method).find(({ value }) => names.has(value.field));
    if (rule === undefined) return [];
    const message = `${method.name}: ${what} is read from ${rule.value.field}, which not every caller may see (${rule.from})`;
    const hint = `take another field for ${what}, or let everybody see this one`;
    return [{ severity: "error", position, message, hint, rule: "policy-contradiction" }];
  });
}

function listOptions(method: Method): Use[] {
  return options.flatMap(([option, what]) => {
    const said = method.options.get(option);
    const path = isMessage(said) ? text(said.get(what)) : "";
    if (path === "") return [];
    return [
      { method, what, fields: followPath(method.output, path), position: method.optionPosition(`${option}.${what}`) },
    ];
  });
}

function listResponseBody({ method, responseBody, position }: Binding): Use[] {
  return responseBody === undefined ? [] : [{ method, what: "response_body", fields: [responseBody], position }];
}
