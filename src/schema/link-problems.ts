// How the linker reports: every problem once, with suggestions only while they are affordable.
import { didYouMean } from "../diagnostic.ts";
import type { Diagnostic, Position } from "../diagnostic.ts";

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
}

export class Problems {
  readonly #report: (diagnostic: Diagnostic) => void;
  readonly #seen = new Set<string>();
  #suggestions = 0;

  constructor(report: (diagnostic: Diagnostic) => void) {
    this.#report = report;
  }

  error(problem: Problem): void {
    this.#add({ severity: "error", ...problem });
  }

  warning(problem: Problem): void {
    this.#add({ severity: "warning", ...problem });
  }

  /** Whether a search through all names is still affordable; `suggest` is one. */
  get maySearch(): boolean {
    return this.#suggestions < suggestionLimit;
  }

  suggest(word: string, candidates: Iterable<string>): string | undefined {
    if (this.#suggestions++ >= suggestionLimit) return undefined;
    return didYouMean(word, take(candidates, candidateLimit));
  }

  #add(problem: Diagnostic & { readonly position: Position }): void {
    if (this.#seen.size >= problemLimit) return;
    const diagnostic = {
      ...problem,
      message: shorten(problem.message),
      hint: problem.hint === undefined ? undefined : shorten(problem.hint),
    };
    const { file, line, column } = diagnostic.position;
    const key = `${file}:${line}:${column}:${diagnostic.rule}:${diagnostic.message}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#report(diagnostic);
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
