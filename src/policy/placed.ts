// Values with where they were said: as text for people who ask what is in force, as a place for what is wrong with them.
import type { Sourced } from "../chain/policy.ts";
import type { Diagnostic, Position } from "../diagnostic.ts";

export interface Placed<T> extends Sourced<T> {
  /** Undefined where it was not said in a file. */
  readonly position: Position | undefined;
}

export type Report = (diagnostic: Diagnostic) => void;

export function place<T>(value: T, position: Position | undefined, otherwise = "default"): Placed<T> {
  return { value, position, from: position === undefined ? otherwise : formatPosition(position) };
}

export function formatPosition({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}

/** The other way round, for what knows the text only. */
export function parsePosition(from: string): Position | undefined {
  const [, file, line, column] = /^(.+):(\d+):(\d+)$/.exec(from) ?? [];
  return file === undefined ? undefined : { file, line: Number(line), column: Number(column) };
}
