// Rules of one message: field numbers, reserved ranges, oneofs, JSON names, map entries, message sets.
import { checkReserved } from "./check-reserved.ts";
import { isDamaged, isMisnested } from "./doubt.ts";
import { defaultJsonName } from "./node.ts";
import type { FieldNode, MessageNode } from "./node.ts";
import { formatPlace } from "./problems.ts";
import type { Problems } from "./problems.ts";

export function checkMessage(message: MessageNode, problems: Problems): void {
  // The entry of a map in text is the parser's own work.
  if ((message.isMapEntry && message.file.raw.bytes === undefined) || isMisnested(message)) return;
  checkFieldNumbers(message, problems);
  checkReserved({ owner: message, noun: "field", members: message.raw.fields }, problems);
  checkOneofs(message, problems);
  checkJsonNames(message, problems);
  if (message.isMapEntry) checkMapEntry(message, problems);
  else if (message.raw.options.kind === "text" && message.options.has("map_entry")) {
    problems.error({
      position: message.optionPosition("map_entry"),
      rule: "map-entry",
      message: `message "${message.name}" sets map_entry, which only the compiler does`,
      hint: "write the field as map<key, value>",
    });
  }
  if (message.isMessageSet) checkMessageSet(message, problems);
  if (message.file.raw.edition === "proto3" && message.raw.extensionRanges.length > 0) {
    problems.error({
      position: message.raw.extensionRanges[0].position,
      rule: "extension-range",
      message: `message "${message.name}" has an extension range, which proto3 does not`,
      hint: "use google.protobuf.Any, or an edition",
    });
  }
}

function checkFieldNumbers(message: MessageNode, problems: Problems): void {
  const byNumber = new Map<number, FieldNode>();
  let hint: string | undefined;
  for (const field of message.fields) {
    // Out of range, which was reported; 0 where no number was written.
    if (field.number < 1) continue;
    const other = byNumber.get(field.number);
    if (other === undefined) {
      byNumber.set(field.number, field);
      continue;
    }
    problems.error({
      position: field.raw.numberPosition,
      rule: "duplicate-field-number",
      message: `field "${field.protoName}" has the number ${field.number} of "${other.protoName}" at ${formatPlace(other.position)}`,
      hint: (hint ??= `choose another number${freeNumber(message)}`),
    });
  }
}

/** An example, unless the message is so large that finding one is work. */
function freeNumber(message: MessageNode): string {
  const { fields, raw } = message;
  if (isDamaged(message)) return "";
  const ranges = [...raw.reservedRanges, ...raw.extensionRanges];
  if (fields.length > 1_000 || ranges.length > 100) return "";
  const taken = new Set(fields.map((field) => field.number));
  for (let number = 1; number < 19_000; number++) {
    if (!taken.has(number) && !ranges.some((range) => number >= range.start && number <= range.end))
      return `, e.g. ${number}`;
  }
  return "";
}

function checkOneofs(message: MessageNode, problems: Problems): void {
  if (message.allOneofs.length === 0 && message.file.raw.bytes === undefined) return;
  const withFields = new Set(message.raw.fields.map((field) => message.allOneofs[field.oneofIndex ?? -1]));
  for (const oneof of message.oneofs) {
    if (!withFields.has(oneof) && !isDamaged(message)) {
      problems.error({
        position: oneof.raw.position,
        rule: "empty-oneof",
        message: `oneof "${oneof.name}" has no fields`,
        hint: "add a field to it, or remove it",
      });
    }
    for (const { raw } of oneof.fields) {
      if (raw.label !== "repeated" && raw.label !== "required") continue;
      problems.error({
        position: raw.position,
        rule: "oneof-label",
        message: `field "${raw.name}" of the oneof "${oneof.name}" is ${raw.label}`,
        hint: "members of a oneof are singular: remove the label, or move the field out",
      });
    }
  }
  for (const raw of message.raw.fields) {
    if (raw.oneofIndex === undefined || message.allOneofs[raw.oneofIndex] !== undefined) continue;
    problems.error({
      position: raw.position,
      rule: "malformed-descriptor",
      message: `field "${raw.name}" of "${message.name}" is in the oneof of index ${raw.oneofIndex}, and there are ${message.allOneofs.length}`,
    });
  }
}

function hasJsonConflict({ fields }: MessageNode): boolean {
  const names = new Set<string>();
  for (const field of fields) names.add(field.jsonName);
  return (
    names.size < fields.length ||
    (fields.some(isCustom) && new Set(fields.map((field) => defaultJsonName(field.protoName))).size < fields.length)
  );
}

/** A conflict between names that were derived is only a warning where JSON was never promised (proto2). */
function checkJsonNames(message: MessageNode, problems: Problems): void {
  if (!hasJsonConflict(message) || message.options.get("deprecated_legacy_json_field_conflicts") === true) return;
  const reported = new Set<FieldNode>();
  for (const withCustom of [false, true]) {
    const seen = new Map<string, FieldNode>();
    for (const field of message.fields) {
      const name = withCustom ? field.jsonName : defaultJsonName(field.protoName);
      const other = seen.get(name);
      if (other === undefined) {
        seen.set(name, field);
        continue;
      }
      if (reported.has(field)) continue;
      reported.add(field);
      const problem = {
        position: field.position,
        rule: "json-name-conflict",
        message: `fields "${field.protoName}" and "${other.protoName}" of "${message.name}" are both "${name}" in JSON; the other is at ${formatPlace(other.position)}`,
        hint: "rename one of them, or set another json_name",
      };
      const isDerived = !withCustom || !isCustom(field) || !isCustom(other);
      if (message.features.jsonFormat === "ALLOW" || !isDerived) problems.error(problem);
      else if (message.file.isInput) problems.warning(problem);
    }
  }
}

function isCustom(field: FieldNode): boolean {
  return field.raw.jsonName !== undefined && field.jsonName !== defaultJsonName(field.protoName);
}

function checkMapEntry(message: MessageNode, problems: Problems): void {
  const [key, value] = message.fields;
  const isWhole =
    message.raw.fields.length === 2 && message.raw.fields[0].number === 1 && message.raw.fields[1].number === 2;
  const isSound =
    key === undefined ||
    value === undefined ||
    (isMapKey(key) && key.cardinality === "singular" && value.cardinality === "singular");
  if (isWhole && isSound) return;
  problems.error({
    position: message.position,
    rule: "map-entry",
    message: `message "${message.name}" is marked as a map's entry and is none`,
    hint: "an entry has the fields key = 1, an integer, bool or string, and value = 2",
  });
}

function isMapKey({ type }: FieldNode): boolean {
  return type.kind === "scalar" && type.scalar !== "float" && type.scalar !== "double" && type.scalar !== "bytes";
}

function checkMessageSet(message: MessageNode, problems: Problems): void {
  const position = message.optionPosition("message_set_wire_format");
  const rule = "message-set";
  if (message.raw.fields.length > 0) {
    problems.error({
      position,
      rule,
      message: `message set "${message.name}" has fields of its own`,
      hint: "it can have extensions only",
    });
  }
  if (message.file.raw.edition === "proto3") {
    problems.error({
      position,
      rule,
      message: `message set "${message.name}" is in proto3, which has none`,
      hint: "remove the option",
    });
  }
}
