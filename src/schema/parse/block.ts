// Statements and the `{ … }` around them: where one ends, and how reading goes on after one that is wrong.
import { tokenKind } from "./lex-token.ts";
import type { Tokens } from "./lex-token.ts";
import { symbol, SyntaxFailure } from "./cursor.ts";
import type { Cursor, Named } from "./cursor.ts";

export const maxNesting = 64;

/** Runs `statement`; an error inside costs that statement only. */
export function runStatement(cursor: Cursor, statement: () => void): void {
  const start = cursor.at;
  const depth = cursor.open.length;
  cursor.statement = start;
  try {
    statement();
  } catch (failure) {
    if (!(failure instanceof SyntaxFailure)) throw failure;
    cursor.open.length = depth;
    skipStatement(cursor, start);
  }
  if (cursor.at === start) cursor.take();
}

/** Reads `{ statement* }`; `owner` is e.g. `message "Foo"`. The next token must be the `{`, or be reported as its lack. */
export function parseBlock(cursor: Cursor, owner: string, statement: () => void): void {
  const opener = openBlock(cursor, owner);
  if (opener === "none") return;
  const token = cursor.at - 1;
  if (opener === "given" && cursor.open.length >= maxNesting) {
    cursor.reportAt(token, {
      rule: "nesting-too-deep",
      message: `the ${owner} is nested more than ${maxNesting} levels deep`,
    });
    skipStatement(cursor, token);
    return;
  }
  const home = cursor.positionOf(cursor.statement).column;
  cursor.open.push({ token, owner });
  for (;;) {
    if (cursor.takeIf(symbol.braceClose)) break;
    if (cursor.atEnd() || (startsForeign(cursor) && cursor.positionHere().column <= home)) {
      cursor.reportUnclosed({ token, owner });
      break;
    }
    if (!cursor.takeIf(symbol.semicolon)) runStatement(cursor, statement);
  }
  cursor.open.pop();
}

/** The name after `message` and its like; a wrong one is reported and its body read all the same. */
export function parseDeclaredName(cursor: Cursor, keyword: string): Named {
  if (cursor.kind() === tokenKind.word) return cursor.expectName("a name");
  const position = cursor.positionHere();
  const isSkipped = cursor.kind() !== symbol.braceOpen && cursor.kind(1) === symbol.braceOpen;
  if (!isSkipped && cursor.kind() !== symbol.braceOpen) cursor.failExpecting(`a name after "${keyword}"`);
  cursor.reportHere({
    rule: "syntax",
    message: `expected a name after "${keyword}", found ${cursor.describe()}`,
  });
  return { name: isSkipped ? cursor.textOf(cursor.take()) : "", position };
}

function openBlock(cursor: Cursor, owner: string): "given" | "assumed" | "none" {
  if (cursor.takeIf(symbol.braceOpen)) return "given";
  const missing = {
    rule: "missing-brace",
    message: `expected "{" to begin the ${owner}, found ${cursor.describe()}`,
    hint: 'add "{"',
  };
  if (cursor.kind() === symbol.semicolon) {
    cursor.reportHere({ ...missing, rule: "missing-body", hint: 'write "{}" for an empty one' });
    cursor.take();
    return "none";
  }
  if (cursor.startsLine() && cursor.kind() === tokenKind.word) {
    cursor.reportHere(missing, cursor.tokens.ends[cursor.at - 1]);
    return "assumed";
  }
  cursor.reportHere({
    ...missing,
    hint: 'a name is made of letters, digits and "_", and "{" follows it',
  });
  while (!cursor.atEnd() && !cursor.startsLine() && cursor.kind() !== symbol.semicolon) {
    if (cursor.takeIf(symbol.braceOpen)) return "given";
    cursor.take();
  }
  if (cursor.takeIf(symbol.braceOpen)) return "given";
  throw new SyntaxFailure(missing.message);
}

