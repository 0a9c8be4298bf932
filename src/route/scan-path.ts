// One pass over a raw request path: refuses what no route may see, and notes where each segment lies and what it hashes to.
import { decodeAll } from "./percent.ts";

/** Stable reasons, rendered in the error body (docs/errors.md). */
export type BadPathReason =
  | "PATH_NOT_ABSOLUTE"
  | "PATH_TOO_LONG"
  | "PATH_INVALID_CHARACTER"
  | "PATH_INVALID_ESCAPE"
  | "PATH_INVALID_UTF8"
  | "PATH_EMPTY_SEGMENT"
  | "PATH_DOT_SEGMENT";

export interface BadPath {
  readonly kind: "bad-path";
  readonly reason: BadPathReason;
  readonly message: string;
}

/** The last path that was scanned. One object is reused for every request: matching is synchronous and allocates little. */
export interface PathScan {
  path: string;
  count: number;
  /** `/v1/a/`: the last, empty segment is not counted in strict. */
  hasTrailingSlash: boolean;
  hasEscapes: boolean;
  /** Of the last `:` of the whole path, or -1. */
  lastColon: number;
  starts: Int32Array;
  ends: Int32Array;
  hashes: Int32Array;
  /** Decoded text of segments with `%`, undefined for the others. Stale unless `hasEscapes`. */
  readonly decoded: (string | undefined)[];
}

export interface ScanLimits {
  readonly maxLength: number;
  readonly allowEmptySegments: boolean;
}

const slash = 0x2f;
const percent = 0x25;
const colon = 0x3a;
const dot = 0x2e;
const hashSeed = 0x1505;

/** 1 for characters the scan must look at: `%`, `:`, and all that never occurs raw in a path. */
const isSpecial = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  isSpecial[code] = code <= 0x20 || code === 0x7f || "%:#\\?".includes(String.fromCharCode(code)) ? 1 : 0;
}

export function createPathScan(): PathScan {
  return {
    path: "",
    count: 0,
    hasTrailingSlash: false,
    hasEscapes: false,
    lastColon: -1,
    starts: new Int32Array(64),
    ends: new Int32Array(64),
    hashes: new Int32Array(64),
    decoded: [],
  };
}

/** The hash the scan computes for a segment with this decoded text. */
export function hashText(text: string): number {
  return hashRange(text, 0, text.length);
}

export function hashRange(text: string, start: number, end: number): number {
  let hash = hashSeed;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

export function scanPath(scan: PathScan, path: string, limits: ScanLimits): BadPath | undefined {
  const length = path.length;
  if (length > limits.maxLength)
    return badPath("PATH_TOO_LONG", `the path has ${length} characters, at most ${limits.maxLength} are allowed`);
  if (path.charCodeAt(0) !== slash) return badPath("PATH_NOT_ABSOLUTE", `the request target does not start with "/"`);
  scan.path = path;
  scan.count = 0;
  scan.hasTrailingSlash = false;
  scan.hasEscapes = false;
  scan.lastColon = -1;
  if (length === 1) return undefined;
  let start = 1;
  let hash = hashSeed;
  let isEscaped = false;
  for (let at = 1; at < length; at++) {
    const code = path.charCodeAt(at);
    if (code === slash) {
      const problem = endSegment(scan, start, at, hash, isEscaped);
      if (problem !== undefined) return problem;
      if (at === start && !limits.allowEmptySegments)
        return badPath("PATH_EMPTY_SEGMENT", `the path has an empty segment ("//") at character ${at + 1}`);
      start = at + 1;
      hash = hashSeed;
      isEscaped = false;
      continue;
    }
    // The hash is made here because the characters are in hand anyway: a lookup then needs neither a substring nor a second pass.
    hash = Math.imul(hash ^ code, 0x01000193);
    if (code < 128 && isSpecial[code] === 0) continue;
    if (code === percent) isEscaped = true;
    else if (code === colon) scan.lastColon = at;
    else return wrongCharacter(code, at);
  }
  if (start === length && !limits.allowEmptySegments) {
    scan.hasTrailingSlash = true;
    return undefined;
  }
  return endSegment(scan, start, length, hash, isEscaped);
}

function endSegment(scan: PathScan, start: number, end: number, hash: number, isEscaped: boolean): BadPath | undefined {
  const at = scan.count;
  if (at === scan.starts.length) grow(scan);
  scan.count = at + 1;
  scan.starts[at] = start;
  scan.ends[at] = end;
  scan.hashes[at] = hash;
  if (isEscaped) return decodeSegment(scan, at);
  if (scan.hasEscapes) scan.decoded[at] = undefined;
  if (isDotSegment(scan.path, start, end)) return dotSegment(start);
  return undefined;
}

function decodeSegment(scan: PathScan, at: number): BadPath | undefined {
  if (!scan.hasEscapes) {
    scan.hasEscapes = true;
    scan.decoded.fill(undefined, 0, Math.min(at, scan.decoded.length));
    while (scan.decoded.length < at) scan.decoded.push(undefined);
  }
  const start = scan.starts[at];
  const raw = scan.path.slice(start, scan.ends[at]);
  let text: string;
  try {
    text = decodeAll(raw);
  } catch {
    return wrongEscape(raw, start);
  }
  if (text.includes("\0"))
    return badPath("PATH_INVALID_CHARACTER", `the path segment at character ${start + 1} holds a NUL (%00)`);
  if (isDotSegment(text, 0, text.length)) return dotSegment(start);
  scan.decoded[at] = text;
  scan.hashes[at] = hashText(text);
  return undefined;
}

export function isDotSegment(text: string, start: number, end: number): boolean {
  const length = end - start;
  if (length === 0 || length > 2 || text.charCodeAt(start) !== dot) return false;
  return length === 1 || text.charCodeAt(start + 1) === dot;
}

export function dotSegment(start: number): BadPath {
  return badPath(
    "PATH_DOT_SEGMENT",
    `the path has a "." or ".." segment at character ${start + 1}; such paths are refused, not resolved`,
  );
}

/** The decoder refuses two things and says only that it does. */
function wrongEscape(raw: string, start: number): BadPath {
  const wrong = raw.search(/%(?![0-9A-Fa-f]{2})/);
  if (wrong < 0)
    return badPath("PATH_INVALID_UTF8", `the path segment at character ${start + 1} does not decode to UTF-8`);
  return badPath(
    "PATH_INVALID_ESCAPE",
    `"%" at character ${start + wrong + 1} of the path is not followed by two hexadecimal digits`,
  );
}

function wrongCharacter(code: number, at: number): BadPath {
  const shown =
    code > 0x20 && code < 0x7f
      ? `"${String.fromCharCode(code)}"`
      : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return badPath("PATH_INVALID_CHARACTER", `${shown} at character ${at + 1} of the path must be percent-encoded`);
}

function badPath(reason: BadPathReason, message: string): BadPath {
  return { kind: "bad-path", reason, message };
}

/** Bounded by the longest path: it has at most one segment per character. */
function grow(scan: PathScan): void {
  const wider = (from: Int32Array): Int32Array => {
    const to = new Int32Array(from.length * 2);
    to.set(from);
    return to;
  };
  scan.starts = wider(scan.starts);
  scan.ends = wider(scan.ends);
  scan.hashes = wider(scan.hashes);
}
