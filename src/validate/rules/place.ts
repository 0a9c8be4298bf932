// Where rules were written, and for which values: what a message about them and a violation of them need to say it.
import type { Diagnostic, Position } from "../../diagnostic.ts";
import type { OptionMessage, OptionValue } from "../../schema/descriptor.ts";
import type { Rule } from "../inspection.ts";

export type Report = (diagnostic: Diagnostic) => void;

export interface Place {
  /** What has the rules, for messages: `shop.v1.Order.id`. */
  readonly name: string;
  /** The option that holds these rules: `(buf.validate.field).repeated.items`. */
  readonly option: string;
  /** Inside the rules of the field: `repeated.items`; empty for the field's own. */
  readonly path: string;
  readonly forKey: boolean;
  positionOf(option: string): Position;
  readonly report: Report;
}

/** The rules inside these: of a list's items, of a map's keys. */
export function placeInside(place: Place, inner: string, forKey = false): Place {
  return { ...place, option: `${place.option}.${inner}`, path: joinPath(place.path, inner), forKey };
}

export function joinPath(path: string, inner: string): string {
  return path === "" ? inner : `${path}.${inner}`;
}

/** `rule` is relative to the place: `string.min_len`. */
export function refuseRule(
  place: Place,
  rule: string,
  message: string,
  hint: string,
  severity: "error" | "warning" = "error",
): void {
  place.report({
    severity,
    position: place.positionOf(joinPath(place.option, rule)),
    message: `${place.name}: ${message}`,
    hint,
    rule: "validation-rule",
  });
}

/** Makes the rules of one kind (`string`, `int32`) at a place. */
export class RuleKind {
  readonly place: Place;
  readonly kind: string;
  readonly rules: OptionMessage;

  constructor(place: Place, kind: string, rules: OptionMessage) {
    this.place = place;
    this.kind = kind;
    this.rules = rules;
  }

  /** `id` where it is not `kind.name`. */
  rule(name: string, message: string, id = `${this.kind}.${name}`): Rule {
    return { id, message, path: joinPath(this.place.path, `${this.kind}.${name}`), forKey: this.place.forKey };
  }

  get(name: string): OptionValue | undefined {
    return this.rules.get(name);
  }

  text(name: string): string | undefined {
    return this.rules.get(name) as string | undefined;
  }

  isOn(name: string): boolean {
    return this.rules.get(name) === true;
  }

  /** Of a count; lengths beyond 2^53 do not occur. */
  count(name: string): number | undefined {
    const value = this.rules.get(name);
    return value === undefined ? undefined : Number(value);
  }

  list(name: string): readonly OptionValue[] | undefined {
    const values = this.rules.get(name) as OptionValue[] | undefined;
    return values === undefined || values.length === 0 ? undefined : values;
  }

  refuse(name: string, message: string, hint: string): void {
    refuseRule(this.place, `${this.kind}.${name}`, message, hint);
  }
}

/** As messages of rules list values: `[1, 2]`. */
export function formatList<T>(values: readonly T[], format: (value: T) => string = String): string {
  return `[${values.map((value) => format(value)).join(", ")}]`;
}
