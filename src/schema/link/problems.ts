// How the linker reports: every problem once, with suggestions only while they are affordable.
import { didYouMean } from "../../diagnostic.ts";
import type { Diagnostic, Position, Severity } from "../../diagnostic.ts";

/** Suggestions compare with every name of the schema; a hostile file must not buy that thousands of times. */
const suggestionLimit = 50;
const candidateLimit = 20_000;
/** Nobody reads more; a hostile file must not fill the memory with them. */
const problemLimit = 2_000;
const lengthLimit = 800;

export interface Problem {
  readonly position: Position;
  readonly rule: string;
  readonly message: string;
  readonly hint?: string | undefined;
  /** Problems of one key are one mistake: only the first is reported. */
  readonly once?: string | undefined;
}

export class Problems {
  readonly #report: (diagnostic: Diagnostic) => void;
  readonly #seen = new Set<string>();
  #suggestions = 0;
  #found = 0;

  constructor(report: (diagnostic: Diagnostic) => void) {
    this.#report = report;
  }

  error(problem: Problem): void {
    this.#add("error", problem);
  }

  warning(problem: Problem): void {
    this.#add("warning", problem);
  }

  /** How many were found, repeated ones included; not missing imports, for what they would bring is known. */
  get found(): number {
    return this.#found;
  }

  /** Whether a search through all names is still affordable; `suggest` is one. */
  get maySearch(): boolean {
    return this.#suggestions < suggestionLimit;
  }

  suggest(word: string, candidates: Iterable<string>): string | undefined {
    if (this.#suggestions++ >= suggestionLimit) return undefined;
    return didYouMean(word, take(candidates, candidateLimit));
  }

  #add(severity: Severity, { position, rule, ...problem }: Problem): void {
    if (problem.once === undefined) this.#found++;
    if (this.#seen.size >= problemLimit) return;
    const message = shorten(problem.message);
    const hint = problem.hint === undefined ? undefined : shorten(problem.hint);
    const { file, line, column } = position;
    const key = problem.once ?? `${file}:${line}:${column}:${rule}:${message}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#report({ severity, position, message, hint, rule });
  }
}

/** Names may be as long as their file. */
function shorten(text: string): string {
  return text.length <= lengthLimit ? text : `${text.slice(0, lengthLimit / 2)}…${text.slice(-lengthLimit / 2)}`;
}

function* take(candidates: Iterable<string>, limit: number): Iterable<string> {
  let count = 0;
  for (const candidate of candidates) {
    if (count++ >= limit) return;
    yield candidate;
  }
}

/** `file.proto:3:9`, for messages that name a second place. */
export function formatPlace({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}
