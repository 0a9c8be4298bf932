// Rules of one field or extension once its type is known: numbers, closed enums, defaults, packing, features, extendee.
import { checkDefault } from "./check-default.ts";
import { isDamaged } from "./doubt.ts";
import type { EnumNode, FieldNode } from "./node.ts";
import { isPackable } from "./settle.ts";
import type { Problems } from "./problems.ts";

const maxNumber = 536_870_911;
const maxMessageSetNumber = 2_147_483_646;

export function checkField(field: FieldNode, problems: Problems): void {
  if (field.file.raw.bytes !== undefined) checkNumber(field, problems);
  if (field.isExtension) checkExtension(field, problems);
  checkClosedEnum(field, problems);
  checkPacked(field, problems);
  checkFeatures(field, problems);
  checkType(field, problems);
  checkDefault(field, problems);
}

function label(field: FieldNode): string {
  return field.isExtension ? `extension "${field.name}"` : `field "${field.protoName}"`;
}

/** Text was checked when it was parsed. */
function checkNumber(field: FieldNode, problems: Problems): void {
  const { number } = field;
  const max = field.isExtension && field.parent.isMessageSet ? maxMessageSetNumber : maxNumber;
  const isKept = number >= 19_000 && number <= 19_999;
  if (number >= 1 && number <= max && !isKept) return;
  problems.error({
    position: field.raw.numberPosition,
    rule: "field-number",
    message: isKept
      ? `the number ${number} of the ${label(field)} lies in 19000 to 19999, which protobuf keeps for itself`
      : `the number ${number} of the ${label(field)} is out of range, expected 1 to ${max}`,
  });
}

const optionMessages =
  /^google\.protobuf\.(File|Message|Field|Oneof|ExtensionRange|Enum|EnumValue|Service|Method|Stream)Options$/;

function checkExtension(field: FieldNode, problems: Problems): void {
  const { parent, raw } = field;
  const inRange = parent.raw.extensionRanges.some((range) => field.number >= range.start && field.number <= range.end);
  if (!inRange && !isDamaged(parent)) {
    const ranges = parent.raw.extensionRanges.map(({ start, end }) => `${start} to ${end >= maxNumber ? "max" : end}`);
    problems.error({
      position: raw.numberPosition,
      rule: "extension-range",
      message: `extension "${field.name}" has the number ${field.number}, which "${parent.name}" does not leave for extensions`,
      hint:
        ranges.length === 0
          ? `"${parent.name}" cannot be extended`
          : `its extension ranges: ${ranges.slice(0, 8).join(", ")}`,
    });
  }
  if (field.file.raw.edition === "proto3" && !optionMessages.test(parent.name)) {
    problems.error({
      position: raw.extendeePosition ?? raw.position,
      rule: "extension-proto3",
      message: `extension "${field.name}" extends "${parent.name}"; in proto3 only options can be extended`,
      hint: "use google.protobuf.Any, or an edition",
    });
  }
  if (field.required) {
    problems.error({
      position: raw.position,
      rule: "extension-required",
      message: `extension "${field.name}" is required`,
      hint: "make it optional",
    });
  }
  if (parent.isMessageSet && (field.cardinality !== "singular" || field.type.kind !== "message")) {
    problems.error({
      position: raw.position,
      rule: "message-set",
      message: `extension "${field.name}" of the message set "${parent.name}" is not a singular message`,
    });
  }
}

/** An unknown number of a closed enum cannot be told from an unset field without presence. */
function checkClosedEnum(field: FieldNode, problems: Problems): void {
  if (field.type.kind !== "enum" || !field.type.enum.closed || field.isExtension) return;
  if ((field.type.enum as EnumNode).file.raw.damage?.isEditionKnown === false) return;
  const isProto3 = field.file.raw.edition === "proto3";
  const isImplicit = field.cardinality === "singular" && !field.hasPresence;
  if (!isProto3 && (!isImplicit || field.parent.isMapEntry)) return;
  const type = field.type.enum as EnumNode;
  problems.error({
    position: field.raw.typePosition,
    rule: "closed-enum",
    message: `${label(field)} is of the closed enum "${type.name}" (${type.file.raw.edition}) and ${isProto3 ? "is in proto3" : "has no presence"}`,
    hint: "closed enums need a proto2 message or explicit presence: declare the enum in proto3 or an edition",
  });
}

