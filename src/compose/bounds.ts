// Numbers and times of a composition, held against their bounds.
import { parseTimeout } from "../metadata.ts";
import { PathFault } from "./path.ts";
import type { Place, Reporting } from "./reporting.ts";

/** Milliseconds; Infinity where there is none. */
export function readTimeout(text: string | undefined, at: Place, { attempt }: Reporting): number {
  if (text === undefined) return Infinity;
  const read = (): number => {
    const ms = parseTimeout(text);
    if (ms !== undefined && ms > 0) return ms;
    throw new PathFault(
      `${JSON.stringify(text)} is no timeout; a positive duration is expected, e.g. "1.5s" or "500ms"`,
    );
  };
  return attempt(at, read) ?? Infinity;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Where nothing is said. */
  readonly fallback: number;
}

/** Throws PathFault. */
export function readCount(value: number | undefined, { min, max, fallback }: Bounds): number {
  if (value === undefined) return fallback;
  if (value >= min && value <= max) return value;
  throw new PathFault(`${value} is not between ${min} and ${max}`);
}
