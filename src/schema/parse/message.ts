// `message Name { … }` and all it holds; groups, oneofs and `extend` blocks too, as they hold each other.
import { nearest } from "../../diagnostic.ts";
import { shorten } from "./lex-character.ts";
import { tokenKind } from "./lex-token.ts";
import { parseBlock, parseDeclaredName } from "./block.ts";
import { commentOf } from "./comment.ts";
import { symbol } from "./cursor.ts";
import type { Cursor, Named } from "./cursor.ts";
import { parseEnum } from "./enum.ts";
import type { FieldPlace } from "./field-part.ts";
import { parseField } from "./field.ts";
import { parseOptionStatement, startsOption, toRawOptions } from "./options.ts";
import { checkExtensionRanges, parseExtensionRanges, parseReserved, startsRanges } from "./ranges.ts";
import type { WrittenRange } from "./ranges.ts";
import { expectMessageType } from "./type.ts";
import type { NumberRange, RawDeclared, RawEnum, RawField, RawMessage, RawOption } from "../proto-file.ts";

/** Where the fields of a block go, and the messages that groups and maps among them generate. */
export interface FieldSink {
  readonly fields: RawField[];
  readonly messages: RawMessage[];
}

/** What can be declared in a file as well as in a message. */
export interface TypeSink {
  readonly messages: RawMessage[];
  readonly enums: RawEnum[];
  readonly extensions: RawField[];
}

interface MessageDraft extends FieldSink, TypeSink {
  readonly oneofs: RawDeclared[];
  readonly options: RawOption[];
  readonly extensionRanges: WrittenRange[];
  readonly reservedRanges: NumberRange[];
  readonly reservedNames: Named[];
}

const memberKeywords = ["message", "enum", "oneof", "extend", "extensions", "reserved", "option"];

/** Reads a `message`, `enum` or `extend`, with `export` or `local` before it; false when none begins here. */
export function parseTypeDeclaration(cursor: Cursor, into: TypeSink, keyword = declarationKeyword(cursor)): boolean {
  const first = cursor.at;
  if (keyword === undefined) return false;
  takeVisibility(cursor);
  if (keyword === "message") into.messages.push(parseMessage(cursor, first));
  else if (keyword === "enum") into.enums.push(parseEnum(cursor, first));
  else parseExtend(cursor, { fields: into.extensions, messages: into.messages });
  return true;
}

type DeclarationKeyword = "message" | "enum" | "extend";

/** All keywords are also names: `message.Foo bar = 1;` is a field, as is `extend baz = 2;`. */
function declarationKeyword(cursor: Cursor): DeclarationKeyword | undefined {
  const ahead = hasVisibility(cursor) ? 1 : 0;
  for (const keyword of ["message", "enum", "extend"] as const) {
    if (cursor.isWord(keyword, ahead)) return ahead === 0 && looksLikeField(cursor) ? undefined : keyword;
  }
  return undefined;
}

function hasVisibility(cursor: Cursor): boolean {
  if (!cursor.isWord("export") && !cursor.isWord("local")) return false;
  const isType = cursor.isWord("message", 1) || cursor.isWord("enum", 1);
  return isType && cursor.kind(2) === tokenKind.word;
}

function takeVisibility(cursor: Cursor): void {
  if (!hasVisibility(cursor)) return;
  const token = cursor.take();
  if (cursor.edition === "2024" || cursor.lenient) return;
  const word = cursor.textOf(token);
  const message = `"${word}" before "${cursor.text()}" needs edition 2024, this file is ${cursor.edition}`;
  cursor.reportAt(token, { rule: "needs-edition", message, hint: `remove "${word}"` });
}

/** Whether a dotted type, a name and "=" begin here, whatever keyword the type begins with. */
function looksLikeField(cursor: Cursor): boolean {
  let ahead = 1;
  while (cursor.kind(ahead) === symbol.dot && cursor.kind(ahead + 1) === tokenKind.word) ahead += 2;
  return (
    cursor.kind(ahead) === symbol.equals ||
    (cursor.kind(ahead) === tokenKind.word && cursor.kind(ahead + 1) === symbol.equals)
  );
}

function parseMessage(cursor: Cursor, first: number): RawMessage {
  cursor.take();
  const named = parseDeclaredName(cursor, "message");
  const brace = cursor.at;
  const draft = parseMessageBody(cursor, `message "${shorten(named.name)}"`);
  return toMessage(cursor, draft, named, commentOf(cursor, first, brace));
}

function parseMessageBody(cursor: Cursor, owner: string): MessageDraft {
  const draft: MessageDraft = {
    fields: [],
    oneofs: [],
    messages: [],
    enums: [],
    extensions: [],
    extensionRanges: [],
    reservedRanges: [],
    reservedNames: [],
    options: [],
  };
  const place = { owner, oneofIndex: undefined, extendee: undefined };
  parseBlock(cursor, owner, () => parseMember(cursor, draft, place));
  return draft;
}

