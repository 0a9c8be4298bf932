// Field paths of compositions, `order.lines[].product_id`: read, and held against the types they go through.
//
//   path = name { "." name }
//   name = identifier [ "[]" ]
import { didYouMean } from "../diagnostic.ts";
import type { Field, FieldType, MessageType } from "../schema/descriptor.ts";

export interface PathPart {
  readonly name: string;
  /** `[]`: of each element of the list. */
  readonly isEach: boolean;
}

/** What a value is: one, or a whole map. Lists of them are counted apart. */
export type ValueType = FieldType | { readonly kind: "map"; readonly entry: MessageType };

/** What is wrong, one sentence. */
export class PathFault extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** What begins where a value is, and goes through fields. */
export interface Trail {
  readonly fields: readonly Field[];
  readonly type: ValueType;
  /** The lists it goes through, outermost first, each as the path to it. */
  readonly lists: readonly string[];
}

/** Throws PathFault. */
export function parsePath(text: string): readonly PathPart[] {
  const isPath = text.length <= 512 && /^[A-Za-z_]\w*(?:\[\])?(?:\.[A-Za-z_]\w*(?:\[\])?)*$/.test(text);
  if (!isPath)
    throw new PathFault(
      `${JSON.stringify(text.slice(0, 80))} is no path`,
      "names of fields are expected, e.g. order.lines[].product_id",
    );
  return text.split(".").map((part) => {
    return { name: part.replace("[]", ""), isEach: part.endsWith("[]") };
  });
}

/** `at` is the path that has led to the type. Throws PathFault. */
export function followPath(from: ValueType, parts: readonly PathPart[], at: string): Trail {
  const fields: Field[] = [];
  const lists: string[] = [];
  let type = from;
  let path = at;
  for (const [index, { name, isEach }] of parts.entries()) {
    if (type.kind !== "message")
      throw new PathFault(`${path} is ${describeType(type)}, which has no field ${JSON.stringify(name)}`);
    const field = findField(type.message, name);
    path = path === "" ? name : `${path}.${name}`;
    const isList = field.cardinality === "repeated";
    const isLast = index === parts.length - 1;
    if (isEach && !isList) throw new PathFault(`${path}[] goes through a list, and ${path} is none`, `write ${path}`);
    if (isList && !isEach && !isLast)
      throw new PathFault(`${path} is a list`, `write ${path}[] to go on with each element of it`);
    if (isList) lists.push(path);
    fields.push(field);
    type = typeOf(field);
  }
  return { fields, type, lists };
}

function findField(message: MessageType, name: string): Field {
  const field = message.fields.find(({ protoName }) => protoName === name);
  if (field !== undefined) return field;
  const names = message.fields.map(({ protoName }) => protoName);
  const byJson = message.fields.find(({ jsonName }) => jsonName === name)?.protoName;
  const some = names.length === 0 ? "it has none" : `it has ${names.slice(0, 10).join(", ")}`;
  throw new PathFault(
    `${message.name} has no field ${JSON.stringify(name)}`,
    byJson === undefined ? (didYouMean(name, names) ?? some) : `did you mean "${byJson}"?`,
  );
}

/** Of one value of the field. */
export function typeOf(field: Field): ValueType {
  if (field.cardinality === "map" && field.type.kind === "message") return { kind: "map", entry: field.type.message };
  return field.type;
}

/** As protos write it. */
export function describeType(type: ValueType): string {
  switch (type.kind) {
    case "scalar":
      return type.scalar;
    case "enum":
      return type.enum.name;
    case "message":
      return type.message.name;
    default:
      return `map<${type.entry.fields.map((field) => describeType(typeOf(field))).join(", ")}>`;
  }
}

/** Whether a value of the one is one of the other, byte for byte. */
export function isSameType(a: ValueType, b: ValueType): boolean {
  return a.kind === b.kind && describeType(a) === describeType(b);
}
