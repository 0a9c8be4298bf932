// The program protovalidate's conformance harness drives: one TestConformanceRequest on stdin, every case of it through the
// gateway's validators, one TestConformanceResponse on stdout.
import { readFileSync } from "node:fs";
import type { Field, FieldType, MessageType, Oneof, Schema } from "../../src/schema/descriptor.ts";
import { scalarNames } from "../../src/schema/descriptor/read-field.ts";
import { WireWriter } from "../../src/schema/descriptor/wire.ts";
import { loadSchema } from "../../src/schema/load/load.ts";
import { WireReader } from "../../src/translate/wire/wire-reader.ts";
import type { Step, Subscript, Violation } from "../../src/validate/inspection.ts";
import { RuleFailure } from "../../src/validate/rule-failure.ts";
import { createValidators, type Validators } from "../../src/validate/validator.ts";

/** The length-delimited fields of a message, by number. */
function readFields(bytes: Uint8Array): Map<number, Uint8Array[]> {
  const reader = new WireReader(bytes, 0, bytes.length);
  const fields = new Map<number, Uint8Array[]>();
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if ((tag & 7) !== 2) {
      reader.skip(tag);
      continue;
    }
    const end = reader.lengthEnd();
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), bytes.subarray(reader.pos, end)]);
    reader.pos = end;
  }
  return fields;
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

const request = readFields(readFileSync(0));
const { schema, partial, diagnostics } = loadSchema({
  inputs: [],
  importPaths: [],
  descriptorBytes: request.get(2)![0],
});
const linked: Schema = schema ?? partial;
const validators = createValidators(linked, { outputOnly: "reject" });
const compiled = new Map<string, { validate: ReturnType<Validators["validatorOf"]>; problem: string | undefined }>();
const response = new WireWriter();
for (const entry of request.get(3) ?? []) {
  const fields = readFields(entry);
  const any = readFields(fields.get(2)?.[0] ?? new Uint8Array(0));
  const typeName = text(any.get(1)?.[0]).replace(/^.*\//, "");
  const result = answer(typeName, any.get(2)?.[0] ?? new Uint8Array(0));
  response.bytesField(
    1,
    new WireWriter()
      .stringField(1, text(fields.get(1)?.[0]))
      .bytesField(2, result)
      .finish(),
  );
}
process.stdout.write(response.finish());

function answer(typeName: string, message: Uint8Array): Uint8Array {
  const type = linked.message(typeName);
  if (type === undefined)
    return new WireWriter().stringField(5, `no type ${typeName}: ${diagnostics[0]?.message ?? ""}`).finish();
  try {
    const { validate, problem } = validatorOf(validators, type);
    if (problem !== undefined) return new WireWriter().stringField(3, problem).finish();
    const violations = validate?.(message, { maxViolations: 1000 }) ?? [];
    if (violations.length === 0) return new WireWriter().boolField(1, true).finish();
    const writer = new WireWriter();
    for (const violation of violations) writer.bytesField(1, writeViolation(violation));
    return new WireWriter().bytesField(2, writer.finish()).finish();
  } catch (error) {
    if (error instanceof RuleFailure) return new WireWriter().stringField(4, error.message).finish();
    return new WireWriter().stringField(5, error instanceof Error ? String(error.stack) : String(error)).finish();
  }
}

function validatorOf(from: Validators, type: MessageType) {
  let found = compiled.get(type.name);
  if (found === undefined) {
    const before = from.problems.length;
    const validate = from.validatorOf(type);
    const error = from.problems.slice(before).find(({ severity }) => severity === "error");
    found = { validate, problem: error?.message };
    compiled.set(type.name, found);
  }
  return found;
}

function writeViolation({ rule, steps }: Violation): Uint8Array {
  const writer = new WireWriter().stringField(2, rule.id).stringField(3, rule.message);
  if (rule.forKey) writer.boolField(4, true);
  if (steps.length > 0) writer.bytesField(5, writePath(steps));
  if (rule.path !== "") writer.bytesField(6, writePath(ruleSteps(rule.path)));
  return writer.finish();
}

function writePath(steps: readonly Step[]): Uint8Array {
  const path = new WireWriter();
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as Field | Oneof;
    const element = new WireWriter();
    if (!("number" in step)) element.stringField(2, step.name);
    else {
      element
        .int32Field(1, step.number)
        .stringField(2, step.protoName)
        .int32Field(3, typeNumber(step.type, step.delimited));
      const next = steps[i + 1];
      if (next !== undefined && typeof next !== "object") {
        writeSubscript(element, step, next);
        i++;
      }
    }
    path.bytesField(1, element.finish());
  }
  return path.finish();
}

function writeSubscript(element: WireWriter, field: Field, subscript: Subscript): void {
  if (field.cardinality !== "map" || field.type.kind !== "message") {
    element.tag(6, 0).uint64(BigInt(subscript));
    return;
  }
  const [key, value] = field.type.message.fields;
  element.int32Field(4, typeNumber(key.type, false)).int32Field(5, typeNumber(value.type, false));
  if (typeof subscript === "string") element.stringField(10, subscript);
  else if (typeof subscript === "boolean") element.tag(7, 0).uint64(subscript ? 1n : 0n);
  else {
    const isUnsigned = /^u|^fixed/.test((key.type as { scalar: string }).scalar);
    element.tag(isUnsigned ? 9 : 8, 0).uint64(BigInt.asUintN(64, BigInt(subscript)));
  }
}

function typeNumber(type: FieldType, delimited: boolean): number {
  if (type.kind === "scalar") return scalarNames.indexOf(type.scalar);
  if (type.kind === "enum") return 14;
  return delimited ? 10 : 11;
}

/** `repeated.items.string.min_len`, `cel[0]`, `string.[pkg.rule]` as fields of buf.validate.FieldRules. */
function ruleSteps(path: string): Step[] {
  const steps: Step[] = [];
  let type: MessageType | undefined = linked.message("buf.validate.FieldRules");
  for (const [, extension, name, index] of path.matchAll(/\[([A-Za-z_][^\]]*)\]|([a-z_0-9]+)(?:\[([0-9]+)\])?/g)) {
    const field: Field | undefined =
      extension === undefined ? type?.fields.find(({ protoName }) => protoName === name) : linked.extension(extension);
    if (field === undefined) throw new Error(`no rule ${path}`);
    steps.push(field);
    if (index !== undefined) steps.push(Number(index));
    type = field.type.kind === "message" ? field.type.message : undefined;
  }
  return steps;
}