/** What stands only at the top of a file, so that a block it is found in has lost its `}`. */
function startsForeign(cursor: Cursor): boolean {
  if (cursor.kind() !== tokenKind.word) return false;
  if (cursor.isWord("service")) return cursor.kind(1) === tokenKind.word && cursor.kind(2) === symbol.braceOpen;
  if (cursor.isWord("import")) return cursor.kind(1) === tokenKind.string || cursor.kind(2) === tokenKind.string;
  if (cursor.isWord("package")) {
    return cursor.kind(1) === tokenKind.word && (cursor.kind(2) === symbol.semicolon || cursor.kind(2) === symbol.dot);
  }
  const innermost = cursor.open.at(-1)?.owner ?? "";
  if (cursor.isWord("rpc"))
    return innermost.startsWith("rpc") && cursor.kind(1) === tokenKind.word && cursor.kind(2) === symbol.parenOpen;
  if (!cursor.isWord("message") && !cursor.isWord("enum")) return false;
  const holdsTypes = innermost.startsWith("message") || innermost.startsWith("group");
  // Where a "}" is missing for certain, the caller's look at the column tells whose it is.
  return (
    (!holdsTypes || lacksBraces(cursor)) && cursor.kind(1) === tokenKind.word && cursor.kind(2) === symbol.braceOpen
  );
}

const lacking = new WeakMap<Tokens, boolean>();

/** Whether more braces are opened in the file than closed. */
function lacksBraces({ tokens }: Cursor): boolean {
  let lacks = lacking.get(tokens);
  if (lacks === undefined) {
    let depth = 0;
    for (let token = 0; token < tokens.count; token++) {
      if (tokens.kinds[token] === symbol.braceOpen) depth++;
      else if (tokens.kinds[token] === symbol.braceClose) depth--;
    }
    lacks = depth > 0;
    lacking.set(tokens, lacks);
  }
  return lacks;
}

/** The `;` after `what`, e.g. `the field "x"`; where it is merely missing the reading goes on as if it were there. */
export function endStatement(cursor: Cursor, what: string): void {
  if (cursor.takeIf(symbol.semicolon)) return;
  const message = `expected ";" after ${what}, found ${cursor.describe()}`;
  if (cursor.kind() === symbol.comma || cursor.kind() === symbol.colon) {
    cursor.reportHere({
      rule: "missing-semicolon",
      message,
      hint: `replace "${cursor.text()}" by ";"`,
    });
    cursor.take();
    return;
  }
  if (cursor.atEnd() && cursor.open.length > 0) cursor.fail({ rule: "missing-semicolon", message });
  if (!endsWithoutSemicolon(cursor)) cursor.fail({ rule: "missing-semicolon", message });
  cursor.reportHere({ rule: "missing-semicolon", message, hint: 'add ";"' }, cursor.tokens.ends[cursor.at - 1]);
}

/** Whether the next statement seems to start here, or the block to end. */
function endsWithoutSemicolon(cursor: Cursor): boolean {
  if (cursor.atEnd() || cursor.kind() === symbol.braceClose) return true;
  if (cursor.startsLine()) return cursor.kind() === tokenKind.word || cursor.kind() === symbol.dot;
  return cursor.kind() === tokenKind.word && (cursor.kind(1) === tokenKind.word || cursor.kind(1) === symbol.dot);
}

/**
 * Passes the statement that began at token `start` and failed here: up to its `;`, its `{ … }`, the end of the block
 * around it, or a line that seems to start the next one.
 */
export function skipStatement(cursor: Cursor, start: number): void {
  const failed = cursor.at;
  const brackets = new Brackets();
  cursor.at = start;
  while (!cursor.atEnd()) {
    const kind = cursor.kind();
    const isPast = cursor.at > failed;
    if (kind === symbol.braceClose && brackets.braces === 0) return;
    if (kind === symbol.semicolon && brackets.braces === 0 && cursor.at >= failed) {
      cursor.take();
      return;
    }
    if (isPast && brackets.depth === 0 && kind === tokenKind.word && cursor.startsLine()) return;
    cursor.take();
    brackets.pass(kind);
    if (kind === symbol.braceClose && brackets.depth === 0 && cursor.at > failed) return;
  }
}

/** What is open while tokens are passed; a `}` closes whatever was left open inside its braces. */
class Brackets {
  readonly #closers: number[] = [];
  braces = 0;

  get depth(): number {
    return this.#closers.length;
  }

  pass(kind: number): void {
    if (kind === symbol.braceOpen) {
      this.braces++;
      this.#closers.push(symbol.braceClose);
    } else if (kind === symbol.bracketOpen) {
      this.#closers.push(symbol.bracketClose);
    } else if (kind === symbol.parenOpen) {
      this.#closers.push(symbol.parenClose);
    } else if (kind === symbol.braceClose) {
      while (this.#closers.pop() !== symbol.braceClose);
      this.braces--;
    } else if (kind === this.#closers.at(-1)) {
      this.#closers.pop();
    }
  }
}
