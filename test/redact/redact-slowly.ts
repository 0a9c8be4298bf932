// The redactor that tests believe: on decoded messages of @bufbuild/protobuf, without a thought to speed.
import { type DescMessage, fromBinary, type Message, ScalarType, toBinary } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { Twin } from "../fuzz/es.ts";

/** By the full name of the field, what is shown instead, if anything is. */
type Hidden = ReadonlyMap<string, string | undefined>;

export function redactSlowly(message: Message, twin: Twin, hidden: Hidden): Message {
  const desc = twin.registry.getMessage(message.$typeName)!;
  redact(reflect(desc, message, false), twin, hidden);
  return message;
}

function redact(message: ReflectMessage, twin: Twin, hidden: Hidden): void {
  if (message.desc.typeName === "google.protobuf.Any") redactAny(message.message as AnyMessage, twin, hidden);
  else
    for (const field of message.desc.fields) {
      if (!message.isSet(field)) continue;
      const name = `${message.desc.typeName}.${field.name}`;
      if (!hidden.has(name)) {
        for (const child of childrenOf(message, field)) redact(child, twin, hidden);
        continue;
      }
      const mask = hidden.get(name);
      if (mask === undefined) message.clear(field);
      else if (field.fieldKind === "list") {
        const list = message.get(field);
        for (let index = 0; index < list.size; index++) list.set(index, mask);
      } else message.set(field, mask);
    }
}

interface AnyMessage extends Message {
  typeUrl: string;
  value: Uint8Array;
}

function redactAny(any: AnyMessage, twin: Twin, hidden: Hidden): void {
  const desc = typeOfAny(any, twin);
  if (desc === undefined) return;
  any.value = toBinary(desc, redactSlowly(fromBinary(desc, any.value), twin, hidden));
}

function typeOfAny({ typeUrl }: AnyMessage, twin: Twin): DescMessage | undefined {
  return twin.registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
}

function childrenOf(message: ReflectMessage, field: DescMessage["fields"][number]): ReflectMessage[] {
  if (field.fieldKind === "message") return [message.get(field)];
  if (field.fieldKind === "list" && field.listKind === "message") return [...message.get(field)] as ReflectMessage[];
  if (field.fieldKind === "map" && field.mapKind === "message")
    return [...message.get(field).values()] as ReflectMessage[];
  return [];
}

/** What a message shows of what is hidden, as paths; where bytes of an Any are no message nobody reads them. */
export function findShown(message: Message, twin: Twin, hidden: Hidden): string[] {
  return find(reflect(twin.registry.getMessage(message.$typeName)!, message, false), twin, hidden);
}

function find(message: ReflectMessage, twin: Twin, hidden: Hidden): string[] {
  if (message.desc.typeName === "google.protobuf.Any") {
    const any = message.message as AnyMessage;
    const desc = typeOfAny(any, twin);
    try {
      return desc === undefined ? [] : findShown(fromBinary(desc, any.value), twin, hidden);
    } catch {
      return [];
    }
  }
  return message.desc.fields.flatMap((field) => {
    const name = `${message.desc.typeName}.${field.name}`;
    if (!message.isSet(field)) return [];
    if (!hidden.has(name)) return childrenOf(message, field).flatMap((child) => find(child, twin, hidden));
    const mask = hidden.get(name);
    if (mask === undefined || (field.fieldKind !== "list" && field.scalar !== ScalarType.STRING)) return [name];
    const values = field.fieldKind === "list" ? [...message.get(field)] : [message.get(field)];
    return values.every((value) => value === mask) ? [] : [name];
  });
}
