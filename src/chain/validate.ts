// Holds every request message against the rules of its type; methods whose requests have none know nothing of it.
import type { MessageTap } from "../call.ts";
import { DiagnosticError } from "../diagnostic.ts";
import type { MessageType, Method } from "../schema/descriptor.ts";
import { Code, type FieldViolation, GatewayError } from "../status.ts";
import { formatSteps, type Violation } from "../validate/inspection.ts";
import { RuleFailure, RuleTooCostly } from "../validate/rule-failure.ts";
import type { Validate, Validators } from "../validate/validator.ts";
import type { Interceptor } from "./compose.ts";

export interface ValidationOptions {
  readonly validators: Validators;
  /** What a client is told of at most; what comes after is not looked for. */
  readonly maxViolations: number;
  /** How clients of JSON spell fields; those of gRPC use the names in the protos. */
  readonly jsonNames: "json" | "proto";
  /** Whether a method's requests are held against rules at all. */
  readonly isChecked: (method: Method) => boolean;
}

type Spelling = ValidationOptions["jsonNames"];

/** Its `compile` throws DiagnosticError for rules that cannot be enforced. */
export function createValidation(options: ValidationOptions): Interceptor {
  const taps = new Map<MessageType, Readonly<Record<Spelling, MessageTap>>>();
  const tapsOf = (type: MessageType, validate: Validate) => {
    let both = taps.get(type);
    if (both === undefined) {
      both = { json: createTap(type, validate, options, "json"), proto: createTap(type, validate, options, "proto") };
      taps.set(type, both);
    }
    return both;
  };
  return {
    name: "validate",
    compile(method) {
      if (!options.isChecked(method)) return undefined;
      const validate = options.validators.validatorOf(method.input);
      const errors = options.validators.problems.filter(({ severity }) => severity === "error");
      if (errors.length > 0) throw new DiagnosticError(errors);
      if (validate === undefined) return undefined;
      const { json, proto } = tapsOf(method.input, validate);
      const ofJson = options.jsonNames === "proto" ? proto : json;
      return (call) => call.onRequest(call.front === "grpc" ? proto : ofJson);
    },
  };
}

function createTap(
  type: MessageType,
  validate: Validate,
  { maxViolations }: ValidationOptions,
  spelling: Spelling,
): MessageTap {
  const limits = { maxViolations };
  return (message) => {
    let violations: readonly Violation[];
    try {
      violations = validate(message, limits);
    } catch (error) {
      throw toRefusal(error, type);
    }
    if (violations.length > 0) throw invalid(violations, spelling);
  };
}

function invalid(found: readonly Violation[], spelling: Spelling): GatewayError {
  const violations = found.map((violation): FieldViolation => toFieldViolation(violation, spelling));
  const [{ field, description }] = violations;
  const first = field === "" ? description : `${field}: ${description}`;
  const more = violations.length === 1 ? "" : ` (and ${violations.length - 1} more)`;
  return new GatewayError(Code.INVALID_ARGUMENT, `${first}${more}`, { reason: "VALIDATION_FAILED", violations });
}

function toFieldViolation({ rule, steps }: Violation, spelling: Spelling): FieldViolation {
  const description = rule.forKey ? `the key ${rule.message}` : rule.message;
  return { field: formatSteps(steps, spelling), description, reason: rule.id };
}

/** Which rule it was, and why, is for the log: what is in a rule is not for everybody. */
function toRefusal(error: unknown, type: MessageType): unknown {
  if (error instanceof RuleTooCostly)
    return new GatewayError(Code.INVALID_ARGUMENT, "the message is too large for the rules it has to keep", {
      reason: "VALIDATION_TOO_COSTLY",
      cause: error,
    });
  if (error instanceof RuleFailure)
    return new GatewayError(Code.INVALID_ARGUMENT, "a rule could not be held against what the message says", {
      reason: "VALIDATION_IMPOSSIBLE",
      cause: error,
    });
  if (!(error instanceof GatewayError) || error.reason !== "MESSAGE_MALFORMED") return error;
  return new GatewayError(Code.INVALID_ARGUMENT, `the message is not a ${type.name}: ${error.message}`, {
    reason: "MESSAGE_MALFORMED",
    cause: error,
  });
}
