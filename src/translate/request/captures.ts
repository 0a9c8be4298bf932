// What the router captured from the path → the first values of a request's draft; nothing that follows may contradict them.
import type { Binding } from "../../schema/binding.ts";
import { addEntry, draftBelow, newValue } from "./overlay-draft.ts";
import type { Binder, Bound } from "./query-binder.ts";
import { refuseText } from "./text-well-known.ts";

export type BindCaptures = (bound: Bound, captures: readonly string[]) => void;

/** The fields of the variables were checked with the schema; each has a form as text. */
export function compileCaptures(binding: Binding, binder: Binder): BindCaptures {
  const steps = binding.variables.map(({ variable, fields }) => ({
    path: variable.path,
    parents: fields.slice(0, -1),
    field: fields[fields.length - 1],
    read: fields.length === 1 ? binder.pathReader(fields[0]) : binder.reader(fields[fields.length - 1]),
  }));
  return ({ root, violations }, captures) => {
    for (const [index, { path, parents, field, read }] of steps.entries()) {
      const text = captures[index];
      try {
        if (read === undefined) throw refuseText("has a type that a path cannot give", "FIELD_NOT_BINDABLE");
        // A list in a path is separated by commas (profile grpc-gateway; the schema refuses it in strict).
        const payloads = field.cardinality === "repeated" ? text.split(",").map(read) : [read(text)];
        let node = root;
        for (const parent of parents) node = draftBelow(node, parent) ?? node;
        addEntry(node, field, newValue("path", text, payloads));
      } catch (error) {
        violations.addError(path, error);
      }
    }
  };
}
