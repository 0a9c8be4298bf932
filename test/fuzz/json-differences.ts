// The documented differences to @bufbuild/protobuf in reading JSON (docs/json-differences.md), each as a test of one case:
// what neither agrees nor is listed here is a mistake.

export interface JsonCase {
  readonly text: string;
  /** Reason and message of the refusal; undefined where it was accepted. */
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
}

export interface Difference {
  /** As the page names it. */
  readonly name: string;
  readonly explains: (found: JsonCase) => boolean;
}

const stringToken = /"((?:[^"\\]|\\.)*)"/gsu;
const numberToken = /-?\d[\d.]*(?:[eE][+-]?\d+)?/g;

function quotedTexts(text: string): string[] {
  return [...text.matchAll(stringToken)].map((match) => unescape(match[1]));
}

function unescape(content: string): string {
  try {
    return JSON.parse(`"${content}"`) as string;
  } catch {
    return content;
  }
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A decimal number as its digits and their exponent, to compare without rounding. */
function exactly(number: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number);
  if (match === null) return number;
  const digits = (match[2] + (match[3] ?? "")).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${match[1]}${significant}e${Number(match[4] ?? 0) - (match[3] ?? "").length + digits.length - significant.length}`;
}

/** Whether JSON.parse gives another number than the one that is written. */
function isRounded(number: string): boolean {
  return exactly(number) !== exactly(String(Number(number)));
}

export const differences: readonly Difference[] = [
  {
    name: "Numbers are exact",
    explains: ({ text }) => (text.match(numberToken) ?? []).some(isRounded),
  },
  {
    name: "Numbers in strings are JSON numbers",
    explains: ({ text, ours, theirs }) =>
      ours !== undefined && theirs === undefined
        ? ours.startsWith("VALUE_INVALID") &&
          quotedTexts(text).some(
            (content) => !jsonNumber.test(content) && content !== "" && Number.isFinite(Number(content)),
          )
        : ours === undefined &&
          /expected bigint/.test(theirs ?? "") &&
          quotedTexts(text).some((content) => jsonNumber.test(content) && /[.eE]/.test(content)),
  },
  {
    name: "Unknown fields beside the value of an Any",
    explains: ({ ours, theirs }) =>
      theirs === undefined && /^FIELD_UNKNOWN: .* inside an Any has only "value"/s.test(ours ?? ""),
  },
];
