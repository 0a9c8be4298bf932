// What fields of all kinds share: their label, the place they stand in, `= number [options]`.
import type { Position } from "../../diagnostic.ts";
import { shorten } from "./lex-character.ts";
import { symbol } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { checkFieldNumber, expectInteger, maxMessageSetNumber } from "./number.ts";
import { parseBracketOptions, toRawOptions } from "./options.ts";
import type { RawField, RawOption } from "../proto-file.ts";

export const fieldShape = 'a field is written "type name = number;"';

export const labels = ["optional", "required", "repeated"] as const;
export type Label = (typeof labels)[number];

/** What the field is in. */
export interface FieldPlace {
  /** `message "Foo"`, `oneof "choice"`, `extend "Foo"`. */
  readonly owner: string;
  readonly oneofIndex: number | undefined;
  readonly extendee: string | undefined;
  readonly extendeePosition?: Position;
}

export interface LabelUse {
  readonly place: FieldPlace;
  readonly label: Label | undefined;
  readonly fieldName: string;
  /** Of the label, else of the type. */
  readonly token: number;
}

/** Whether the label is one that the place and the edition allow. */
export function checkLabel(cursor: Cursor, { place, label, fieldName, token }: LabelUse): void {
  const field = `the field "${shorten(fieldName)}"`;
  if (place.oneofIndex !== undefined) {
    if (label === undefined) return;
    const message = `${field} has the label "${label}", which the fields of the ${place.owner} cannot have`;
    const hint = label === "repeated" ? "wrap it in a message" : `remove "${label}"`;
    cursor.reportAt(token, { rule: "oneof-label", message, hint });
  } else if (!cursor.lenient) {
    const wrong = wrongLabel(cursor, label);
    if (wrong !== undefined)
      cursor.reportAt(token, {
        rule: "label",
        message: `${field} ${wrong.message}`,
        hint: wrong.hint,
      });
  }
}

function wrongLabel(cursor: Cursor, label: Label | undefined): { message: string; hint: string } | undefined {
  if (cursor.edition === "proto2") {
    if (label !== undefined) return undefined;
    return {
      message: 'has no label, expected "optional", "required" or "repeated" in proto2',
      hint: 'add "optional"',
    };
  }
  if (cursor.edition === "proto3") {
    return label === "required"
      ? { message: 'is "required", which proto3 does not have', hint: 'remove "required"' }
      : undefined;
  }
  if (label === undefined || label === "repeated") return undefined;
  const feature = label === "required" ? "LEGACY_REQUIRED" : "EXPLICIT, the default";
  return {
    message: `is "${label}", which edition ${cursor.edition} does not have`,
    hint: `remove "${label}"; it is features.field_presence = ${feature}`,
  };
}

export type NumberAndOptions = Pick<RawField, "number" | "numberPosition" | "options" | "jsonName" | "defaultValue">;

/** `= number [options]`, without the `;`. */
export function parseNumberAndOptions(cursor: Cursor, place: FieldPlace, name: string): NumberAndOptions {
  const { number, numberPosition } = parseFieldNumber(cursor, place, name);
  const options = parseBracketOptions(cursor, `field "${shorten(name)}"`);
  const jsonName = takePseudoOption(cursor, options, "json_name");
  const defaultValue = takePseudoOption(cursor, options, "default");
  if (jsonName !== undefined) checkJsonName(cursor, place, name, jsonName);
  if (defaultValue !== undefined) checkDefault(cursor, name, defaultValue);
  const text = jsonName?.value.kind === "string" ? new TextDecoder().decode(jsonName.value.bytes) : undefined;
  return {
    number,
    numberPosition,
    options: toRawOptions(options),
    jsonName: text,
    defaultValue: defaultValue?.value,
  };
}

function parseFieldNumber(
  cursor: Cursor,
  place: FieldPlace,
  name: string,
): Pick<RawField, "number" | "numberPosition"> {
  const shown = shorten(name);
  const isOver =
    cursor.kind() === symbol.semicolon || cursor.kind() === symbol.bracketOpen || cursor.kind() === symbol.braceClose;
  if (isOver || (cursor.kind() !== symbol.equals && cursor.startsLine() && !cursor.atEnd())) {
    const message = `the field "${shown}" has no number, expected "=" and a number, found ${cursor.describe()}`;
    const offset = cursor.tokens.ends[cursor.at - 1];
    cursor.reportHere(
      { rule: "missing-number", message, hint: 'add " = " and a number not used in this message' },
      offset,
    );
    return { number: 0, numberPosition: cursor.positionAt(offset) };
  }
  const hint = cursor.kind() === symbol.colon ? 'replace ":" by "="' : fieldShape;
  cursor.expect(symbol.equals, `after the field name "${shown}"`, hint);
  const first = cursor.at;
  const numberPosition = cursor.positionHere();
  const number = expectInteger(cursor, `a number for the field "${shown}"`, fieldShape);
  // An extension of a message set may go further; whether it is one is known when the extended message is.
  const isHighExtension = place.extendee !== undefined && number > 0 && number <= maxMessageSetNumber;
  if (!isHighExtension || number < 20_000) checkFieldNumber(cursor, first, number, `field "${shown}"`);
  return { number, numberPosition };
}

/** Takes `default` or `json_name` out of the options: they are members of the field itself. */
function takePseudoOption(cursor: Cursor, options: RawOption[], name: string): RawOption | undefined {
  const isMeant = (option: RawOption): boolean => option.name.length === 1 && option.name[0] === name;
  const index = options.findIndex(isMeant);
  if (index < 0) return undefined;
  const [taken] = options.splice(index, 1);
  for (let again = options.findIndex(isMeant); again >= 0; again = options.findIndex(isMeant)) {
    const [{ position }] = options.splice(again, 1);
    cursor.reportPosition(position, {
      rule: "option-repeated",
      message: `the option "${name}" is set twice`,
      hint: "remove one",
    });
  }
  return taken;
}

function checkJsonName(cursor: Cursor, place: FieldPlace, name: string, { position, value }: RawOption): void {
  if (value.kind !== "string") {
    const message = `the json_name of the field "${shorten(name)}" is not a string`;
    cursor.reportPosition(value.position, {
      rule: "option-value",
      message,
      hint: 'write it in quotes: json_name = "…"',
    });
  } else if (place.extendee !== undefined) {
    cursor.reportPosition(position, {
      rule: "json-name",
      message: `the extension "${shorten(name)}" cannot have a json_name`,
    });
  } else if (value.bytes.includes(0)) {
    cursor.reportPosition(value.position, {
      rule: "json-name",
      message: `the json_name of the field "${shorten(name)}" holds a NUL`,
    });
  }
}

function checkDefault(cursor: Cursor, name: string, { position, value }: RawOption): void {
  if (cursor.edition === "proto3" && !cursor.lenient) {
    const message = `the field "${shorten(name)}" has a default, which proto3 does not allow`;
    cursor.reportPosition(position, {
      rule: "default",
      message,
      hint: "remove it; unset fields are zero or empty",
    });
  } else if (value.kind === "message") {
    const message = `the default of the field "${shorten(name)}" is a message, expected a scalar or an enum value`;
    cursor.reportPosition(value.position, { rule: "default", message });
  }
}
