// A rule that could not say whether a message keeps it: its expression failed on what the message holds, or went on for too long.
export class RuleFailure extends Error {
  /** The rule's id. */
  readonly rule: string;

  constructor(rule: string, message: string, cause?: unknown) {
    super(`${rule}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = "RuleFailure";
    this.rule = rule;
  }
}

/** What its loops may take is used up: the message is too large for the rule. */
export class RuleTooCostly extends RuleFailure {}
