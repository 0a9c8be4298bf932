// `default = …`: whether the value is one of the field's type.
import type { FieldNode } from "./node.ts";
import type { Problems } from "./problems.ts";
import { describeValue, toScalarValue } from "./option-value.ts";

export function checkDefault(field: FieldNode, problems: Problems): void {
  const value = field.raw.defaultValue;
  if (value === undefined) return;
  const reason = whyNone(field);
  if (reason !== undefined) {
    problems.error({
      position: value.position,
      rule: "default",
      message: `field "${field.raw.name}" has the default ${describeValue(value)}, and ${reason}`,
      hint: "remove the default",
    });
    return;
  }
  toScalarValue(value, field, "default", problems);
}

function whyNone(field: FieldNode): string | undefined {
  if (field.file.raw.edition === "proto3") return "proto3 has no defaults";
  if (field.cardinality !== "singular") return "repeated fields have none";
  if (field.type.kind === "message") return "messages have none";
  if (!field.hasPresence) return "fields without presence have none";
  return undefined;
}
