// How much memory reading a YAML text could take, estimated before the parser sees it: what that makes of `[,,,,,` is a thousand
// times its size. The estimate errs upwards: where a text could mean more than one thing, the heavier counts.

/** Granted to every file, however dense; beyond it, `maxDensity` bytes of memory for a byte of the file. */
export const freeWeight = 4 * 1024 * 1024;
export const maxDensity = 100;

/** Random files took up to 1.45 times their estimate: with this they, too, stay within what is allowed. */
const margin = 1.5;

/** Bytes of memory that the parser spends on each, measured with yaml 2.9. */
const weights = {
  text: 330,
  gap: 90,
  line: 90,
  open: 800,
  close: 400,
  comma: 130,
  /** A comma with nothing before it is an error, which is larger than a comma. */
  bareComma: 450,
  /** An anchor, a tag, an alias, the head of a block of text. */
  property: 1000,
  /** A value behind a value. */
  missingComma: 450,
  colon: 560,
  dash: 500,
  key: 560,
};

interface Scan {
  readonly text: string;
  at: number;
  /** Of brackets; never less than the parser finds. */
  depth: number;
  /** Behind a bracket, a comma or a colon: no value yet. */
  isBare: boolean;
  /** A quoted text went over the end of its line: from there on an opening quote cannot be told from a closing one. */
  isUnsure: boolean;
}

const gap = /[ \t\r]+/y;
const comment = /#.*/y;
const quoted = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
const marker = /[-?:](?=\s|$)/y;
const property = /[&!*|>][^\s,[\]{}]*/y;
const blockText = /(?:[^\s:]|:(?=\S))+/y;
/** Also of a text of which it is not known whether it stands in brackets. */
const flowText = /[^\s,[\]{}:"']+/y;

/** The bytes of memory that reading the text could take, where that is too much. */
export function excessiveWeight(text: string): number | undefined {
  const allowed = freeWeight + maxDensity * text.length;
  const scan: Scan = { text, at: 0, depth: 0, isBare: false, isUnsure: false };
  let weight = 0;
  while (scan.at < text.length) {
    weight += weighNext(scan);
    if (weight * margin > allowed) return weight * margin;
  }
  return undefined;
}

function weighNext(scan: Scan): number {
  if (scan.text[scan.at] === "\n") return take(scan, weights.line);
  if (skip(scan, gap)) return weights.gap;
  if (!scan.isUnsure && skip(scan, comment)) return weights.gap;
  const isFlow = scan.depth > 0 || scan.isUnsure;
  const character = scan.text[scan.at];
  if (character === "[" || character === "{") return open(scan);
  if (character === "]" || character === "}") return close(scan);
  if (character === ",") return separate(scan);
  const isMark = skip(scan, marker);
  if (isMark || character === ":") {
    scan.isBare = true;
    if (isMark) return character === ":" ? weights.colon : character === "-" ? weights.dash : weights.key;
    return take(scan, weights.colon);
  }
  const excess = isFlow && !scan.isBare ? weights.missingComma : 0;
  scan.isBare = false;
  return excess + weighText(scan, isFlow);
}

function weighText(scan: Scan, isFlow: boolean): number {
  if (!scan.isUnsure && skip(scan, quoted)) return weights.text;
  const character = scan.text[scan.at];
  if (character === '"' || character === "'") {
    scan.isUnsure = true;
    return take(scan, weights.text);
  }
  if (skip(scan, property)) return weights.property;
  if (!skip(scan, isFlow ? flowText : blockText)) scan.at++;
  return weights.text;
}

function open(scan: Scan): number {
  scan.depth++;
  scan.isBare = true;
  return take(scan, weights.open);
}

function close(scan: Scan): number {
  scan.depth = Math.max(0, scan.depth - 1);
  scan.isBare = false;
  return take(scan, weights.close);
}

function separate(scan: Scan): number {
  const weight = scan.isBare ? weights.bareComma : weights.comma;
  scan.isBare = true;
  return take(scan, weight);
}

function take(scan: Scan, weight: number): number {
  scan.at++;
  return weight;
}

/** Passes over what the pattern matches at this place, if it does. */
function skip(scan: Scan, pattern: RegExp): boolean {
  pattern.lastIndex = scan.at;
  if (!pattern.test(scan.text)) return false;
  scan.at = pattern.lastIndex;
  return true;
}
