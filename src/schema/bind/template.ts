// The path-template grammar of google.api.http: text to Template, or the exact place where it stops being one.
import type { Segment, Template, Variable } from "../binding.ts";
import { Malformed, charAt, readText, wholeSegment } from "./template-text.ts";

export interface TemplateError {
  /** Index into the text, 0 … length. */
  readonly offset: number;
  readonly message: string;
  readonly hint: string;
}

const maxLength = 2048;
const maxSegments = 64;

const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;

interface Cursor {
  readonly text: string;
  position: number;
  readonly segments: Segment[];
  readonly variables: Variable[];
  verb: string | undefined;
}

export function isTemplateError(parsed: Template | TemplateError): parsed is TemplateError {
  return "offset" in parsed;
}

/*
 * Template  = "/" | "/" Segments [ Verb ] ;
 * Segments  = Segment { "/" Segment } ;
 * Segment   = "*" | "**" | LITERAL | Variable ;
 * Variable  = "{" FieldPath [ "=" Segments ] "}" ;      a variable holds no variable; "{f}" is "{f=*}"
 * FieldPath = IDENT { "." IDENT } ;
 * Verb      = ":" LITERAL ;                             nothing follows it
 * LITERAL   = pchar { pchar } without "*" ;             "%HH" is decoded, the result is UTF-8
 *
 * At most one "**" per template; literals and "*" may follow it. In a last segment that is a literal the verb starts at
 * the last ":"; after "*", "**" and "}" it starts at the first, so "{x}:a:b" has the verb "a:b". Any other ":" is text.
 */
export function parseTemplate(text: string): Template | TemplateError {
  const cursor: Cursor = { text, position: 0, segments: [], variables: [], verb: undefined };
  try {
    readTemplate(cursor);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { offset: error.offset, message: error.message, hint: error.hint };
  }
  const { segments, variables, verb } = cursor;
  return { text, segments, variables, verb };
}

function readTemplate(cursor: Cursor): void {
  const { text } = cursor;
  if (text === "")
    throw new Malformed(0, "the path is empty", `write "/" for the root, or a path such as "/v1/things"`);
  if (text.length > maxLength) {
    throw new Malformed(maxLength, `the path has ${text.length} characters`, `at most ${maxLength} are allowed`);
  }
  if (text[0] !== "/") {
    throw new Malformed(0, `the path does not start with "/"`, "write the path only, without scheme and host");
  }
  cursor.position = 1;
  if (text === "/") return;
  readSegments(cursor, false);
  if (cursor.text[cursor.position] === ":") readVerb(cursor);
  if (cursor.position < text.length) throw unexpected(cursor);
}

function readSegments(cursor: Cursor, inVariable: boolean): void {
  readSegment(cursor, inVariable);
  while (cursor.text[cursor.position] === "/") {
    cursor.position++;
    readSegment(cursor, inVariable);
  }
}

function readSegment(cursor: Cursor, inVariable: boolean): void {
  const { text, position } = cursor;
  const next = text[position];
  if (next === undefined || next === "/" || next === "}") throw emptySegment(cursor, inVariable);
  if (next === "{") {
    if (inVariable)
      throw new Malformed(
        position,
        "a variable inside a variable",
        "end the outer variable first, or bind one field only",
      );
    readVariable(cursor);
  } else if (next === "*") readWildcard(cursor);
  else readLiteral(cursor, inVariable);
  if (cursor.segments.length > maxSegments) {
    throw new Malformed(
      position,
      `more than ${maxSegments} segments`,
      `at most ${maxSegments} are allowed; "**" covers any number`,
    );
  }
}

function readWildcard(cursor: Cursor): void {
  const start = cursor.position;
  while (cursor.text[cursor.position] === "*") cursor.position++;
  const length = cursor.position - start;
  const next = cursor.text[cursor.position];
  if (length > 2 || (next !== undefined && !"/:}".includes(next))) {
    throw new Malformed(
      start,
      `"${wholeSegment(cursor.text, start)}" mixes "*" with text`,
      `"*" and "**" are whole segments: write "/*" or "/**"`,
    );
  }
  if (length === 2 && cursor.segments.some((segment) => segment.kind === "multi")) {
    throw new Malformed(start, `a second "**"`, `a template may have one "**"; use "*" for a single segment`);
  }
  cursor.segments.push({ kind: length === 1 ? "single" : "multi" });
}

