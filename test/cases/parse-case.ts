// Reads .cases files: requests, and what they become in each profile, one fact a line. The format is in README.md beside this.
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import type { Profile } from "../../src/schema/binding.ts";
import { Code } from "../../src/status.ts";
import type { HttpRequest, MetadataEntry } from "../support/gateway.ts";

export interface Case {
  /** What SEMANTICS says, as clauses.ts has it. */
  readonly clause: string;
  /** The clause and what this case shows of it. */
  readonly title: string;
  readonly line: number;
  readonly yaml: string;
  readonly rules: readonly string[];
  readonly upstream: string | undefined;
  /** Undefined where only the start is looked at. */
  readonly request: CaseRequest | undefined;
  readonly answer: CaseAnswer;
  readonly leaves: boolean;
  readonly outcomes: ReadonlyMap<Profile, Outcome>;
}

export interface CaseRequest extends Omit<HttpRequest, "body"> {
  /** `proto`: the name of a message, and its JSON. */
  readonly body: Buffer | { readonly proto: string; readonly json: string };
}

export interface CaseAnswer {
  readonly kind: "reply" | "status" | "silence" | "stream";
  readonly message: string | Buffer;
  /** Of a stream, all of them; `code` is then how it ends. */
  readonly messages: readonly string[];
  readonly code: number;
  readonly details: readonly string[];
  readonly headers: readonly MetadataEntry[];
  readonly trailers: readonly MetadataEntry[];
}

export interface Outcome {
  readonly line: number;
  /** Everything `sluice check` says; undefined: nothing that stops the start. */
  readonly start: readonly string[] | undefined;
  readonly call: { readonly method: string; readonly message: string } | undefined;
  readonly sees: readonly (readonly [name: string, value: string | undefined])[];
  readonly timeLeft: string | undefined;
  readonly isCancelled: boolean;
  readonly status: number | undefined;
  readonly error: ExpectedError | undefined;
  readonly body: Buffer | undefined;
  readonly headers: readonly (readonly [name: string, value: string | undefined])[];
  readonly trailers: readonly (readonly [name: string, value: string | undefined])[];
}

export interface ExpectedError {
  readonly code: string;
  readonly reason: string | undefined;
  readonly message: string;
  readonly fields: readonly string[];
}

/** The file and line of what is not a case. */
export class CaseError extends Error {}

interface Line {
  readonly number: number;
  readonly word: string;
  readonly text: string;
}

type Pairs = (readonly [name: string, value: string | undefined])[];

export function parseCases(text: string, file: string): readonly Case[] {
  const blocks: Line[][] = [];
  for (const [index, written] of text.split("\n").entries()) {
    const trimmed = written.trim();
    if (trimmed === "" || trimmed.startsWith("//")) continue;
    const [, word, rest] = /^(\S+)(?: (.*))?$/.exec(trimmed)!;
    const line = { number: index + 1, word, text: expand(rest ?? "") };
    if (word === "#") blocks.push([]);
    const block = blocks.at(-1);
    if (block === undefined) throw new CaseError(`${file}:${index + 1}: a case starts with "# clause"`);
    block.push(line);
  }
  return blocks.map((lines) => parseCase(lines, file));
}

const profiles: Readonly<Record<string, readonly Profile[]>> = {
  strict: ["strict"],
  "grpc-gateway": ["grpc-gateway"],
  both: ["strict", "grpc-gateway"],
};

function parseCase([title, ...lines]: readonly Line[], file: string): Case {
  const first = lines.findIndex(({ word, text }) => profiles[word] !== undefined && text === "");
  if (first < 0) throw new CaseError(`${file}:${title.number}: no "strict", "grpc-gateway" or "both" follows`);
  const outcomes = new Map<Profile, Outcome>();
  let section: Line[] = [];
  for (const line of lines.slice(first)) {
    if (profiles[line.word] === undefined || line.text !== "") section.push(line);
    else section = [line];
    for (const profile of profiles[section[0].word]) outcomes.set(profile, parseOutcome(section, file));
  }
  const given = lines.slice(0, first);
  const all = (word: string): string[] => given.filter((line) => line.word === word).map((line) => line.text);
  checkWords(
    given,
    /^(?:yaml|rule|upstream|>|>>|>>(?:hex|gzip|br|deflate|proto)|unsent|leave|reply|reply-hex|fail|detail|silence|header|trailer)$/,
    file,
  );
  return {
    clause: title.text.split(" -- ")[0],
    title: title.text,
    line: title.number,
    yaml: all("yaml").join("\n"),
    rules: all("rule"),
    upstream: all("upstream")[0],
    request: parseRequest(given, file),
    answer: parseAnswer(all),
    leaves: given.some((line) => line.word === "leave"),
    outcomes,
  };
}

function checkWords(lines: readonly Line[], known: RegExp, file: string): void {
  const wrong = lines.find(({ word }) => !known.test(word));
  if (wrong !== undefined) throw new CaseError(`${file}:${wrong.number}: unknown "${wrong.word}"`);
}

