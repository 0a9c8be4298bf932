// Going on after the last message a client has seen: a field of the reply says where that was, a field of the request takes it back.
import type { Field, Method, ScalarType } from "../../schema/descriptor.ts";
import type { ResumeRule } from "../../schema/stream-rule.ts";
import { textScalar } from "../../schema/text-path.ts";
import { GatewayError } from "../../status.ts";
import { compileFieldText } from "../../translate/reply/field-text.ts";
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

/** The paths are known to be sound, and of one type. */
export function compileResume(method: Method, { token: tokenField, from: fromField }: ResumeRule): Resume {
  const from = method.input.field(fromField);
  const type = from && textScalar([from]);
  if (from === undefined || type === undefined)
    throw new Error(`${method.input.name} cannot take a token as ${fromField}`);
  const toPayload = compilePayload(type);
  const resumeFrom = (request: Uint8Array, token: string): Uint8Array => {
    const payload = toPayload(token);
    if (payload === undefined) throw tokenInvalid(from, type);
    // Of several values of a field the last one counts.
    return Buffer.concat([request, taggedValue(from, payload)]);
  };
  return { tokenOf: compileFieldText(method.output, tokenField), tokenField, fromField, resumeFrom };
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
