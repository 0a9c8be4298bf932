// Random messages of a random schema, built with @bufbuild/protobuf and sent as its bytes.
import {
  create,
  type DescField,
  type DescMessage,
  isFieldSet,
  type Message,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { Random } from "./random.ts";
import type { Twin } from "./es.ts";

const maxDepth = 3;

export function randomMessage(random: Random, twin: Twin, desc: DescMessage = twin.desc, depth = 0): Message {
  const message = create(desc);
  fill(random, twin, reflect(desc, message), depth);
  return message;
}

function fill(random: Random, twin: Twin, message: ReflectMessage, depth: number): void {
  const { desc } = message;
  if (fillWellKnown(random, twin, message, depth)) return;
  for (const field of desc.fields) {
    if (
      random.chance(35) ||
      (field.oneof !== undefined && field.oneof.fields.some((other) => isFieldSet(message.message, other)))
    )
      continue;
    fillField(random, twin, message, field, depth);
  }
}

function fillField(random: Random, twin: Twin, message: ReflectMessage, field: DescField, depth: number): void {
  const below = (desc: DescMessage): ReflectMessage | undefined =>
    depth >= maxDepth ? undefined : reflect(desc, randomMessage(random, twin, desc, depth + 1), false);
  if (field.fieldKind === "scalar") message.set(field, scalarValue(random, field.scalar));
  else if (field.fieldKind === "enum") message.set(field, random.pick(field.enum.values).number);
  else if (field.fieldKind === "message") {
    const value = below(field.message);
    if (value !== undefined) message.set(field, value);
  } else if (field.fieldKind === "list") {
    const list = message.get(field);
    for (let count = random.below(4); count > 0; count--) {
      if (field.listKind === "scalar") list.add(scalarValue(random, field.scalar));
      else if (field.listKind === "enum") list.add(random.pick(field.enum.values).number);
      else {
        const value = below(field.message);
        if (value !== undefined) list.add(value);
      }
    }
  } else {
    const map = message.get(field);
    for (let count = random.below(4); count > 0; count--) {
      const key = scalarValue(random, field.mapKey) as string | number | bigint | boolean;
      if (field.mapKind === "scalar") map.set(key, scalarValue(random, field.scalar));
      else if (field.mapKind === "enum") map.set(key, random.pick(field.enum.values).number);
      else {
        const value = below(field.message);
        if (value !== undefined) map.set(key, value);
      }
    }
  }
}

function scalarValue(random: Random, type: ScalarType): unknown {
  switch (type) {
    case ScalarType.DOUBLE:
      return random.double();
    case ScalarType.FLOAT:
      return random.float();
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return BigInt.asIntN(64, random.bigint());
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return random.bigint();
    case ScalarType.BOOL:
      return random.chance(50);
    case ScalarType.STRING:
      return random.text();
    case ScalarType.BYTES:
      return random.bytes();
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return Number(random.bigint() & 0xffff_ffffn);
    default:
      return Number(BigInt.asIntN(32, random.bigint()));
  }
}

/** Values with a JSON form: most random ones of these types have none. */
function fillWellKnown(random: Random, twin: Twin, message: ReflectMessage, depth: number): boolean {
  const { desc } = message;
  const set = (name: string, value: unknown): void =>
    message.set(
      desc.fields.find((field) => field.name === name)!,
      value,
    );
  const child = (name: string): ReflectMessage => {
    const field = desc.fields.find((candidate) => candidate.name === name)!;
    return reflect(field.message!, randomMessage(random, twin, field.message, depth + 1), false);
  };
  const nanos = (): number => random.pick([0, 1, 999_999_999, 500_000_000, 1000, 120_000, random.below(1_000_000_000)]);
  switch (desc.typeName) {
    case "google.protobuf.Timestamp":
      set(
        "seconds",
        BigInt(random.pick([0, -1, -62_135_596_800, 253_402_300_799, random.bits(), random.bits() * -14])),
      );
      set("nanos", nanos());
      return true;
    case "google.protobuf.Duration": {
      const sign = random.chance(50) ? 1 : -1;
      set("seconds", BigInt(sign * random.pick([0, 1, 315_576_000_000, random.bits()])));
      set("nanos", sign * nanos());
      return true;
    }
    case "google.protobuf.FieldMask":
      for (let count = random.below(3); count > 0; count--)
        message
          .get(desc.fields[0] as DescField & { fieldKind: "list" })
          .add(random.pick(["a", "foo_bar", "a.b_c.d", "user.display_name"]));
      return true;
    case "google.protobuf.Value": {
      const kind = depth >= maxDepth + 2 ? random.below(4) : random.below(6);
      if (kind === 0) set("null_value", 0);
      else if (kind === 1) set("number_value", finite(random));
      else if (kind === 2) set("string_value", random.text());
      else if (kind === 3) set("bool_value", random.chance(50));
      else set(kind === 4 ? "struct_value" : "list_value", child(kind === 4 ? "struct_value" : "list_value"));
      return true;
    }
    case "google.protobuf.Struct":
    case "google.protobuf.ListValue": {
      const [field] = desc.fields;
      for (let count = random.below(3); count > 0; count--) {
        const value = reflect(field.message!, randomMessage(random, twin, field.message, depth + 1), false);
        if (field.fieldKind === "map") message.get(field).set(random.text(), value);
        else if (field.fieldKind === "list") message.get(field).add(value);
      }
      return true;
    }
    case "google.protobuf.Any": {
      if (random.chance(20)) return true;
      const inner =
        depth >= maxDepth
          ? "google.protobuf.Int64Value"
          : random.pick([
              "t.M0",
              "google.protobuf.Duration",
              "google.protobuf.Any",
              "google.protobuf.Empty",
              "google.protobuf.StringValue",
              "google.protobuf.Value",
            ]);
      const innerDesc = twin.registry.getMessage(inner)!;
      set("type_url", `type.googleapis.com/${inner}`);
      set("value", toBinary(innerDesc, randomMessage(random, twin, innerDesc, depth + 1)));
      return true;
    }
    default:
      return false;
  }
}

function finite(random: Random): number {
  for (;;) {
    const value = random.double();
    if (Number.isFinite(value)) return value;
  }
}
