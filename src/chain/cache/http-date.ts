// Dates as HTTP has them (RFC 9110 section 5.6.7): the form that is sent today, and the two old ones that are still understood.

const day = "(?:mon|tue|wed|thu|fri|sat|sun)";
const time = String.raw`(?<time>\d\d:\d\d:\d\d)`;
const forms = [
  String.raw`${day}, (?<day>\d\d) (?<month>[a-z]{3}) (?<year>\d{4}) ${time} GMT`,
  String.raw`(?:mon|tues|wednes|thurs|fri|satur|sun)day, (?<day>\d\d)-(?<month>[a-z]{3})-(?<year>\d\d) ${time} GMT`,
  String.raw`${day} (?<month>[a-z]{3}) (?<day>[ \d]\d) ${time} (?<year>\d{4})`,
].map((form) => new RegExp(`^${form}$`, "i"));

/** Unix time in milliseconds; undefined for what is no such date. `now`, likewise, is what two digits of a year are near to. */
export function parseHttpDate(text: string, now: number): number | undefined {
  const found = forms.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  if (found === undefined) return undefined;
  const year = found["year"].length === 2 ? toYear(Number(found["year"]), now) : found["year"];
  const ms = Date.parse(`${found["day"].trim()} ${found["month"]} ${year} ${found["time"]} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** More than 50 years ahead is in the century before. */
function toYear(digits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + digits;
  return year > thisYear + 50 ? year - 100 : year;
}