function checkPacked(field: FieldNode, problems: Problems): void {
  const isSet = field.options.get("packed");
  if (isSet === undefined) return;
  const position = field.optionPosition("packed");
  const { edition } = field.file.raw;
  if (edition !== "proto2" && edition !== "proto3") {
    problems.error({
      position,
      rule: "packed",
      message: `${label(field)} sets packed, which edition ${edition} does not have`,
      hint: `write features.repeated_field_encoding = ${isSet === true ? "PACKED" : "EXPANDED"}`,
    });
  } else if (isSet === true && (field.cardinality !== "repeated" || !isPackable(field))) {
    problems.error({
      position,
      rule: "packed",
      message: `${label(field)} sets packed, and is not a repeated number, bool or enum`,
      hint: "remove the option",
    });
  }
}

function checkFeatures(field: FieldNode, problems: Problems): void {
  const features = field.options.get("features");
  if (!(features instanceof Map)) return;
  const refuse = (name: string, why: string) => {
    const position = field.optionPosition(`features.${name}`);
    problems.error({
      position,
      rule: "feature",
      message: `${label(field)} sets features.${name}: ${why}`,
      hint: "remove the feature",
    });
  };
  const { edition } = field.file.raw;
  if (edition === "proto2" || edition === "proto3") {
    const position = field.optionPosition("features");
    problems.error({
      position,
      rule: "feature",
      message: `${label(field)} sets features, which ${edition} does not have`,
      hint: "use an edition",
    });
    return;
  }
  const presence: unknown = features.get("field_presence");
  if (presence !== undefined) {
    if (field.cardinality !== "singular") refuse("field_presence", "a repeated field has no presence");
    else if (field.oneof !== undefined) refuse("field_presence", "a member of a oneof always has presence");
    else if (field.isExtension) refuse("field_presence", "an extension always has presence");
    else if (presence === "IMPLICIT" && field.type.kind === "message")
      refuse("field_presence", "a message always has presence");
  }
  if (features.has("repeated_field_encoding") && field.cardinality !== "repeated")
    refuse("repeated_field_encoding", "the field is not repeated");
  if (features.get("repeated_field_encoding") === "PACKED" && field.cardinality === "repeated" && !isPackable(field)) {
    refuse("repeated_field_encoding", "only numbers, bools and enums can be packed");
  }
  const hasString = field.type.kind === "scalar" && field.type.scalar === "string";
  if (features.has("utf8_validation") && !hasString && field.cardinality !== "map")
    refuse("utf8_validation", "the field is not a string");
  if (features.has("message_encoding") && (field.type.kind !== "message" || field.cardinality === "map")) {
    refuse("message_encoding", "the field is not a message");
  }
}

function checkType(field: FieldNode, problems: Problems): void {
  const { raw, type } = field;
  if (type.kind === "message" && type.message.isMapEntry && field.cardinality !== "map") {
    problems.error({
      position: raw.typePosition,
      rule: "map-entry",
      message: `${label(field)} is of the map entry "${type.message.name}"`,
      hint: "write it as map<key, value>",
    });
  }
  if (raw.label === "required" && field.file.raw.edition === "proto3") {
    problems.error({
      position: raw.position,
      rule: "label",
      message: `${label(field)} is required, which proto3 does not have`,
    });
  }
  if (raw.isGroup && type.kind !== "message") {
    problems.error({
      position: raw.typePosition,
      rule: "malformed-descriptor",
      message: `${label(field)} is a group of the enum "${raw.typeName}"`,
    });
  }
}
