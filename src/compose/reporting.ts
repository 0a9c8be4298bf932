// Says what is wrong with a composition, at the place where it was written.
import type { ComposeRule } from "../schema/compose-rule.ts";
import type { Diagnostic, Severity } from "../diagnostic.ts";
import { PathFault } from "./path.ts";

export type Place = readonly (string | number)[];

export interface Reporting {
  readonly rule: ComposeRule;
  readonly hasFaults: () => boolean;
  readonly fault: (at: Place, message: string, hint?: string) => void;
  readonly warn: (at: Place, message: string, hint?: string) => void;
  /** Undefined, once it is reported, for what throws PathFault. */
  readonly attempt: <T>(at: Place, make: () => T) => T | undefined;
}

export function reportOn(rule: ComposeRule, report: (diagnostic: Diagnostic) => void): Reporting {
  let faults = 0;
  const say = (severity: Severity, at: Place, message: string, hint: string | undefined): void => {
    if (severity === "error") faults++;
    const where = formatPlace(at, rule);
    const text = `${rule.method} (compose): ${where}${message}`;
    report({ severity, position: rule.positionOf(at), message: text, hint, rule: "compose" });
  };
  const fault: Reporting["fault"] = (at, message, hint) => say("error", at, message, hint);
  return {
    rule,
    hasFaults: () => faults > 0,
    fault,
    warn: (at, message, hint) => say("warning", at, message, hint),
    attempt(at, make) {
      try {
        return make();
      } catch (error) {
        if (!(error instanceof PathFault)) throw error;
        fault(at, error.message, error.hint);
        return undefined;
      }
    },
  };
}

/** `step order, set: ` for a part of a step, `out: ` for one of the whole. */
function formatPlace(at: Place, { settings }: ComposeRule): string {
  const [part, index, ...inner] = at;
  if (part === undefined) return "";
  if (part !== "step" || typeof index !== "number") return `${part}: `;
  const id = settings.step[index].id || index;
  const keys = inner.filter((key) => typeof key === "string");
  return `step ${id}${keys.length === 0 ? "" : `, ${keys.join(".")}`}: `;
}