function parseRequest(lines: readonly Line[], file: string): CaseRequest | undefined {
  const [head, ...headers] = lines.filter((line) => line.word === ">").map((line) => line.text);
  if (head === undefined) return undefined;
  const match = /^(\S+) (.*)$/.exec(head);
  if (match === null) throw new CaseError(`${file}:${lines[0].number}: "> METHOD TARGET" is expected`);
  const unsent = lines.find((line) => line.word === "unsent");
  return {
    method: match[1],
    target: match[2],
    headers,
    body: parseBody(lines, headers.some((header) => /^content-type: *multipart/i.test(header)) ? "\r\n" : "\n"),
    unsent: unsent === undefined ? 0 : Number(unsent.text),
  };
}

function parseBody(lines: readonly Line[], lineEnd: string): CaseRequest["body"] {
  const parts = lines.filter(({ word }) => word.startsWith(">>"));
  const [{ word, text } = { word: ">>", text: "" }] = parts;
  const joined = Buffer.from(parts.map((part) => part.text).join(lineEnd));
  switch (word) {
    case ">>hex":
      return Buffer.from(text.replaceAll(" ", ""), "hex");
    case ">>gzip":
      return gzipSync(joined);
    case ">>br":
      return brotliCompressSync(joined);
    case ">>deflate":
      return deflateSync(joined);
    case ">>proto": {
      const [proto, ...json] = text.split(" ");
      return { proto, json: json.join(" ") };
    }
    default:
      return joined;
  }
}

function parseAnswer(all: (word: string) => readonly string[]): CaseAnswer {
  const [fail] = all("fail");
  const [hex] = all("reply-hex");
  const [, name, message] = /^(\w+) ?(.*)$/.exec(fail ?? "OK")!;
  return {
    kind: kindOf(all),
    messages: all("reply"),
    message:
      fail !== undefined
        ? message
        : hex === undefined
          ? (all("reply")[0] ?? "{}")
          : Buffer.from(hex.replaceAll(" ", ""), "hex"),
    code: Object.hasOwn(Code, name) ? Code[name as keyof typeof Code] : Number(name),
    details: all("detail"),
    headers: toPairs(all("header")) as MetadataEntry[],
    trailers: toPairs(all("trailer")) as MetadataEntry[],
  };
}

/** Several replies, or replies and a failure, are a stream's. */
function kindOf(all: (word: string) => readonly string[]): CaseAnswer["kind"] {
  if (all("silence").length > 0 || all("leave").length > 0) return "silence";
  const [replies, failures] = [all("reply").length, all("fail").length];
  if (replies > 1 || (replies > 0 && failures > 0)) return "stream";
  return failures > 0 ? "status" : "reply";
}

function parseOutcome([section, ...lines]: readonly Line[], file: string): Outcome {
  checkWords(lines, /^(?:start|call|sees|time-left|cancelled|<|<<|<hex|<:|<trailer|message|field)$/, file);
  const all = (word: string): string[] => lines.filter((line) => line.word === word).map((line) => line.text);
  const [call] = all("call");
  const [answer] = all("<");
  const [, status, rest = ""] = /^(\d{3})(?: (.*))?$/.exec(answer ?? (call === undefined ? "" : "200")) ?? [];
  const [code, reason] = rest.split(" ");
  const error = Object.hasOwn(Code, code)
    ? { code, reason, message: all("message")[0] ?? "", fields: all("field") }
    : undefined;
  const [hex] = all("<hex");
  const text = [...(rest === "" ? [] : [rest]), ...all("<<")];
  return {
    line: section.number,
    start: all("start").length === 0 ? undefined : all("start"),
    call: call === undefined ? undefined : toCall(call),
    sees: toPairs(all("sees")),
    timeLeft: all("time-left")[0],
    isCancelled: lines.some((line) => line.word === "cancelled"),
    status: status === undefined ? undefined : Number(status),
    error,
    body:
      hex !== undefined
        ? Buffer.from(hex.replaceAll(" ", ""), "hex")
        : error === undefined && text.length > 0
          ? Buffer.from(text.join("\n"))
          : undefined,
    headers: toPairs(all("<:")),
    trailers: toPairs(all("<trailer")),
  };
}

/** A client stream may have no messages. */
function toCall(text: string): { readonly method: string; readonly message: string } {
  const space = text.indexOf(" ");
  return space < 0 ? { method: text, message: "" } : { method: text.slice(0, space), message: text.slice(space + 1) };
}

/** `name: value`; `name` alone for one that is not there. */
function toPairs(lines: readonly string[]): Pairs {
  return lines.map((line) => {
    const colon = line.indexOf(":");
    return colon < 0 ? [line, undefined] : [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

/** `«ab»×3` is `ababab`. */
function expand(text: string): string {
  return text.replaceAll(/«([^»]*)»×(\d+)/g, (_, part: string, times: string) => part.repeat(Number(times)));
}
