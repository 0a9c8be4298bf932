// Sizes and durations as people write them: `4MiB`, `1m30s`.

const sizeUnits = new Map([
  ["", 1],
  ["B", 1],
  ["KB", 1000],
  ["MB", 1000 ** 2],
  ["GB", 1000 ** 3],
  ["KiB", 1024],
  ["MiB", 1024 ** 2],
  ["GiB", 1024 ** 3],
]);

const durationUnits = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/** Bytes of `512`, `64KiB` or `1.5MB`; undefined for anything else, fractions of a byte included. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,3})?)([A-Za-z]{0,3})$/.exec(text);
  const unit = match === null ? undefined : sizeUnits.get(match[2]);
  if (match === null || unit === undefined) return undefined;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Milliseconds of `250ms`, `15s` or `1h30m`; undefined for anything else, a number without unit included. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,12}(?:\.\d{1,3})?(?:ms|s|m|h)){1,4}$/.test(text)) return undefined;
  let total = 0;
  let previous = Number.POSITIVE_INFINITY;
  for (const [, number, name] of text.matchAll(/([\d.]+)(ms|s|m|h)/g)) {
    const unit = durationUnits.get(name) ?? Number.NaN;
    // Each unit once, largest first: `5s5s` is a slip of the hand, not ten seconds.
    if (unit >= previous) return undefined;
    previous = unit;
    total += Number(number) * unit;
  }
  const rounded = Math.round(total);
  return Number.isSafeInteger(rounded) && Math.abs(rounded - total) < 1e-6 ? rounded : undefined;
}

/** The shortest exact form: `4MiB`, `1000B`. */
export function formatSize(bytes: number): string {
  for (const unit of ["GiB", "MiB", "KiB"]) {
    const factor = sizeUnits.get(unit) ?? 1;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
}

/** The shortest exact form: `15s`, `1m30s`. */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = "";
  for (const unit of ["h", "m", "s", "ms"]) {
    const factor = durationUnits.get(unit) ?? 1;
    const count = Math.floor(rest / factor);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * factor;
  }
  return text === "" ? "0s" : text;
}

/** The schema has let only text through that parses; anything else is a fault of the schema, and stops the start. */
export function toBytes(value: string | number): number {
  const bytes = parseSize(String(value));
  if (bytes === undefined) throw new TypeError(`not a size: ${value}`);
  return bytes;
}

/** As `toBytes`, for durations. */
export function toMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new TypeError(`not a duration: ${text}`);
  return ms;
}
