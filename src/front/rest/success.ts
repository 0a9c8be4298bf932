// Status, Location and further headers of a successful answer, as a method's policy has them.
import type { Method } from "../../schema/descriptor.ts";
import { plainAnswer } from "../../schema/answer-rule.ts";
import type { AnswerRule } from "../../schema/answer-rule.ts";
import { getMetadata } from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import { compileFieldText } from "../../translate/reply/field-text.ts";
import type { FieldText } from "../../translate/reply/field-text.ts";

export interface Success extends Omit<AnswerRule, "location"> {
  /** The text of the reply's field that locates the result. */
  readonly location: FieldText | undefined;
}

export interface AnswerRules {
  /** What is in force for a method, in its proto or in the configuration; absent: nobody says anything. Sound: of fields that there are. */
  readonly answerRuleOf?: (method: Method) => AnswerRule;
}

export function compileSuccess(method: Method, { answerRuleOf }: AnswerRules): Success {
  const { status, location, headers } = answerRuleOf?.(method) ?? plainAnswer;
  return { status, location: location === "" ? undefined : compileFieldText(method.output, location), headers };
}

/** The status a backend chose by `x-http-code` metadata; anything but a final success or redirect or error status is ignored. */
export function toHttpCode(headers: Metadata, trailers: Metadata = []): number | undefined {
  const text = getMetadata(headers, "x-http-code") ?? getMetadata(trailers, "x-http-code");
  return text !== undefined && /^[2-5]\d\d$/.test(text) ? Number(text) : undefined;
}
