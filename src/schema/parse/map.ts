// `map<key, value> name = number;` and the entry message it stands for.
import { shorten } from "./lex-character.ts";
import { endStatement } from "./block.ts";
import { commentOf } from "./comment.ts";
import { symbol } from "./cursor.ts";
import type { Cursor, Named } from "./cursor.ts";
import { fieldShape, parseNumberAndOptions } from "./field-part.ts";
import type { FieldPlace, Label } from "./field-part.ts";
import { toRawOptions } from "./options.ts";
import type { RawField, RawMessage } from "../proto-file.ts";

export interface ParsedField {
  readonly field: RawField;
  /** What a map field generates. */
  readonly entry: RawMessage | undefined;
}

const mapKeys = new Set([
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
]);

/** Reads from `map` to `;`; the statement began at token `first`, with the label if there is one. */
export function parseMapField(cursor: Cursor, place: FieldPlace, first: number, label: Label | undefined): ParsedField {
  const typePosition = cursor.positionHere();
  const typeToken = cursor.take();
  cursor.take();
  const keyToken = cursor.at;
  const key = cursor.expectTypeName("the key type of the map");
  if (!mapKeys.has(key.name)) {
    const message = `"${shorten(key.name)}" cannot be the key of a map, expected an integer type, bool or string`;
    cursor.reportAt(keyToken, { rule: "map-key", message });
  }
  cursor.expect(
    symbol.comma,
    `after the key type "${shorten(key.name)}" of the map`,
    'a map is written "map<key, value>"',
  );
  const value = cursor.expectTypeName("the value type of the map");
  cursor.expect(
    symbol.greater,
    `after the value type "${shorten(value.name)}" of the map`,
    "a map's value is one type name",
  );
  const name = cursor.expectName("a field name after the map type", fieldShape);
  checkMapPlace(cursor, place, label === undefined ? typeToken : first, label, name.name);
  const rest = parseNumberAndOptions(cursor, place, name.name);
  const last = cursor.at;
  endStatement(cursor, `the field "${shorten(name.name)}"`);
  const entryName = mapEntryName(name.name);
  const field: RawField = {
    name: name.name,
    position: name.position,
    number: rest.number,
    numberPosition: rest.numberPosition,
    options: rest.options,
    jsonName: rest.jsonName,
    defaultValue: rest.defaultValue,
    comment: commentOf(cursor, first, last),
    label: "repeated",
    typeName: entryName,
    typePosition,
    oneofIndex: undefined,
    proto3Optional: false,
    isGroup: false,
    isMap: true,
    extendee: place.extendee,
    extendeePosition: place.extendeePosition,
  };
  return { field, entry: mapEntry(entryName, field, [key, value]) };
}

function checkMapPlace(
  cursor: Cursor,
  place: FieldPlace,
  token: number,
  label: string | undefined,
  name: string,
): void {
  const shown = shorten(name);
  if (label !== undefined) {
    cursor.reportAt(token, {
      rule: "map-label",
      message: `the map field "${shown}" has the label "${label}"`,
      hint: `remove "${label}"`,
    });
  } else if (place.oneofIndex !== undefined) {
    const message = `the map field "${shown}" cannot be part of the ${place.owner}`;
    cursor.reportAt(token, {
      rule: "map-place",
      message,
      hint: "move it out, or wrap it in a message",
    });
  } else if (place.extendee !== undefined) {
    cursor.reportAt(token, {
      rule: "map-place",
      message: `the map field "${shown}" cannot be an extension`,
      hint: "wrap it in a message",
    });
  }
}

/** `FooBarEntry` for `foo_bar`: only ASCII letters change case. */
function mapEntryName(fieldName: string): string {
  return `${fieldName.replace(/(?:^|_)_*([a-z]?)/g, (_, letter: string) => letter.toUpperCase())}Entry`;
}

/** Features of the map field (UTF-8 checks above all) mean its keys and values. */
function mapEntry(name: string, map: RawField, types: readonly [Named, Named]): RawMessage {
  const { position } = map;
  const written = map.options.kind === "text" ? map.options.options : [];
  const options = toRawOptions(written.filter((option) => option.name[0] === "features"));
  const fields = types.map((type, index): RawField => ({
    name: index === 0 ? "key" : "value",
    position,
    comment: "",
    options,
    number: index + 1,
    numberPosition: position,
    label: "optional",
    typeName: type.name,
    typePosition: type.position,
    oneofIndex: undefined,
    proto3Optional: false,
    isGroup: false,
    isMap: false,
    jsonName: undefined,
    extendee: undefined,
    defaultValue: undefined,
  }));
  return {
    name,
    position,
    comment: "",
    options: toRawOptions([]),
    fields,
    oneofs: [],
    messages: [],
    enums: [],
    extensions: [],
    extensionRanges: [],
    reservedRanges: [],
    reservedNames: [],
    isMapEntry: true,
  };
}
