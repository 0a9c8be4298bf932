// Comments of proto files as TSDoc comments, whatever they contain.

export interface Documented {
  readonly comment: string;
  readonly deprecated: boolean;
}

/** The lines of the comment, each indented; none when there is nothing to say. */
export function formatDocComment({ comment, deprecated }: Documented, indent: string): string[] {
  const lines = toLines(comment);
  if (deprecated) lines.push(...(lines.length === 0 ? [] : [""]), "@deprecated");
  if (lines.length === 0) return [];
  if (lines.length === 1) return [`${indent}/** ${lines[0]} */`];
  return [`${indent}/**`, ...lines.map((line) => `${indent} *${line === "" ? "" : ` ${line}`}`), `${indent} */`];
}

/** A comment of a proto may hold the end of a block comment, and a descriptor's any character at all. */
function toLines(comment: string): string[] {
  if (comment.trim() === "") return [];
  return (
    comment
      .trim()
      .split(/\r\n|[\n\r\u2028\u2029]/)
      // Controls, and those that turn the direction of text around.
      .map((line) => line.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "").trimEnd())
      .map((line) => line.replaceAll("*/", "*\\/"))
  );
}
