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

const quote = 0x22;
const backslash = 0x5c;

/** `text` is JSON: of strings and of what opens and closes it is known where they end, and nothing else matters here. */
function findProblem(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{" || character === "[") {
      open.push(character === "{" ? new Set() : undefined);
      if (open.length > maxDepth) return "is nested too deeply";
    } else if (character === "}" || character === "]") open.pop();
    else if (character === '"') {
      const end = findEnd(text, at);
      const problem = isName(text, end) ? addName(open.at(-1), text.slice(at, end + 1)) : undefined;
      if (problem !== undefined) return problem;
      at = end;
    }
  }
  return undefined;
}

/** Of the string that begins at `start`: where its second quote is. */
function findEnd(text: string, start: number): number {
  const end = text.indexOf('"', start + 1);
  if (text.charCodeAt(end - 1) !== backslash) return end;
  let at = start + 1;
  for (; text.charCodeAt(at) !== quote; at++) if (text.charCodeAt(at) === backslash) at++;
  return at;
}

/** Whether a colon stands behind the string that ends there. */
function isName(text: string, end: number): boolean {
  let at = end + 1;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\r" || text[at] === "\n") at++;
  return text[at] === ":";
}

function addName(names: Set<string> | undefined, quoted: string): string | undefined {
  const name = quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  // What code that copies objects takes for something else.
  if (name === "__proto__") return "has a name that is not taken";
  if (names?.has(name) === true) return "names something twice";
  names?.add(name);
  return undefined;
}
