// Lists of header names as configured: checked when the front is made, so that a slip is told at start.

/** Lower case, each once. Throws RangeError on what is no header name and on one that `isReserved`. */
export function compileAllowList(names: readonly string[], isReserved: (name: string) => boolean): readonly string[] {
  const unique = new Set(names.map((name) => name.toLowerCase()));
  for (const name of unique) {
    if (!/^[0-9a-z.-]+$/.test(name)) throw new RangeError(`"${name}" is not a header name that can become metadata`);
    if (isReserved(name)) throw new RangeError(`the header "${name}" belongs to the gateway and cannot be listed`);
  }
  return [...unique];
}
