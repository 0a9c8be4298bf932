// The batch of a step: which of its fields takes the keys, which has the items, and what all calls have in common.
import { didYouMean } from "../diagnostic.ts";
import { batchBounds } from "../schema/compose-rule.ts";
import type { BatchSettings } from "../schema/compose-rule.ts";
import type { Field, MessageType } from "../schema/descriptor.ts";
import { readCount } from "./bounds.ts";
import type { KnownStep, StepInputs } from "./known-step.ts";
import { describeType, isSameType, PathFault, typeOf } from "./path.ts";
import type { BatchPlan } from "./plan.ts";
import { toAssignment } from "./target.ts";
import type { Assignment } from "./target.ts";

export interface CompiledBatch {
  readonly plan: BatchPlan;
  /** What is the same for all keys, of the batch's request. */
  readonly common: readonly Assignment[];
}

interface BatchInputs extends StepInputs {
  /** Of the single call. */
  readonly assignments: readonly Assignment[];
}

/** Undefined where something is wrong, which is reported. */
export function compileBatch(
  step: KnownStep,
  { reporting, assignments, findMethod }: BatchInputs,
): CompiledBatch | undefined {
  const batch = step.settings.batch as BatchSettings;
  const at = ["step", step.index, "batch"];
  const method = reporting.attempt([...at, "call"], () => findMethod(batch.call, step.settings));
  const own = assignments.filter(({ source }) => source.isElement);
  if (method === undefined) return undefined;
  return reporting.attempt(at, () => {
    if (own.length !== 1)
      throw new PathFault(
        `the keys are what set takes from it, and ${own.length === 0 ? "it takes nothing" : `it takes ${own.length} things`}`,
        'write one set from it, e.g. set: "id = it.product_id"',
      );
    const [{ source }] = own;
    const keys = findList(method.input, "keys", batch.keys);
    const items = findList(method.output, "items", batch.items);
    const key = findKey(items, step.method.output, batch.key);
    if (source.lists.length > 0 || !isSameType(source.type, typeOf(keys)))
      throw new PathFault(
        `keys are ${describeType(typeOf(keys))}, and ${source.text} is ${source.lists.length > 0 ? "a list" : describeType(source.type)}`,
      );
    if (!isSameType(typeOf(key), typeOf(keys)))
      throw new PathFault(
        `keys are ${describeType(typeOf(keys))}, and the key of an item is ${describeType(typeOf(key))}`,
      );
    const max = readCount(batch.max, batchBounds);
    const common = assignments.flatMap((one) =>
      one.source.isElement ? [] : [toAssignment(one.text, method.input, one.source)],
    );
    return { plan: { method, keys, items, key, max, source }, common };
  });
}

function findList(message: MessageType, what: "keys" | "items", name: string): Field {
  const field = findField(message, what, name);
  if (field.cardinality === "repeated") return field;
  throw new PathFault(`${what} is a list, and ${message.name}.${name} is none`);
}

function findKey(items: Field, expected: MessageType, name: string): Field {
  const type = typeOf(items);
  if (!isSameType(type, { kind: "message", message: expected }) || type.kind !== "message")
    throw new PathFault(
      `items are what call answers, ${expected.name}, and ${items.protoName} are ${describeType(type)}`,
    );
  const field = findField(type.message, "key", name);
  const isUsable = field.cardinality === "singular" && isKeyType(describeType(typeOf(field)), field);
  if (isUsable) return field;
  throw new PathFault(`key is a string, bytes, an integer or an enum, and ${type.message.name}.${name} is not`);
}

function isKeyType(name: string, { type }: Field): boolean {
  return type.kind === "enum" || (type.kind === "scalar" && !["double", "float", "bool"].includes(name));
}

function findField(message: MessageType, what: string, name: string): Field {
  const field = message.fields.find(({ protoName }) => protoName === name);
  if (field !== undefined) return field;
  const names = message.fields.map(({ protoName }) => protoName);
  throw new PathFault(
    name === ""
      ? `${what} is missing: a field of ${message.name}`
      : `${what}: ${message.name} has no field ${JSON.stringify(name)}`,
    didYouMean(name, names) ?? (names.length === 0 ? undefined : `it has ${names.slice(0, 10).join(", ")}`),
  );
}
