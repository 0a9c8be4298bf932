// Reads .proto text into a ProtoFile: the grammar from the top, and every error of the file in its order.
import { nearest } from "../../diagnostic.ts";
import type { Diagnostic } from "../../diagnostic.ts";
import { shorten } from "./lex-character.ts";
import { tokenKind } from "./lex-token.ts";
import { lex } from "./lex.ts";
import type { Problem } from "./lex.ts";
import { endStatement, runStatement } from "./block.ts";
import { Cursor, lineStartsOf, symbol, SyntaxFailure } from "./cursor.ts";
import { findDamage, totalDamage } from "./damage.ts";
import { findEdition, parseEdition, startsEdition } from "./edition.ts";
import type { EditionKeyword } from "./edition.ts";
import { parseTypeDeclaration } from "./message.ts";
import { parseOptionStatement, toRawOptions } from "./options.ts";
import { parseService } from "./service.ts";
import { readSource } from "./source.ts";
import { expectText } from "./string.ts";
import type { ProtoFile, RawEnum, RawField, RawMessage, RawOption, RawService } from "../proto-file.ts";

const keywords = ["syntax", "edition", "package", "import", "option", "message", "enum", "service", "extend"] as const;
type Keyword = (typeof keywords)[number];

interface FileDraft {
  package: string | undefined;
  /** What stands in a message or service was found outside: until its "}" more of it is no new mistake. */
  isAstray: boolean;
  readonly imports: ProtoFile["imports"][number][];
  readonly options: RawOption[];
  readonly messages: RawMessage[];
  readonly enums: RawEnum[];
  readonly services: RawService[];
  readonly extensions: RawField[];
}

/**
 * Never throws on what the file says: its errors go to `report`, in the order of the file and at most 100. With an
 * error reported the result lacks what could not be read, and has a `damage` that says what that may be.
 */
export function parseProto(
  source: string | Uint8Array,
  path: string,
  report: (diagnostic: Diagnostic) => void,
): ProtoFile {
  const draft: FileDraft = {
    package: undefined,
    isAstray: false,
    imports: [],
    options: [],
    messages: [],
    enums: [],
    services: [],
    extensions: [],
  };
  const read = readSource(source);
  const cursor = openCursor(read.kind === "text" ? read : { text: "", lossy: false }, path);
  if (read.kind === "text") parseStatements(cursor, draft);
  else cursor.reportAt(0, read.problem);
  const diagnostics = cursor.diagnostics();
  for (const diagnostic of diagnostics) report(diagnostic);
  const isWhole = !diagnostics.some(({ severity }) => severity === "error");
  const { imports, messages, enums, services, extensions } = draft;
  return {
    imports,
    messages,
    enums,
    services,
    extensions,
    path,
    edition: cursor.edition,
    package: draft.package ?? "",
    options: toRawOptions(draft.options),
    position: { file: path, line: 1, column: 1 },
    bytes: undefined,
    damage: isWhole
      ? undefined
      : read.kind === "problem"
        ? totalDamage
        : findDamage(cursor, draft, draft.package !== undefined, diagnostics),
  };
}

function openCursor({ text, lossy }: { text: string; lossy: boolean }, path: string): Cursor {
  const found: { offset: number; problem: Problem }[] = [];
  const tokens = lex(text, lossy, (offset, problem) => found.push({ offset, problem }));
  const cursor = new Cursor(path, tokens, lineStartsOf(text));
  for (const { offset, problem } of found) cursor.reportOffset(offset, problem);
  return cursor;
}

function parseStatements(cursor: Cursor, draft: FileDraft): void {
  while (cursor.takeIf(symbol.semicolon));
  if (!startsWithEdition(cursor)) {
    const later = findEdition(cursor);
    if (later !== undefined) cursor.edition = later;
    else warnOfNoSyntax(cursor);
  }
  let isFirst = true;
  while (!cursor.atEnd()) {
    if (!cursor.takeIf(symbol.semicolon)) {
      const first = isFirst;
      runStatement(cursor, () => parseStatement(cursor, draft, first));
    }
    isFirst = false;
  }
}

function startsWithEdition(cursor: Cursor): boolean {
  if (cursor.isWord("syntax") || cursor.isWord("edition")) return true;
  const meant =
    cursor.kind(1) === symbol.equals || cursor.kind(1) === tokenKind.string ? meantKeyword(cursor) : undefined;
  return meant === "syntax" || meant === "edition";
}

function warnOfNoSyntax(cursor: Cursor): void {
  const message = "no syntax or edition is given, proto2 is assumed";
  cursor.reportOffset(0, { rule: "no-syntax", message, hint: 'begin the file with syntax = "proto3";' }, "warning");
}

