// Request messages against the rules of their types (buf.validate, google.api.field_behavior): compiled once, run on the bytes.
import type { Diagnostic } from "../diagnostic.ts";
import type { Field, MessageType, Schema } from "../schema/descriptor.ts";
import { malformed, maxWireDepth } from "../translate/wire/wire-reader.ts";
import { findUpdate, hasBehavior, isRequired } from "./behavior.ts";
import { lazily } from "../lazily.ts";
import type { CelRules } from "./cel/cel-rules.ts";
import { compileField, type FieldCheck, isPresent } from "./compile-field.ts";
import { type Check, enough, Inspection, type InspectionLimits, type Violation } from "./inspection.ts";
import { joinPieces, MessageFields, type Ranges, type Span } from "./message-fields.ts";
import { compileMessageRules, type MessageRules } from "./message-rules.ts";
import type { Report } from "./rules/place.ts";

const loadCel = lazily(import.meta.url, "./cel/cel-rules.js") as () => typeof import("./cel/cel-rules.ts");

export interface ValidatorOptions {
  /** What becomes of fields that only the server sets. */
  readonly outputOnly: "reject" | "ignore";
}

/**
 * What is wrong with a message; nothing for a sound one, and never more than asked for. Throws GatewayError for bytes that are no
 * message of the type, RuleFailure where a rule could not be held against them.
 */
export type Validate = (message: Uint8Array, limits: InspectionLimits) => readonly Violation[];

export interface Validators {
  /** Undefined for a type in which, however deep, nothing has rules. What cannot be enforced is among `problems` then. */
  validatorOf(type: MessageType): Validate | undefined;
  /** What was found wrong with rules so far, of the types that were asked for. */
  readonly problems: readonly Diagnostic[];
}

const bySchema = new WeakMap<Schema, Map<string, Validators>>();

/** The same for one schema and options: what is checked before the start is not compiled anew for it. */
export function validatorsOf(schema: Schema, { outputOnly }: ValidatorOptions): Validators {
  let known = bySchema.get(schema);
  if (known === undefined) bySchema.set(schema, (known = new Map()));
  let validators = known.get(outputOnly);
  if (validators === undefined) known.set(outputOnly, (validators = createValidators(schema, { outputOnly })));
  return validators;
}

export function createValidators(schema: Schema, options: ValidatorOptions): Validators {
  const problems: Diagnostic[] = [];
  const plans = new Plans(schema, options, (problem) => void problems.push(problem));
  return { validatorOf: (type) => plans.validatorOf(type), problems };
}

class Plans {
  readonly #schema: Schema;
  readonly #options: ValidatorOptions;
  readonly #report: Report;
  #cel: CelRules | undefined;
  readonly #plans = new Map<MessageType, Check<Span>>();
  readonly #ruled = new Map<MessageType, boolean>();

  constructor(schema: Schema, options: ValidatorOptions, report: Report) {
    this.#schema = schema;
    this.#options = options;
    this.#report = report;
  }

  validatorOf(type: MessageType): Validate | undefined {
    const check = this.#inside(type);
    if (check === undefined) return undefined;
    const update = findUpdate(type);
    const readMask = update === undefined ? undefined : maskReader(update.mask);
    return (message, limits) => {
      const at = new Inspection(message, type.name, limits);
      at.mask = readMask?.(message);
      try {
        check({ bytes: message, start: 0, end: message.length }, at);
      } catch (error) {
        if (error !== enough) throw error;
      }
      return at.violations;
    };
  }

  /** Registered before what is in it: types contain themselves. */
  #inside(type: MessageType): Check<Span> | undefined {
    if (!this.#hasRules(type)) return undefined;
    const known = this.#plans.get(type);
    if (known !== undefined) return known;
    let compiled: Check<Span> | undefined;
    this.#plans.set(type, (span, at) => compiled!(span, at));
    compiled = this.#compile(type);
    this.#plans.set(type, compiled);
    return compiled;
  }

  #compile(type: MessageType): Check<Span> {
    const cel = (): CelRules => (this.#cel ??= new (loadCel().CelRules)(this.#schema));
    const whole = compileMessageRules(type, cel, this.#report);
    const compiling = {
      schema: this.#schema,
      cel,
      report: this.#report,
      outputOnly: this.#options.outputOnly,
      inside: (inner: MessageType) => this.#inside(inner),
    };
    const checks = new Map<Field, FieldCheck>();
    for (const field of type.fields) {
      const check = compileField(compiling, field, whole.rivals.has(field));
      if (check !== undefined) checks.set(field, check);
    }
    return toCheck(type, checks, whole);
  }

  /** Whether the type, or one that can stand in it, has rules. */
  #hasRules(type: MessageType): boolean {
    const known = this.#ruled.get(type);
    if (known !== undefined) return known;
    const seen = new Set([type]);
    for (const one of seen) {
      if (this.#ruled.get(one) === true || hasOwnRules(one, this.#options)) {
        this.#ruled.set(type, true);
        return true;
      }
      for (const field of one.fields) if (field.type.kind === "message") seen.add(field.type.message);
    }
    // What is in it has none either.
    for (const one of seen) this.#ruled.set(one, false);
    return false;
  }
}

function hasOwnRules(type: MessageType, { outputOnly }: ValidatorOptions): boolean {
  return (
    type.options.has("(buf.validate.message)") ||
    type.oneofs.some((oneof) => oneof.options.has("(buf.validate.oneof)")) ||
    type.extensions.some((field) => field.options.has("(buf.validate.field)")) ||
    type.fields.some(
      (field) =>
        field.options.has("(buf.validate.field)") ||
        isRequired(field) ||
        (outputOnly === "reject" && hasBehavior(field, "OUTPUT_ONLY")),
    )
  );
}

/** One message of the type: its fields in the order in which they are declared, then the message as a whole. */
function toCheck(type: MessageType, checks: ReadonlyMap<Field, FieldCheck>, whole: MessageRules): Check<Span> {
  const wanted = new Set([...checks.keys(), ...whole.fields]);
  // Of a oneof the last member counts, whichever it is.
  for (const { oneof } of wanted) for (const member of oneof?.fields ?? []) wanted.add(member);
  const index = new Map([...wanted].map((field, at) => [field, at]));
  const fields = new MessageFields([...wanted]);
  const run = [...checks.values()];
  return ({ bytes, start, end }, at) => {
    if (++at.depth > maxWireDepth) throw malformed(`${type.name} nested too deep`);
    const values = fields.read(bytes, start, end);
    // The checked fields are the first ones.
    for (let i = 0; i < run.length; i++) run[i](values[i], bytes, at);
    if (whole.checks.length > 0) {
      const isSet = (field: Field) => isPresent(values[index.get(field)!], field);
      for (const check of whole.checks) check(isSet, at);
    }
    at.depth--;
  };
}

/** The paths of an update's mask; undefined for an update of everything. */
function maskReader(mask: Field): (message: Uint8Array) => readonly string[] | undefined {
  const outer = new MessageFields([mask]);
  const inner = new MessageFields(mask.type.kind === "message" ? mask.type.message.fields : []);
  return (message) => {
    const [ranges] = outer.read(message, 0, message.length);
    if (ranges === undefined) return undefined;
    const { bytes, start, end } = joinPieces(message, ranges as Ranges);
    const [paths] = inner.read(bytes, start, end);
    return paths === undefined ? undefined : (paths as string[]);
  };
}
