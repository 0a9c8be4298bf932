// What the parts of the check of a condition share.
import type { parse } from "@bufbuild/cel";
import type { EnumType, MessageType } from "../../schema/descriptor.ts";
import type { ConditionType } from "./condition-type.ts";

export type Expression = ReturnType<typeof parse>["expr"];

/** Types of the variables that loops bring. */
export type Scope = ReadonlyMap<string, ConditionType>;

export interface CheckInputs {
  /** Of the request message. Undefined where there is none to look at: `req` is then refused. */
  readonly request: MessageType | undefined;
  /** What else it may look at. */
  readonly variables: ReadonlyMap<string, ConditionType>;
  readonly findEnum: (name: string) => EnumType | undefined;
  /** Names of functions and methods. */
  readonly functions: ReadonlySet<string>;
}

export interface ConditionFault {
  readonly message: string;
  readonly hint?: string | undefined;
  /** Of the expression at fault, in the parser's numbering. */
  readonly id?: bigint;
}

export interface Checking {
  readonly inputs: CheckInputs;
  typeOf(expression: Expression | undefined, scope: Scope): ConditionType;
  /** Of unknown type is what is at fault: one mistake is told once. */
  fault(expression: Expression, message: string, hint?: string): ConditionType;
}
