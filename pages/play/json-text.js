// JSON as text: rearranged without being parsed into numbers, which would round the large ones.

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

function tokensOf(text) {
  return text.match(token) ?? [];
}

/** The same value without white space. The text must be JSON. */
export function compactJson(text) {
  return tokensOf(text).join("");
}

/** The same value over several lines, by two spaces a level. */
export function indentJson(text) {
  let [shown, depth, before] = ["", 0, ""];
  for (const part of tokensOf(text)) {
    const isClosing = part === "}" || part === "]";
    const isFirst = before === "{" || before === "[";
    if (isClosing) depth -= 1;
    if (before === "," || isFirst !== isClosing) shown += before === "" ? "" : `\n${"  ".repeat(depth)}`;
    shown += part === ":" ? ": " : part;
    if (part === "{" || part === "[") depth += 1;
    before = part;
  }
  return shown;
}

/** `[key, text of the value]` of an object; nothing for any other value. */
export function membersOf(text) {
  const tokens = tokensOf(text);
  if (tokens[0] !== "{") return [];
  const members = [];
  for (let index = 1; index < tokens.length - 1;) {
    const key = JSON.parse(tokens[index]);
    const end = endOfValue(tokens, index + 2);
    members.push([key, tokens.slice(index + 2, end).join("")]);
    index = end + 1;
  }
  return members;
}

function endOfValue(tokens, start) {
  let depth = 0;
  for (let index = start; index < tokens.length; index++) {
    const part = tokens[index];
    if (part === "{" || part === "[") depth += 1;
    else if (part === "}" || part === "]") depth -= 1;
    if (depth === 0) return index + 1;
  }
  return tokens.length;
}

export function fromMembers(members) {
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
}

/** The object without what is at `path`, and without what is empty afterwards. `names` are the spellings of each step. */
export function withoutPath(text, path) {
  const [names, ...rest] = path;
  const members = membersOf(text).flatMap(([key, value]) => {
    if (!names.includes(key)) return [[key, value]];
    if (rest.length === 0) return [];
    const inner = withoutPath(value, rest);
    return inner === "{}" ? [] : [[key, inner]];
  });
  return fromMembers(members);
}

/** What is wrong with a text that is no JSON; undefined for one that is. */
export function problemOf(text) {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return `not JSON: ${error.message}`;
  }
}