function toMessage(cursor: Cursor, draft: MessageDraft, { name, position }: Named, comment: string): RawMessage {
  const isMessageSet = draft.options.some(
    (option) =>
      option.name[0] === "message_set_wire_format" &&
      option.value.kind === "identifier" &&
      option.value.text === "true",
  );
  // Member by member, here and for fields: spreading objects of this size made parsing three times slower.
  return {
    name,
    position,
    comment,
    options: toRawOptions(draft.options),
    fields: draft.fields,
    oneofs: draft.oneofs,
    messages: draft.messages,
    enums: draft.enums,
    extensions: draft.extensions,
    extensionRanges: checkExtensionRanges(cursor, draft.extensionRanges, isMessageSet),
    reservedRanges: draft.reservedRanges,
    reservedNames: draft.reservedNames,
    isMapEntry: false,
  };
}

function parseMember(cursor: Cursor, draft: MessageDraft, place: FieldPlace): void {
  if (parseTypeDeclaration(cursor, draft)) return;
  if (startsOption(cursor)) return parseOptionStatement(cursor, draft.options);
  if (cursor.isWord("oneof") && !looksLikeField(cursor)) return parseOneof(cursor, draft);
  if (cursor.isWord("reserved") && startsRanges(cursor)) return parseReserved(cursor, draft, "message");
  if (cursor.isWord("extensions") && startsRanges(cursor)) return parseExtensionRanges(cursor, draft.extensionRanges);
  const isUnknownBlock =
    cursor.kind() === tokenKind.word && cursor.kind(1) === tokenKind.word && cursor.kind(2) === symbol.braceOpen;
  if (isUnknownBlock) return parseUnknownBlock(cursor, draft, place.owner);
  return parseFieldInto(cursor, place, draft);
}

/** `mesage Foo {`: the body is read as that of what was meant, so that its own errors are found. */
function parseUnknownBlock(cursor: Cursor, draft: MessageDraft, owner: string): void {
  const word = cursor.text();
  const meant = word.length > 64 ? undefined : nearest(word, ["message", "enum", "oneof", "extend"]);
  const problem = {
    rule: "unknown-keyword",
    message: `expected a field, "message", "enum" or "oneof" in the ${owner}, found "${shorten(word)}"`,
    hint: meant === undefined ? strayHint(word) : `did you mean "${meant}"?`,
  };
  if (meant === undefined) cursor.fail(problem);
  cursor.reportHere(problem);
  if (meant === "oneof") parseOneof(cursor, draft);
  else parseTypeDeclaration(cursor, draft, meant as DeclarationKeyword);
}

function strayHint(word: string): string {
  return word === "service" ? "a service stands at the top of a file" : 'a field is written "type name = number;"';
}

function parseFieldInto(cursor: Cursor, place: FieldPlace, into: FieldSink): void {
  const { field, entry } = parseField(cursor, place);
  into.fields.push(field);
  if (entry !== undefined) into.messages.push(entry);
  if (!field.isGroup) return;
  const draft = parseMessageBody(cursor, `group "${shorten(field.typeName)}"`);
  into.messages.push(toMessage(cursor, draft, { name: field.typeName, position: field.position }, field.comment));
}

function parseOneof(cursor: Cursor, draft: MessageDraft): void {
  const first = cursor.take();
  const token = cursor.at;
  const named = parseDeclaredName(cursor, "oneof");
  const options: RawOption[] = [];
  const owner = `oneof "${shorten(named.name)}"`;
  const place = { owner, oneofIndex: draft.oneofs.length, extendee: undefined };
  draft.oneofs.push({
    name: named.name,
    position: named.position,
    comment: commentOf(cursor, first, cursor.at),
    options: toRawOptions(options),
  });
  let members = 0;
  parseBlock(cursor, owner, () => {
    if (startsOption(cursor)) return parseOptionStatement(cursor, options);
    members++;
    refuseMember(cursor, owner);
    return parseFieldInto(cursor, place, draft);
  });
  if (members === 0) {
    const message = `the ${owner} has no fields, expected at least one`;
    cursor.reportAt(token, { rule: "empty-block", message, hint: "add a field, or remove it" });
  }
}

/** Only fields stand in a oneof or an `extend`. */
function refuseMember(cursor: Cursor, owner: string): void {
  const word = memberKeywords.find((keyword) => cursor.isWord(keyword));
  if (word === undefined || looksLikeField(cursor)) return;
  const next = cursor.kind(1);
  if (next !== tokenKind.word && next !== tokenKind.integer && next !== tokenKind.string) return;
  cursor.fail({
    rule: "misplaced",
    message: `expected a field in the ${owner}, found "${word}"`,
    hint: "move it out",
  });
}

function parseExtend(cursor: Cursor, into: FieldSink): void {
  cursor.take();
  const token = cursor.at;
  const extended = expectMessageType(cursor, 'a message type after "extend"');
  const owner = `extend "${shorten(extended.name)}"`;
  const place = {
    owner,
    oneofIndex: undefined,
    extendee: extended.name,
    extendeePosition: extended.position,
  };
  let members = 0;
  parseBlock(cursor, owner, () => {
    members++;
    refuseMember(cursor, owner);
    parseFieldInto(cursor, place, into);
  });
  if (members === 0) {
    const message = `the ${owner} has no fields, expected at least one`;
    cursor.reportAt(token, { rule: "empty-block", message, hint: "add a field, or remove it" });
  }
}
