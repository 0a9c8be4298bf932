// google.api.field_behavior: what of it can be checked on a request.
import type { Field, MessageType } from "../schema/descriptor.ts";
import type { Inspection, Rule, Step } from "./inspection.ts";

const option = "(google.api.field_behavior)";

export function hasBehavior(field: Field, behavior: "REQUIRED" | "OUTPUT_ONLY"): boolean {
  return ((field.options.get(option) ?? []) as readonly unknown[]).includes(behavior);
}

/**
 * AIP-203: present and not empty. Of a bool without presence nobody can tell whether it was sent: false is a value like true.
 */
export function isRequired(field: Field): boolean {
  if (!hasBehavior(field, "REQUIRED")) return false;
  return (
    field.hasPresence ||
    field.type.kind !== "scalar" ||
    field.type.scalar !== "bool" ||
    field.cardinality !== "singular"
  );
}

export const behaviorRequired: Rule = {
  id: "field_behavior.required",
  message: "value is required",
  path: "",
  forKey: false,
};

export const behaviorOutputOnly: Rule = {
  id: "field_behavior.output_only",
  message: "is set by the server alone; leave it out",
  path: "",
  forKey: false,
};

/** The mask of an update, and what it is of. */
export interface Update {
  readonly mask: Field;
  readonly resource: Field;
}

/** AIP-134: `update_mask` beside the one message that is updated. */
export function findUpdate(type: MessageType): Update | undefined {
  const messages = type.fields.filter((field) => field.type.kind === "message" && field.cardinality === "singular");
  const mask = messages.find(
    (field) => field.protoName === "update_mask" && messageName(field) === "google.protobuf.FieldMask",
  );
  const others = messages.filter((field) => !messageName(field).startsWith("google.protobuf."));
  return mask === undefined || others.length !== 1 ? undefined : { mask, resource: others[0] };
}

function messageName({ type }: Field): string {
  return type.kind === "message" ? type.message.name : "";
}

/** Whether the update writes the field that would stand here, so that it has to be there. */
export function isWritten({ mask, steps }: Inspection, field: Field): boolean {
  if (mask === undefined || steps.length === 0) return true;
  const path = [...steps.slice(1), field].filter(isField).map(({ protoName }) => protoName);
  const name = path.join(".");
  return mask.some((masked) => masked === "*" || masked === name || name.startsWith(`${masked}.`));
}

function isField(step: Step): step is Field {
  return typeof step === "object" && "protoName" in step;
}
