// The prefix that enum values share with their type's name: `STATE_` of `enum State { STATE_ACTIVE = 1; }`.
import type { EnumType } from "../../schema/descriptor.ts";

/** The prefix to strip, or "" unless every value has it and keeps a name that starts with a letter. */
export function enumPrefix(type: EnumType): string {
  const short = type.name.slice(type.name.lastIndexOf(".") + 1);
  const snake = short.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(/([A-Z])([A-Z][a-z])/g, "$1_$2");
  const prefix = `${snake.toUpperCase()}_`;
  const isShared = type.values.every(
    (value) => value.name.startsWith(prefix) && /^[A-Za-z]/.test(value.name.slice(prefix.length)),
  );
  return isShared ? prefix : "";
}