function readVariable(cursor: Cursor): void {
  const { text } = cursor;
  const open = cursor.position;
  cursor.position++;
  const path = readFieldPath(cursor);
  const start = cursor.segments.length;
  if (text[cursor.position] === "=") {
    cursor.position++;
    readSegments(cursor, true);
  } else cursor.segments.push({ kind: "single" });
  const next = text[cursor.position];
  if (next === undefined) throw new Malformed(open, `the variable "${path}" is not closed`, `add "}"`);
  if (next === ":")
    throw new Malformed(cursor.position, `a verb inside the variable "${path}"`, `write it after the "}"`);
  if (next !== "}") throw unexpected(cursor);
  cursor.position++;
  const end = cursor.segments.length;
  const isMulti = end - start > 1 || cursor.segments[start].kind === "multi";
  cursor.variables.push({ path, start, end, isMulti });
  const after = text[cursor.position];
  if (after !== undefined && after !== "/" && after !== ":") {
    const [rest] = text.slice(cursor.position).split("/", 1);
    throw new Malformed(
      cursor.position,
      `"${rest}" follows the variable "${path}" directly`,
      `a variable is a whole segment: put "/" or ":" between`,
    );
  }
}

function readFieldPath(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.position;
  for (;;) {
    identifier.lastIndex = cursor.position;
    const found = identifier.exec(text);
    if (found === null) {
      const what = cursor.position === text.length ? "the end of the path" : `"${charAt(text, cursor.position)}"`;
      throw new Malformed(
        cursor.position,
        `expected a field name, found ${what}`,
        `write a field of the request, e.g. "{name}" or "{book.name=shelves/*}"`,
      );
    }
    cursor.position = identifier.lastIndex;
    if (text[cursor.position] !== ".") return text.slice(start, cursor.position);
    cursor.position++;
  }
}

function readLiteral(cursor: Cursor, inVariable: boolean): void {
  const { text, position: start } = cursor;
  let end = start;
  while (end < text.length && text[end] !== "/" && text[end] !== "}") end++;
  const isLast = !inVariable && end === text.length;
  if (isLast) {
    const colon = text.lastIndexOf(":");
    if (colon === start)
      throw new Malformed(
        start,
        `"${text.slice(start)}" has nothing before ":"`,
        start + 1 === text.length
          ? `a verb follows a segment: "/things:verb"`
          : `a variable is written "{${text.slice(start + 1)}}"; a verb follows a segment: "/things:verb"`,
      );
    if (colon > start) end = colon;
  }
  cursor.segments.push({ kind: "literal", value: readText(text, start, end) });
  cursor.position = end;
}

function readVerb(cursor: Cursor): void {
  const { text } = cursor;
  const start = cursor.position + 1;
  if (start === text.length)
    throw new Malformed(cursor.position, `nothing follows ":"`, `write a verb such as ":cancel", or remove the ":"`);
  const slash = text.indexOf("/", start);
  if (slash >= 0) throw new Malformed(slash, `"/" after the verb`, "a verb ends the template");
  cursor.verb = readText(text, start, text.length);
  cursor.position = text.length;
}

function emptySegment(cursor: Cursor, inVariable: boolean): Malformed {
  const { text, position } = cursor;
  if (inVariable && text[position - 1] === "=")
    return new Malformed(
      position,
      `nothing to match after "="`,
      `write segments, e.g. "{name=shelves/*}"; they do not start with "/"`,
    );
  if (text[position] === "}" && !inVariable) return unexpected(cursor);
  if (position === text.length && !inVariable)
    return new Malformed(position - 1, `the path ends with "/"`, `remove it: a trailing "/" is never matched`);
  return new Malformed(position, "an empty segment", `remove the doubled "/"`);
}

function unexpected(cursor: Cursor): Malformed {
  const character = charAt(cursor.text, cursor.position);
  if (character === "}")
    return new Malformed(cursor.position, `"}" without "{"`, `open the variable with "{", or remove the "}"`);
  return new Malformed(
    cursor.position,
    `unexpected ${JSON.stringify(character)}`,
    `expected "/", ":" or the end of the path`,
  );
}
