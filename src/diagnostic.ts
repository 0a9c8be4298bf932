// What is wrong in a file a person wrote (proto, YAML): where, what was found, what to do. Used before serving, never per request.

/** A place in a source file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type Severity = "error" | "warning";

export interface Diagnostic {
  readonly severity: Severity;
  /** Undefined when there is no file, e.g. a command line flag. */
  readonly position: Position | undefined;
  /** One sentence that names the offending text. */
  readonly message: string;
  /** What to do about it, one sentence. */
  readonly hint?: string | undefined;
  /** Stable kebab-case name, e.g. `unknown-type`, for `check --json` and tests. */
  readonly rule: string;
}

/** `path/file.proto:12:5: error: message (hint)`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { position, severity, message, hint } = diagnostic;
  const where = position === undefined ? "" : `${position.file}:${position.line}:${position.column}: `;
  return `${where}${severity}: ${message}${hint === undefined ? "" : `; ${hint}`}`;
}

/** Thrown when the inputs cannot be served; carries every diagnostic found, not the first only. */
export class DiagnosticError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join("\n"));
    this.name = "DiagnosticError";
    this.diagnostics = diagnostics;
  }
}

/** The candidate nearest to `word` (edit distance, at most a third of its length), for "did you mean". */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `; did you mean "x"?` or nothing. Words over 64 characters are never compared: the table would be the attacker's size. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  const found = nearest(word, candidates);
  return found === undefined ? undefined : `did you mean "${found}"?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours: the slips of fingers. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? beforePrevious[j - 2] + 1 : Infinity;
      row.push(Math.min(substitution, previous[j] + 1, row[j - 1] + 1, swap));
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length];
}
