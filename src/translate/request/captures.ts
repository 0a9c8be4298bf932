// What the router captured from the path → the first values of a request's draft; nothing that follows may contradict them.
import { concatBytes, fieldWire } from "../wire/field-wire.ts";
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

/** The whole message where path captures are all there is; undefined when one of them is wrong. */
export type ReadCaptures = (captures: readonly string[]) => Uint8Array | undefined;

/**
 * For most GETs: fields of their own from the path, no query and no body. They need none of what keeps values from different
 * places from contradicting each other, which is most of such a request's cost (`npm run bench -- front`). Undefined where a
 * variable sets a nested field or a list, or two may set the same thing. What is wrong is left to `compileCaptures` to say.
 */
export function compilePlainCaptures(binding: Binding, binder: Binder): ReadCaptures | undefined {
  const fields = binding.variables.map((variable) => variable.fields[0]);
  const isPlain = binding.variables.every(
    (variable) => variable.fields.length === 1 && variable.fields[0].cardinality === "singular",
  );
  const oneofs = fields.map((field) => field.oneof).filter((oneof) => oneof !== undefined);
  if (!isPlain || new Set(fields).size < fields.length || new Set(oneofs).size < oneofs.length) return undefined;
  const reads = fields.map((field) => binder.pathReader(field)).filter((read) => read !== undefined);
  if (reads.length < fields.length) return undefined;
  return (captures) => {
    try {
      const parts = fields.map((field, index) => fieldWire(field, [reads[index](captures[index])]));
      return parts.length === 1 ? parts[0] : concatBytes(parts);
    } catch {
      return undefined;
    }
  };
}