function parseStatement(cursor: Cursor, draft: FileDraft, isFirst: boolean): void {
  if (cursor.kind() === symbol.braceClose) return passBrace(cursor, draft);
  if (parseTypeDeclaration(cursor, draft)) return;
  const keyword = keywords.find((word) => cursor.isWord(word)) ?? guessKeyword(cursor, draft);
  const first = cursor.at;
  if (keyword === "service") draft.isAstray = false;
  switch (keyword) {
    case "syntax":
    case "edition":
      return isFirst ? parseEdition(cursor, keyword) : refuseEdition(cursor, keyword);
    case "package":
      return parsePackage(cursor, draft);
    case "import":
      return parseImport(cursor, draft);
    case "option":
      return parseOptionStatement(cursor, draft.options);
    case "service":
      draft.services.push(parseService(cursor, first));
      return;
    default:
      parseTypeDeclaration(cursor, draft, keyword);
  }
}

function passBrace(cursor: Cursor, draft: FileDraft): void {
  const problem = { rule: "unmatched-brace", message: 'unexpected "}": no "{" is open here', hint: "remove it" };
  if (!draft.isAstray) cursor.reportHere(problem);
  draft.isAstray = false;
  cursor.take();
}

/** The keyword that was meant here; a failure when there is none. */
function guessKeyword(cursor: Cursor, draft: FileDraft): Keyword {
  const meant = meantKeyword(cursor);
  const message = `expected ${keywords.map((word) => `"${word}"`).join(", ")} or the end of the file, found ${cursor.describe()}`;
  if (meant === undefined) {
    const hint = placeHint(cursor);
    if (hint !== undefined && draft.isAstray) throw new SyntaxFailure(message);
    draft.isAstray ||= hint !== undefined;
    return cursor.fail({ rule: "unknown-keyword", message, hint });
  }
  cursor.reportHere({ rule: "unknown-keyword", message, hint: `did you mean "${meant}"?` });
  return meant;
}

function meantKeyword(cursor: Cursor): Keyword | undefined {
  if (cursor.kind() !== tokenKind.word || cursor.kind(1) === symbol.dot) return undefined;
  if (cursor.kind(1) === tokenKind.word && cursor.kind(2) === symbol.equals && !/^opt/i.test(cursor.text()))
    return undefined;
  const meant = nearest(cursor.text().slice(0, 64), keywords);
  return keywords.find((word) => word === meant);
}

function placeHint(cursor: Cursor): string | undefined {
  if (cursor.isWord("rpc")) return "a method stands in a service";
  if (cursor.isWord("oneof")) return "a oneof stands in a message";
  const isField =
    cursor.kind() === tokenKind.word && (cursor.kind(1) === tokenKind.word || cursor.kind(1) === symbol.dot);
  return isField ? `fields stand in a message; "${shorten(cursor.text())}" begins no statement of a file` : undefined;
}

function refuseEdition(cursor: Cursor, keyword: EditionKeyword): void {
  const token = cursor.at;
  if (!startsEdition(cursor)) cursor.failExpecting("a statement");
  cursor.take();
  cursor.takeIf(symbol.equals);
  expectText(cursor, `a string after "${keyword} ="`);
  cursor.reportAt(token, {
    rule: "syntax-not-first",
    message: `"${keyword}" is not the first statement of the file`,
    hint: "move it to the top; there is only one",
  });
  endStatement(cursor, `the ${keyword}`);
}

function parsePackage(cursor: Cursor, draft: FileDraft): void {
  const keyword = cursor.take();
  if (cursor.kind() === tokenKind.string) {
    cursor.failExpecting('a name after "package"', "write it without quotes");
  }
  const { name } = cursor.expectTypeName('a name after "package"');
  if (name.startsWith(".")) {
    const message = `the package "${shorten(name)}" begins with a dot`;
    cursor.reportAt(keyword + 1, { rule: "package", message, hint: "remove the dot" });
  }
  if (draft.package !== undefined) {
    const message = `the file has a second package "${shorten(name)}", the first is "${shorten(draft.package)}"`;
    cursor.reportAt(keyword + 1, { rule: "package", message, hint: "remove one of the two" });
  } else {
    draft.package = name;
  }
  endStatement(cursor, "the package");
}

function parseImport(cursor: Cursor, draft: FileDraft): void {
  cursor.take();
  const kind = (["public", "weak", "option"] as const).find((word) => cursor.isWord(word)) ?? "plain";
  const token = cursor.at;
  if (kind !== "plain") cursor.take();
  if (kind === "option" && cursor.edition !== "2024" && !cursor.lenient) {
    const message = `"import option" needs edition 2024, this file is ${cursor.edition}`;
    cursor.reportAt(token, { rule: "needs-edition", message, hint: 'remove "option"' });
  }
  const position = cursor.positionHere();
  const path = expectText(cursor, `the path of a file in quotes after "import${kind === "plain" ? "" : ` ${kind}`}"`);
  draft.imports.push({ path, kind, position });
  endStatement(cursor, `the import of "${shorten(path)}"`);
}
