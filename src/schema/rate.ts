// Rates as configuration and proto options write them: `50/s`, `100/m`, `1000/h`, `5000/d`, `1/month`, `300/5m`.

/** So many in a period. */
export interface Rate {
  readonly count: number;
  readonly periodMs: number;
}

const secondMs = 1000;
const dayMs = 86_400 * secondMs;

/** The first of a period's names is the one that is printed. A month is 30 days: limits roll, they know no calendar. */
const periods: readonly (readonly [ms: number, ...names: string[]])[] = [
  [secondMs, "s", "sec", "second"],
  [60 * secondMs, "m", "min", "minute"],
  [3600 * secondMs, "h", "hour"],
  [dayMs, "d", "day"],
  [7 * dayMs, "w", "week"],
  [30 * dayMs, "month"],
];
const periodByName = new Map(periods.flatMap(([ms, ...names]) => names.map((name) => [name, ms])));

const form = "50/s, 100/m, 1000/h, 5000/d, 1/month or 300/5m";
/** More than any one process answers, and what a microsecond clock still tells apart. */
const maxPerSecond = 1_000_000;
const maxCount = 1_000_000_000;

/** The rate, or one sentence that says what is wrong with the text. */
export function parseRate(text: string): Rate | string {
  const match = /^(\d{1,10})\/(\d{0,4})([a-z]+)$/.exec(text);
  if (match === null) return describeFault(text);
  const [, digits, multiple, name] = match;
  const unitMs = periodByName.get(name);
  if (unitMs === undefined) return `${JSON.stringify(name)} is no period; one of s, m, h, d, w, month is expected`;
  const count = Number(digits);
  const periodMs = unitMs * (multiple === "" ? 1 : Number(multiple));
  if (count === 0) return "a rate of 0 would let nothing through; the least is 1/month";
  if (periodMs === 0) return `a period of 0 is none; ${form} is expected`;
  if (count > maxCount || (count * secondMs) / periodMs > maxPerSecond)
    return `must be at most ${maxPerSecond}/s, and ${maxCount} in a period`;
  return { count, periodMs };
}

/** The shortest form that parses to the same. */
export function formatRate({ count, periodMs }: Rate): string {
  const [unitMs, name] = periods.findLast(([ms]) => periodMs % ms === 0) ?? periods[0];
  const multiple = periodMs / unitMs;
  return `${count}/${multiple === 1 ? "" : multiple}${name}`;
}

function describeFault(text: string): string {
  if (/\s/.test(text)) return `a rate is written without blanks: ${form}`;
  if (text.startsWith("-")) return `a rate is at least 1 in a period: ${form}`;
  if (/^\d+$/.test(text)) return `the period is missing: ${text.slice(0, 10)}/s, ${text.slice(0, 10)}/m, …`;
  if (/^[\d.]*\.[\d.]*\//.test(text))
    return `a rate is a whole number in a period; for less than one a second take a longer period: 30/m`;
  if (/^\d+[eE]\d+\//.test(text)) return `a rate is written in plain digits: ${form}`;
  if (/^\d+\/\d*[A-Za-z]+$/.test(text) && text !== text.toLowerCase()) return `periods are in lower case: ${form}`;
  return `a rate is expected: ${form}`;
}
