// Going on after the last message a client has seen: a field of the reply says where that was, a field of the request takes it back.
import type { Field, Method, ScalarType } from "../../schema/descriptor.ts";
import { GatewayError } from "../../status.ts";
import { compileFieldText, findField } from "../../translate/reply/field-text.ts";
import type { FieldText } from "../../translate/reply/field-text.ts";
import { bigVarint, taggedValue } from "../../translate/wire/field-wire.ts";

export interface Resume {
  /** The token of a reply message; undefined where it has none. */
  readonly tokenOf: FieldText;
  /** As the option has them. */
  readonly tokenField: string;
  readonly fromField: string;
  /** The request that goes on after `token`. Throws GatewayError (400) for a token that the field cannot hold. */
  readonly resumeFrom: (request: Uint8Array, token: string) => Uint8Array;
}

export interface ResumeProblem {
  readonly field: "resume_token" | "resume_from";
  readonly message: string;
}

export function compileResume(method: Method, tokenField: string, fromField: string): Resume | ResumeProblem {
  const tokenOf = compileFieldText(method.output, tokenField);
  if (typeof tokenOf !== "function")
    return { field: "resume_token", message: `resume_token is "${tokenField}": ${tokenOf}` };
  const problem = compileFieldText(method.input, fromField);
  if (typeof problem !== "function")
    return { field: "resume_from", message: `resume_from is "${fromField}": ${problem}` };
  const from = method.input.field(fromField);
  if (from === undefined) return { field: "resume_from", message: `resume_from must be a field of the request itself` };
  const tokenType = scalarOf(findField(method.output, tokenField));
  const fromType = scalarOf(from);
  if (tokenType !== fromType || fromType === undefined) {
    const message = `resume_from is "${fromField}", of type ${fromType}, and resume_token "${tokenField}" of type ${tokenType}; they must be the same`;
    return { field: "resume_from", message };
  }
  const toPayload = compilePayload(fromType);
  const resumeFrom = (request: Uint8Array, token: string): Uint8Array => {
    const payload = toPayload(token);
    if (payload === undefined) throw tokenInvalid(from, fromType);
    // Of several values of a field the last one counts.
    return Buffer.concat([request, taggedValue(from, payload)]);
  };
  return { tokenOf, tokenField, fromField, resumeFrom };
}

function scalarOf(field: Field | undefined): ScalarType | undefined {
  return field?.type.kind === "scalar" ? field.type.scalar : undefined;
}

type ToPayload = (token: string) => Uint8Array | undefined;

const bitsOf: Partial<Record<ScalarType, { readonly bits: number; readonly isSigned: boolean }>> = {
  int32: { bits: 32, isSigned: true },
  sint32: { bits: 32, isSigned: true },
  uint32: { bits: 32, isSigned: false },
  int64: { bits: 64, isSigned: true },
  sint64: { bits: 64, isSigned: true },
  uint64: { bits: 64, isSigned: false },
};

function compilePayload(scalar: ScalarType): ToPayload {
  const integer = bitsOf[scalar];
  if (integer === undefined) return (token) => Buffer.from(token);
  const { bits, isSigned } = integer;
  const isZigZag = scalar === "sint32" || scalar === "sint64";
  return (token) => {
    if (!/^-?\d{1,20}$/.test(token)) return undefined;
    const value = BigInt(token);
    if ((isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) !== value) return undefined;
    return bigVarint(isZigZag ? (value << 1n) ^ (value >> 63n) : value);
  };
}

function tokenInvalid(field: Field, type: ScalarType): GatewayError {
  return GatewayError.invalidField(
    field.jsonName,
    `the token to go on from is no ${type}; use the one that came with the last message`,
    "RESUME_TOKEN_INVALID",
  );
}
