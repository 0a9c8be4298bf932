// `out` of a composition: the assignments that the reply is made of, or where there are none what follows from the names of the steps.
import type { Method } from "../schema/descriptor.ts";
import type { ComposeRule } from "../schema/compose-rule.ts";
import type { KnownStep } from "./known-step.ts";
import { toOrigin } from "./origin.ts";
import { describeType, PathFault, typeOf } from "./path.ts";
import type { Reporting } from "./reporting.ts";
import { compileSource } from "./source.ts";
import type { Names } from "./source.ts";
import { checkLoops, checkRivals, compileWriter, splitAssignment, toAssignment } from "./target.ts";
import type { Assignment, PrepareWriter } from "./target.ts";

interface OutInputs {
  readonly rule: ComposeRule;
  readonly names: Omit<Names, "element" | "steps"> & { readonly steps: ReadonlyMap<string, KnownStep> };
  readonly reporting: Reporting;
}

export interface CompiledOut {
  readonly prepare: PrepareWriter;
  /** Steps that it takes from. */
  readonly needs: readonly number[];
  readonly texts: readonly string[];
}

/** Undefined where something is wrong, which is reported. */
export function compileOut(method: Method, inputs: OutInputs): CompiledOut | undefined {
  const { rule, reporting } = inputs;
  const written = rule.settings.out ?? [];
  const names: Names = { ...inputs.names, element: undefined };
  const assignments = written.length === 0 ? bind(method, inputs) : assign(written, method, { names, reporting });
  if (assignments === undefined) return undefined;
  return reporting.attempt(["out"], () => {
    checkRivals(assignments);
    checkLoops(assignments, (list) => toOrigin(list, inputs.names.steps));
    return {
      prepare: compileWriter(assignments),
      needs: [...new Set(assignments.flatMap(({ source }) => source.step ?? []))],
      texts: assignments.map(({ text, source }) => `${text} = ${source.text}`),
    };
  });
}

function assign(
  written: readonly string[],
  method: Method,
  { names, reporting }: { readonly names: Names; readonly reporting: Reporting },
): readonly Assignment[] | undefined {
  const found = written.map((text, index) =>
    reporting.attempt(["out", index], () => {
      const [target, source] = splitAssignment(text);
      return toAssignment(target, method.output, compileSource(source, names));
    }),
  );
  const assignments = found.filter((one) => one !== undefined);
  return assignments.length === written.length ? assignments : undefined;
}

/** By equal name and type. */
function bind({ output }: Method, { names, reporting }: OutInputs): readonly Assignment[] | undefined {
  const found = [...names.steps.values()].map(({ settings: { id }, index, method, isList }) =>
    reporting.attempt(["step", index], () => {
      const field = output.fields.find(({ protoName }) => protoName === id);
      if (field === undefined) return "unbound";
      const source = compileSource(id, { ...names, element: undefined });
      const isFitting =
        (field.cardinality === "repeated") === isList && describeType(typeOf(field)) === method.output.name;
      if (isFitting) return toAssignment(id, output, source);
      const given = `${isList ? "a list of " : ""}${method.output.name}`;
      throw new PathFault(
        `there is no out, and ${output.name}.${id}, which has its name, is not ${given}`,
        "write out, or call the step otherwise",
      );
    }),
  );
  if (found.includes(undefined)) return undefined;
  const assignments = found.filter((one) => one !== undefined && one !== "unbound");
  if (assignments.length > 0 || reporting.hasFaults()) return assignments;
  reporting.fault(
    [],
    `there is no out, and no field of ${output.name} has the name of a step`,
    'write out: "field = step"',
  );
  return undefined;
}
