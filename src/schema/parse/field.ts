// One field: of a message, of a oneof, of an `extend`.
import { nearest } from "../../diagnostic.ts";
import { isScalarType } from "../scalar-types.ts";
import { shorten } from "./lex-character.ts";
import { tokenKind } from "./lex-token.ts";
import { endStatement } from "./block.ts";
import { commentOf } from "./comment.ts";
import { symbol } from "./cursor.ts";
import type { Cursor, Named } from "./cursor.ts";
import { checkLabel, fieldShape, labels, parseNumberAndOptions } from "./field-part.ts";
import type { FieldPlace, Label } from "./field-part.ts";
import { parseMapField } from "./map.ts";
import type { ParsedField } from "./map.ts";
import type { RawField } from "../proto-file.ts";

/** Reads up to the `;`, of a group up to the `{` of its body. */
export function parseField(cursor: Cursor, place: FieldPlace): ParsedField {
  const first = cursor.at;
  const label = parseLabel(cursor);
  if (cursor.isWord("map") && cursor.kind(1) === symbol.less) return parseMapField(cursor, place, first, label);
  const isGroup = cursor.isWord("group") && cursor.kind(1) === tokenKind.word;
  const type = isGroup ? takeGroupKeyword(cursor) : cursor.expectTypeName("a field type", fieldShape);
  const nameToken = cursor.at;
  if (cursor.kind() === symbol.equals && nameToken === first + 1 && !isScalarType(type.name))
    failWithoutType(cursor, type);
  const written = cursor.expectName(`a field name after the type "${shorten(type.name)}"`, fieldShape);
  checkLabel(cursor, { place, label, fieldName: written.name, token: first });
  const name = isGroup ? groupFieldName(cursor, written, nameToken) : written;
  const rest = parseNumberAndOptions(cursor, place, name.name);
  const last = cursor.at;
  if (!isGroup) endStatement(cursor, `the field "${shorten(name.name)}"`);
  const field: RawField = {
    name: name.name,
    position: name.position,
    number: rest.number,
    numberPosition: rest.numberPosition,
    options: rest.options,
    jsonName: rest.jsonName,
    defaultValue: rest.defaultValue,
    comment: commentOf(cursor, first, last),
    label,
    typeName: isGroup ? written.name : type.name,
    typePosition: isGroup ? written.position : type.position,
    oneofIndex: place.oneofIndex,
    proto3Optional: cursor.edition === "proto3" && label === "optional",
    isGroup,
    isMap: false,
    extendee: place.extendee,
    extendeePosition: place.extendeePosition,
  };
  return { field, entry: undefined };
}

function parseLabel(cursor: Cursor): Label | undefined {
  const known = labels.find((label) => cursor.isWord(label));
  if (known !== undefined && cursor.kind(1) !== symbol.equals) {
    cursor.take();
    return known;
  }
  // `optinal string name` is three words before the "=" where a field has two.
  const next = cursor.kind(2);
  if (cursor.kind() !== tokenKind.word || cursor.kind(1) !== tokenKind.word) return undefined;
  if (next !== tokenKind.word && next !== symbol.dot) return undefined;
  const meant = nearest(cursor.text().slice(0, 64), labels);
  if (meant === undefined) return undefined;
  const message = `unknown label "${shorten(cursor.text())}", expected "optional", "required" or "repeated"`;
  cursor.reportHere({ rule: "unknown-keyword", message, hint: `did you mean "${meant}"?` });
  cursor.take();
  return labels.find((label) => label === meant);
}

function failWithoutType(cursor: Cursor, { name }: Named): never {
  const message = `the field "${shorten(name)}" has no type, expected a type and a name before "="`;
  return cursor.fail({ rule: "missing-type", message, hint: fieldShape });
}

function takeGroupKeyword(cursor: Cursor): Named {
  const position = cursor.positionHere();
  const token = cursor.take();
  if (cursor.edition !== "proto2" && !cursor.lenient) {
    const inProto3 = cursor.edition === "proto3";
    cursor.reportAt(token, {
      rule: "group",
      message: `"group" is not part of ${inProto3 ? "proto3" : `edition ${cursor.edition}`}`,
      hint: inProto3
        ? "declare a message and a field of its type"
        : "declare a message field with [features.message_encoding = DELIMITED]",
    });
  }
  return { name: "group", position };
}

function groupFieldName(cursor: Cursor, { name, position }: Named, token: number): Named {
  if (!/^[A-Z]/.test(name)) {
    cursor.reportAt(token, {
      rule: "group",
      message: `the group "${shorten(name)}" does not begin with a capital letter`,
      hint: "its name is that of its message; the field has the same in lower case",
    });
  }
  return { name: name.toLowerCase(), position };
}
