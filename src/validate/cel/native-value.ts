// From the steps of an inspection to the value of @bufbuild/protobuf that stands there.
import type { CelInput } from "@bufbuild/cel";
import type { ReflectList, ReflectMap, ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { Step } from "../inspection.ts";
import { fieldByNumber } from "./registry.ts";

export function nativeValue(root: ReflectMessage, steps: readonly Step[]): CelInput {
  let value: unknown = root;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i];
    if (typeof step !== "object" || !("number" in step)) throw new TypeError("a subscript without its field");
    const message = value as ReflectMessage;
    const field = fieldByNumber(message.desc, step.number)!;
    value = message.get(field);
    const next = steps[i + 1];
    if (next === undefined || typeof next === "object") continue;
    i++;
    value = field.fieldKind === "list" ? (value as ReflectList).get(next as number) : (value as ReflectMap).get(next);
  }
  return value as CelInput;
}
