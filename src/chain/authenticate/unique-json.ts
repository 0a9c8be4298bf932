// A JSON object in which no name stands twice: of two `sub`, one reader takes the first and another the last.

/** Without a prototype at the top; frozen. */
export type JsonObject = Readonly<Record<string, unknown>>;

const maxDepth = 32;

/** The object, or what is wrong with the text. */
export function readUniqueJson(text: string): JsonObject | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "is no JSON";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "is no JSON object";
  const problem = findProblem(text);
  return problem ?? freeze(Object.assign(Object.create(null) as Record<string, unknown>, value));
}

/** All the way down: what is kept for one call is what the next one sees. */
function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const child of Object.values(value)) freeze(child);
  return Object.freeze(value);
}

/** Strings, and what opens and closes; of the rest of a text that is JSON nothing matters here. */
const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{}]/g;

/** `text` is JSON. */
function findProblem(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (const [found, colon] of text.matchAll(token)) {
    if (found === "{" || found === "[") {
      open.push(found === "{" ? new Set() : undefined);
      if (open.length > maxDepth) return "is nested too deeply";
    } else if (found === "}" || found === "]") open.pop();
    else if (colon !== undefined) {
      const quoted = found.slice(0, -colon.length);
      const name = quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
      const names = open.at(-1);
      // What code that copies objects takes for something else.
      if (name === "__proto__") return "has a name that is not taken";
      if (names?.has(name) === true) return "names something twice";
      names?.add(name);
    }
  }
  return undefined;
}
