// A slow and plain reading of protobuf bytes by the specification, to know which mistakes they hold before judging who is right.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import type { Twin } from "./es.ts";
import { recordsOf, varintAt } from "./mutate-wire.ts";

export interface WireFindings {
  /** Not the encoding of any message. */
  isMalformed: boolean;
  /** A known field in a wire type it cannot have. */
  hasForeignWireType: boolean;
  /** A number that a closed enum lacks. */
  hasUnknownEnum: boolean;
  /** A singular field, member of a oneof or map key sent again, so that an earlier value is hidden. */
  hasHidden: boolean;
}

export function inspectWire(twin: Twin, bytes: Uint8Array): WireFindings {
  const findings: WireFindings = {
    isMalformed: false,
    hasForeignWireType: false,
    hasUnknownEnum: false,
    hasHidden: false,
  };
  inspect(twin, twin.desc, bytes, findings);
  return findings;
}

function lengthOfVarint(bytes: Uint8Array, at: number): number {
  let end = at;
  while (end < bytes.length && bytes[end] >= 0x80) end++;
  return end >= bytes.length ? 99 : end + 1 - at;
}

function inspect(twin: Twin, desc: DescMessage, bytes: Uint8Array, findings: WireFindings): void {
  const records = recordsOf(bytes);
  if (records === undefined) {
    findings.isMalformed = true;
    return;
  }
  const seen = new Set<unknown>();
  const anyParts: { url?: string; value?: Uint8Array } = {};
  for (const record of records) {
    const tag = varintAt(record, 0);
    const valueAt = lengthOfVarint(record, 0);
    const wireType = Number(tag & 7n);
    if (
      tag < 8n ||
      tag > 0xffff_ffffn ||
      valueAt > 10 ||
      ((wireType === 0 || wireType === 2) && lengthOfVarint(record, valueAt) > 10)
    )
      findings.isMalformed = true;
    const field = desc.fields.find(({ number }) => BigInt(number) === tag >> 3n);
    if (field === undefined) continue;
    const content = contentOf(record, valueAt, wireType);
    if (desc.typeName === "google.protobuf.Any")
      anyParts[field.number === 1 ? "url" : "value"] = (
        field.number === 1 ? Buffer.from(content).toString() : content
      ) as never;
    const slot = field.fieldKind === "map" ? `${field.number} ${entryKey(content)}` : (field.oneof ?? field);
    if (field.fieldKind !== "list" && seen.has(slot)) findings.hasHidden = true;
    seen.add(slot);
    inspectValue(twin, field, content, wireType, findings);
  }
  const inner =
    anyParts.url === undefined
      ? undefined
      : twin.registry.getMessage(anyParts.url.slice(anyParts.url.lastIndexOf("/") + 1));
  if (inner !== undefined) inspect(twin, inner, anyParts.value ?? new Uint8Array(), findings);
}

function entryKey(content: Uint8Array): string {
  const key = (recordsOf(content) ?? []).findLast((record) => varintAt(record, 0) >> 3n === 1n);
  return Buffer.from(key ?? "").toString("hex");
}

function contentOf(record: Uint8Array, valueAt: number, wireType: number): Uint8Array {
  if (wireType === 2) return record.subarray(valueAt + lengthOfVarint(record, valueAt));
  return wireType === 3
    ? record.subarray(valueAt, record.length - lengthOfVarint(record, 0))
    : record.subarray(valueAt);
}

