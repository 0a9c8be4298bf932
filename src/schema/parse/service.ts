// `service Name { rpc … }`.
import { didYouMean } from "../../diagnostic.ts";
import { shorten } from "./lex-character.ts";
import { tokenKind } from "./lex-token.ts";
import { endStatement, parseBlock, parseDeclaredName } from "./block.ts";
import { commentOf } from "./comment.ts";
import { symbol } from "./cursor.ts";
import type { Cursor, Named } from "./cursor.ts";
import { parseOptionStatement, startsOption, toRawOptions } from "./options.ts";
import { expectMessageType } from "./type.ts";
import type { RawMethod, RawOption, RawService } from "../proto-file.ts";

const rpcShape = 'a method is written "rpc Name(Request) returns (Reply);"';

interface MessageType extends Named {
  readonly isStream: boolean;
}

/** Reads from `service` on; the statement began at token `first`. */
export function parseService(cursor: Cursor, first: number): RawService {
  cursor.take();
  const named = parseDeclaredName(cursor, "service");
  const brace = cursor.at;
  const methods: RawMethod[] = [];
  const options: RawOption[] = [];
  parseBlock(cursor, `service "${shorten(named.name)}"`, () => {
    if (cursor.isWord("option")) parseOptionStatement(cursor, options);
    else methods.push(parseMethod(cursor));
  });
  return {
    name: named.name,
    position: named.position,
    comment: commentOf(cursor, first, brace),
    options: toRawOptions(options),
    methods,
  };
}

function parseMethod(cursor: Cursor): RawMethod {
  const first = cursor.at;
  takeRpc(cursor);
  const named = cursor.expectName('a name after "rpc"', rpcShape);
  const shown = shorten(named.name);
  const input = parseMessageType(cursor, `after the name of the rpc "${shown}"`);
  const output = parseReturns(cursor, shown);
  const options: RawOption[] = [];
  const last = cursor.at;
  if (cursor.kind() === symbol.braceOpen)
    parseBlock(cursor, `rpc "${shown}"`, () => parseMethodOption(cursor, options, shown));
  else endStatement(cursor, `the rpc "${shown}"`);
  return {
    name: named.name,
    position: named.position,
    comment: commentOf(cursor, first, last),
    options: toRawOptions(options),
    inputType: input.name,
    inputPosition: input.position,
    outputType: output.name,
    outputPosition: output.position,
    clientStreaming: input.isStream,
    serverStreaming: output.isStream,
  };
}

function takeRpc(cursor: Cursor): void {
  if (cursor.takeWord("rpc")) return;
  const message = `expected "rpc" or "option" in a service, found ${cursor.describe()}`;
  // No other statement has this form, so whatever the word is, it stands for "rpc".
  const isRpc =
    cursor.kind() === tokenKind.word && cursor.kind(1) === tokenKind.word && cursor.kind(2) === symbol.parenOpen;
  if (!isRpc) cursor.fail({ rule: "unknown-keyword", message, hint: serviceHint(cursor) });
  cursor.reportHere({ rule: "unknown-keyword", message, hint: 'did you mean "rpc"?' });
  cursor.take();
}

function serviceHint(cursor: Cursor): string {
  if (cursor.isWord("message") || cursor.isWord("enum")) return `declare the ${cursor.text()} outside the service`;
  return didYouMean(cursor.text(), ["rpc", "option"]) ?? rpcShape;
}

function parseMethodOption(cursor: Cursor, options: RawOption[], shown: string): void {
  if (startsOption(cursor)) return parseOptionStatement(cursor, options);
  const hint = cursor.kind() === tokenKind.word ? didYouMean(cursor.text(), ["option"]) : undefined;
  return cursor.failExpecting(`"option" or "}" in the rpc "${shown}"`, hint);
}

function parseReturns(cursor: Cursor, shown: string): MessageType {
  if (cursor.takeWord("returns")) return parseMessageType(cursor, 'after "returns"');
  const message = `the rpc "${shown}" has no reply type, expected "returns", found ${cursor.describe()}`;
  const isMisspelt = cursor.kind() === tokenKind.word && cursor.kind(1) === symbol.parenOpen;
  if (isMisspelt) {
    const hint = didYouMean(cursor.text(), ["returns"]) ?? rpcShape;
    cursor.reportHere({ rule: "missing-returns", message, hint });
    cursor.take();
    return parseMessageType(cursor, 'after "returns"');
  }
  if (cursor.kind() === symbol.parenOpen) {
    cursor.reportHere({ rule: "missing-returns", message, hint: 'add "returns"' });
    return parseMessageType(cursor, 'after "returns"');
  }
  const position = cursor.positionHere();
  const problem = {
    rule: "missing-returns",
    message,
    hint: 'add "returns (Reply)"; for no content it is google.protobuf.Empty',
  };
  const goesOn = cursor.kind() === symbol.semicolon || cursor.kind() === symbol.braceOpen || cursor.startsLine();
  if (!goesOn || cursor.atEnd()) cursor.fail(problem);
  const isNextLine = cursor.startsLine();
  cursor.reportHere(problem, isNextLine ? cursor.tokens.ends[cursor.at - 1] : undefined);
  return { name: "", position, isStream: false };
}

/** `(Type)` or `(stream Type)`. */
function parseMessageType(cursor: Cursor, where: string): MessageType {
  cursor.expect(symbol.parenOpen, where, rpcShape);
  const isStream = takeStream(cursor);
  const empty = cursor.kind() === symbol.parenClose ? "for no content it is google.protobuf.Empty" : rpcShape;
  const named = expectMessageType(cursor, "a message type", empty);
  cursor.expect(symbol.parenClose, `after the type "${shorten(named.name)}"`, "an rpc has one message each way");
  return { ...named, isStream };
}

/** `stream` is also a legal type name, and `stream.Foo` a type of a package `stream`, while `stream .foo.Bar` is a stream. */
function takeStream(cursor: Cursor): boolean {
  if (!cursor.isWord("stream")) return false;
  const isApart = cursor.tokens.ends[cursor.at] < cursor.tokens.starts[cursor.at + 1];
  if (cursor.kind(1) !== tokenKind.word && !(cursor.kind(1) === symbol.dot && isApart)) return false;
  cursor.take();
  return true;
}
