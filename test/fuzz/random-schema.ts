// Random proto files: every kind of field in every syntax, well-known types, messages inside messages, recursion.
import type { Random } from "./random.ts";

export const scalars = [
  "double",
  "float",
  "int32",
  "int64",
  "uint32",
  "uint64",
  "sint32",
  "sint64",
  "fixed32",
  "fixed64",
  "sfixed32",
  "sfixed64",
  "bool",
  "string",
  "bytes",
] as const;
const keyTypes = scalars.filter((scalar) => !["double", "float", "bytes"].includes(scalar));
const wellKnown = [
  "Timestamp",
  "Duration",
  "FieldMask",
  "Struct",
  "Value",
  "ListValue",
  "Any",
  "Empty",
  "DoubleValue",
  "FloatValue",
  "Int64Value",
  "UInt64Value",
  "Int32Value",
  "UInt32Value",
  "BoolValue",
  "StringValue",
  "BytesValue",
].map((name) => `google.protobuf.${name}`);
const packable = (type: string): boolean => type !== "string" && type !== "bytes";

type Syntax = "proto2" | "proto3" | "2023";

interface Draft {
  readonly random: Random;
  readonly syntax: Syntax;
  readonly messages: readonly string[];
  readonly enums: readonly string[];
}

/** A file of package `t`; its root message is `t.M0`. */
export function randomProto(random: Random): string {
  const syntax = random.pick<Syntax>(["proto2", "proto3", "2023"]);
  const messages = Array.from({ length: 1 + random.below(4) }, (_, index) => `M${index}`);
  const enums = ["E0", "E1"];
  const draft: Draft = { random, syntax, messages, enums };
  const head = syntax === "2023" ? 'edition = "2023";' : `syntax = "${syntax}";`;
  const imports = ["any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"].map(
    (name) => `import "google/protobuf/${name}.proto";`,
  );
  return [
    head,
    "package t;",
    ...imports,
    ...enums.map((name) => enumText(draft, name)),
    ...messages.map((name) => messageText(draft, name)),
  ].join("\n");
}

function enumText({ random, syntax }: Draft, name: string): string {
  const first = syntax === "proto2" && random.chance(50) ? 1 : 0;
  const values = [`${name}_A = ${first};`, `${name}_B = 2;`, `${name}_NEGATIVE = -1;`, `${name}_LARGE = 2147483647;`];
  const options = random.chance(30) ? `option allow_alias = true; ${name}_ALSO_B = 2;` : "";
  const closed = syntax === "2023" && random.chance(40) ? "option features.enum_type = CLOSED; " : "";
  return `enum ${name} { ${closed}${values.join(" ")} ${options} }`;
}

function messageText(draft: Draft, name: string): string {
  const { random } = draft;
  const lines: string[] = [];
  let number = 1;
  const nextNumber = (): number => {
    number += random.chance(10) ? 1 + random.below(300) : 1;
    return number;
  };
  const count = random.below(9) + 1;
  for (let i = 0; i < count; i++) lines.push(fieldText(draft, `field_${i}`, nextNumber()));
  if (random.chance(50)) {
    const members = Array.from({ length: 1 + random.below(4) }, (_, index) => {
      const name = `choice_${index}`;
      if (draft.syntax === "proto2" && random.chance(15))
        return `group Grp${index} = ${nextNumber()} { optional int32 a = 1; repeated string b = 2; }`;
      return `${singularType(draft)} ${name} = ${nextNumber()};`;
    });
    lines.push(`oneof choice { ${members.join(" ")} }`);
  }
  // Declared in another order than numbered: the writer then goes by index.
  if (random.chance(20)) lines.reverse();
  return `message ${name} {\n${lines.map((line) => `  ${line}`).join("\n")}\n}`;
}

function singularType({ random, messages, enums }: Draft): string {
  const choice = random.below(100);
  if (choice < 55) return random.pick(scalars);
  if (choice < 65) return random.pick(enums);
  if (choice < 80) return random.pick(messages);
  return random.pick(wellKnown);
}

function fieldText(draft: Draft, name: string, number: number): string {
  const { random, syntax } = draft;
  const choice = random.below(100);
  const type = singularType(draft);
  const jsonName = random.chance(10) ? [jsonNameText(random, name)] : [];
  if (choice < 15) return `map<${random.pick(keyTypes)}, ${type}> ${name} = ${number}${optionText(jsonName)};`;
  if (syntax === "proto2" && choice < 20) {
    const label = random.chance(50) ? "repeated" : "optional";
    return `${label} group G${name.replace("_", "")} = ${number} { optional int32 a = 1; optional ${random.pick(scalars)} b = 2; }`;
  }
  if (choice < 40) {
    const isPackable = packable(type) && !type.startsWith("google.") && !draft.messages.includes(type);
    const packed = isPackable && syntax !== "2023" && random.chance(40) ? [`packed = ${random.chance(50)}`] : [];
    const expanded =
      isPackable && syntax === "2023" && random.chance(40) ? ["features.repeated_field_encoding = EXPANDED"] : [];
    return `repeated ${type} ${name} = ${number}${optionText([...jsonName, ...packed, ...expanded])};`;
  }
  return `${labelOf(draft)}${type} ${name} = ${number}${optionText([...jsonName, ...presenceOf(draft, type)])};`;
}

function labelOf({ random, syntax }: Draft): string {
  if (syntax === "proto2") return "optional ";
  return syntax === "proto3" && random.chance(25) ? "optional " : "";
}

function presenceOf({ random, syntax, messages }: Draft, type: string): string[] {
  if (syntax !== "2023") return [];
  if (messages.includes(type)) return random.chance(20) ? ["features.message_encoding = DELIMITED"] : [];
  return random.chance(40) && !type.startsWith("google.") && !type.startsWith("E")
    ? ["features.field_presence = IMPLICIT"]
    : [];
}

function optionText(options: readonly string[]): string {
  return options.length === 0 ? "" : ` [${options.join(", ")}]`;
}

function jsonNameText(random: Random, name: string): string {
  return `json_name = "${random.pick(["x-", "@", "ü", "a.b", "'", String.raw`\"`])}${name}"`;
}
