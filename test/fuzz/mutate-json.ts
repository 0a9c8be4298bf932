// Mistakes in JSON texts: what people, other encoders and attackers send instead of what was meant.
import type { Random } from "./random.ts";

const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/gu;

const numbers = [
  "0",
  "-0",
  "1",
  "-1",
  "1.0",
  "1e2",
  "1.5",
  "1E+2",
  "100e-2",
  "0e9999",
  "2147483647",
  "2147483648",
  "-2147483648",
  "-2147483649",
  "4294967295",
  "4294967296",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  "-9223372036854775809",
  "18446744073709551615",
  "18446744073709551616",
  "9007199254740993",
  "1e19",
  "1e400",
  "-1e400",
  "3.4028234663852886e38",
  "3.5e38",
  "1e-400",
  "0.1",
  "01",
  "1.",
  ".5",
  "+1",
  "0x10",
  "--1",
  "1e",
  "NaN",
  "Infinity",
];
const values = [
  ...numbers,
  ...numbers.map((number) => `"${number}"`),
  "null",
  "true",
  "false",
  "{}",
  "[]",
  "[null]",
  "[1]",
  '{"a":1}',
  '""',
  '"a"',
  '" 1"',
  '"-Infinity"',
  '"true"',
  '"AQI="',
  '"AQI"',
  '"A-_/"',
  '"A"',
  '"A==="',
  '"=="',
  '"QQ=="',
  '"QR=="',
  '"2026-01-31T12:30:00Z"',
  '"2026-02-30T12:30:00Z"',
  '"2026-01-31T24:00:00Z"',
  '"2026-01-31T12:30:60Z"',
  '"2026-01-31t12:30:00z"',
  '"2026-01-31T12:30:00.123456789+01:00"',
  '"0000-01-01T00:00:00Z"',
  '"1.5s"',
  '"-0.000000001s"',
  '"1s "',
  '"315576000001s"',
  '"1.0000000000s"',
  '".5s"',
  '"a.b_c"',
  '"fooBar,b.cD"',
  '"a,,b"',
  '"\\ud800"',
  '"\\ud83d\\ude00"',
  '"\\u0000"',
  '"\\x41"',
  '"E0_B"',
  '"E1_B"',
  '"\\u0031"',
  '"E0_\\u0042"',
  '{"@type":"type.googleapis.com/google.protobuf.Empty"}',
  '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}',
  '{"@type":"type.googleapis.com/t.Unknown"}',
  '{"@type":1}',
  '{"value":1}',
  '{"@type":"type.googleapis.com/t.M0"}',
  '{"@type":"type.googleapis.com/google.protobuf.Int32Value"}',
  '{"value":{},"@type":"type.googleapis.com/google.protobuf.Any"}',
  '{"@type":"t.M0"}',
  '{"@type":"/t.M0"}',
  '{"@type":""}',
];

/** The text with one to three mistakes; it may still be right. */
export function mutateJson(random: Random, json: string): string {
  let text = json;
  for (let count = 1 + random.below(3); count > 0; count--) text = random.pick(mutations)(random, text);
  return text;
}

type Mutation = (random: Random, json: string) => string;

interface Token {
  readonly at: number;
  readonly text: string;
}

function tokensOf(json: string): Token[] {
  return [...json.matchAll(token)].map((match) => ({ at: match.index, text: match[0] }));
}

function replaceAt(json: string, { at, text }: Token, replacement: string): string {
  return json.slice(0, at) + replacement + json.slice(at + text.length);
}

/** Tokens that are values, not keys. */
function valuesOf(json: string): Token[] {
  const tokens = tokensOf(json);
  return tokens.filter(({ text }, index) => !/^[{}[\],:]$/.test(text) && tokens[index + 1]?.text !== ":");
}

/** `"key":value` of the simple values. */
function membersOf(json: string): Token[] {
  return [...json.matchAll(/"(?:[^"\\]|\\.)*":(?:"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|\{\}|\[\])/gu)].map(
    (match) => ({ at: match.index, text: match[0] }),
  );
}

function onToken(
  find: (json: string) => Token[],
  change: (random: Random, token: Token, json: string) => string,
): Mutation {
  return (random, json) => {
    const tokens = find(json);
    if (tokens.length === 0) return json;
    const chosen = random.pick(tokens);
    return replaceAt(json, chosen, change(random, chosen, json));
  };
}

const mutations: readonly Mutation[] = [
  onToken(valuesOf, (random) => random.pick(values)),
  onToken(valuesOf, (random) => random.pick(values)),
  onToken(valuesOf, (random) => random.pick(numbers)),
  onToken(valuesOf, (_, { text }) => (text.startsWith('"') ? text.slice(1, -1) : `"${text}"`)),
  onToken(valuesOf, (random, _, json) => random.pick(valuesOf(json)).text),
  onToken(tokensOf, () => ""),
  onToken(tokensOf, (random, _, json) => random.pick(tokensOf(json)).text),
  onToken(tokensOf, (random, { text }) => text + random.pick([" ", "\n\t", ",", "}", "]", "x", "\u0000", "\u00a0"])),
  onToken(tokensOf, (_, { text }) => text + text),
  // A member twice, in the other spelling, escaped, with another value.
  onToken(membersOf, (_, { text }) => `${text},${text}`),
  onToken(
    membersOf,
    (_, { text }) => `${text},${text.replace(/^"field(\d)/, '"field_$1').replace(/^"choice(\d)/, '"choice_$1')}`,
  ),
  onToken(
    membersOf,
    (_, { text }) =>
      `${text},${text.replace(/^"([a-zA-Z])/, (_match, letter: string) => `"\\u00${letter.charCodeAt(0).toString(16)}`)}`,
  ),
  onToken(
    membersOf,
    (random, { text }) =>
      `${text},"${random.pick(["choice0", "choice_1", "choice2", "field0", "field_1", "unknown", "__proto__", "constructor", "toString", ""])}":${random.pick(values)}`,
  ),
  onToken(membersOf, (random, { text }) =>
    text.replace(/:.*$/su, () => `:${random.pick(["null", "[null]", "{}", "[]"])}`),
  ),
  (random, json) => json.slice(0, random.below(json.length + 1)),
  (random, json) => {
    const at = random.below(json.length);
    return (
      json.slice(0, at) +
      String.fromCharCode(random.below(random.chance(80) ? 128 : 65_536)) +
      json.slice(at + (random.chance(50) ? 1 : 0))
    );
  },
  (random, json) => random.pick(values.filter((value) => value !== json)),
  (random, json) => json + random.pick([" ", "{}", "x", "\n", "\ufeff", ","]),
  (random, json) => random.pick(["\ufeff", " ", "\n", ","]) + json,
];

/** UTF-8 with, now and then, one byte changed. */
export function mutateBytes(random: Random, json: string): Buffer {
  const bytes = Buffer.from(json);
  if (bytes.length > 0 && random.chance(20)) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}
