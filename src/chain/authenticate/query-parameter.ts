// One parameter of a request target that may hold credentials.

/** The value; undefined where there is none; several as a list, which no credentials are. */
export function readQueryParameter(target: string, name: string): string | undefined {
  const at = target.indexOf("?");
  if (at < 0) return undefined;
  const values: string[] = [];
  for (const part of target.slice(at + 1).split("&")) {
    const equals = part.indexOf("=");
    const key = equals < 0 ? part : part.slice(0, equals);
    if (decode(key) === name) values.push(decode(equals < 0 ? "" : part.slice(equals + 1)));
  }
  return values.length === 0 ? undefined : values.join(", ");
}

/** As it stands where it is no percent-encoding: it will be no credentials either. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