function inspectValue(
  twin: Twin,
  field: DescField,
  content: Uint8Array,
  wireType: number,
  findings: WireFindings,
): void {
  if (field.fieldKind === "map") {
    if (wireType !== 2) findings.hasForeignWireType = true;
    else inspectEntry(twin, field, content, findings);
    return;
  }
  if (field.message !== undefined) {
    const isGroup = (field.fieldKind === "message" || field.fieldKind === "list") && field.delimitedEncoding;
    if (wireType !== (isGroup ? 3 : 2)) findings.hasForeignWireType = true;
    else inspect(twin, field.message, content, findings);
    return;
  }
  const scalar = field.enum === undefined ? field.scalar : ScalarType.INT32;
  const expected = wireTypeOf(scalar);
  const isPacked = field.fieldKind === "list" && wireType === 2 && expected !== 2;
  if (!isPacked && wireType !== expected) {
    findings.hasForeignWireType = true;
    return;
  }
  const values = isPacked ? packedValues(content, expected, findings) : [content];
  if (field.enum !== undefined) for (const value of values) inspectEnum(field, value, findings);
}

function inspectEnum(field: DescField, value: Uint8Array, findings: WireFindings): void {
  const number = Number(BigInt.asIntN(32, varintAt(value, 0)));
  if (field.enum?.open === false && !field.enum.values.some((known) => known.number === number))
    findings.hasUnknownEnum = true;
}

function packedValues(content: Uint8Array, wireType: number, findings: WireFindings): Uint8Array[] {
  const values: Uint8Array[] = [];
  for (let at = 0; at < content.length;) {
    const size = wireType === 0 ? lengthOfVarint(content, at) : wireType === 1 ? 8 : 4;
    if (at + size > content.length || (wireType === 0 && size > 10)) findings.isMalformed = true;
    values.push(content.subarray(at, at + size));
    at += size;
  }
  return values;
}

function inspectEntry(
  twin: Twin,
  field: DescField & { fieldKind: "map" },
  content: Uint8Array,
  findings: WireFindings,
): void {
  const records = recordsOf(content);
  if (records === undefined) {
    findings.isMalformed = true;
    return;
  }
  const seen = new Set<bigint>();
  for (const record of records) {
    const tag = varintAt(record, 0);
    if (tag < 8n || tag > 0xffff_ffffn) findings.isMalformed = true;
    const wireType = Number(tag & 7n);
    const value = contentOf(record, lengthOfVarint(record, 0), wireType);
    if (tag >> 3n <= 2n && seen.has(tag >> 3n)) findings.hasHidden = true;
    seen.add(tag >> 3n);
    if (tag >> 3n === 1n) {
      if (wireType !== wireTypeOf(field.mapKey)) findings.hasForeignWireType = true;
    } else if (tag >> 3n === 2n) {
      const scalar =
        field.mapKind === "enum" ? ScalarType.INT32 : field.mapKind === "scalar" ? field.scalar : undefined;
      if (wireType !== (scalar === undefined ? 2 : wireTypeOf(scalar))) findings.hasForeignWireType = true;
      else if (field.mapKind === "message") inspect(twin, field.message, value, findings);
      else if (field.mapKind === "enum") inspectEnum(field, value, findings);
    }
  }
  // A closed enum whose zero is no value of it, and an entry without a value.
  if (field.mapKind === "enum" && !seen.has(2n))
    findings.hasUnknownEnum ||= !field.enum.open && field.enum.values[0].number !== 0;
}

function wireTypeOf(scalar: ScalarType): number {
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 1;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return 5;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return 2;
    default:
      return 0;
  }
}

/** The message without the top-level fields that come in a wire type they cannot have. */
export function withoutForeign(twin: Twin, bytes: Uint8Array): Uint8Array {
  const isForeign = (record: Uint8Array): boolean => {
    const findings = { isMalformed: false, hasForeignWireType: false, hasUnknownEnum: false, hasHidden: false };
    const field = twin.desc.fields.find(({ number }) => BigInt(number) === varintAt(record, 0) >> 3n);
    // Only the field itself is asked about, not what is in it.
    if (field !== undefined) inspectValue(twin, field, new Uint8Array(), record[0] & 7, findings);
    return findings.hasForeignWireType;
  };
  return Buffer.concat((recordsOf(bytes) ?? []).filter((record) => !isForeign(record)));
}
