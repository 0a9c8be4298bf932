// Reads corpus files: `== title`, the input, a line `=>`, what comes of it. With CORPUS_UPDATE=1 writes down what comes, for review.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";

export interface Entry {
  readonly title: string;
  readonly line: number;
  readonly input: readonly string[];
  readonly expected: string;
}

interface CorpusFile {
  readonly url: URL;
  /** Comments above the first entry. */
  readonly head: readonly string[];
  readonly entries: readonly Entry[];
}

const root = new URL("../../../test/corpus/", import.meta.url);
const isUpdate = process.env["CORPUS_UPDATE"] === "1";

/** One test an entry of every file in `folder`; `play` tells what comes of an input. */
export function playCorpus(folder: string, least: number, play: (input: readonly string[]) => Promise<string>): void {
  const directory = new URL(`${folder}/`, root);
  const files = readdirSync(directory)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => parseCorpus(new URL(name, directory)));
  it(`has at least ${least} entries, no two alike`, () => {
    const entries = files.flatMap((file) => file.entries);
    expect(entries.length).to.be.at.least(least);
    expect(new Set(entries.map(({ input }) => input.join("\n"))).size).to.equal(entries.length);
    for (const file of files)
      expect(new Set(file.entries.map(({ title }) => title)).size).to.equal(file.entries.length);
  });
  for (const { url, head, entries } of files) {
    const name = url.pathname.slice(root.pathname.length);
    const played: Entry[] = [];
    for (const entry of entries) {
      it(`${entry.title} (${name}:${entry.line})`, async () => {
        if (!isUpdate) {
          expect(await play(entry.input)).to.equal(entry.expected);
          return;
        }
        const at = played.push(entry) - 1;
        played[at] = { ...entry, expected: await play(entry.input) };
      });
    }
    if (isUpdate) after(() => writeFileSync(url, formatCorpus(head, played)));
  }
}

function parseCorpus(url: URL): CorpusFile {
  const head: string[] = [];
  const entries: Entry[] = [];
  let entry: { title: string; line: number; input: string[]; expected: string[] } | undefined;
  let part = head;
  const finish = (): void => {
    if (entry !== undefined)
      entries.push({ ...entry, input: entry.input, expected: trimmed(entry.expected).join("\n") });
  };
  for (const [index, text] of readFileSync(url, "utf8").split("\n").entries()) {
    if (text.startsWith("== ")) {
      finish();
      entry = { title: text.slice(3), line: index + 1, input: [], expected: [] };
      part = entry.input;
    } else if (text === "=>" && entry !== undefined && part === entry.input) part = entry.expected;
    else part.push(text);
  }
  finish();
  return { url, head: trimmed(head), entries };
}

/** Blank lines in front of the next entry are for the reader. */
function trimmed(lines: readonly string[]): readonly string[] {
  let end = lines.length;
  while (end > 0 && lines[end - 1] === "") end--;
  return lines.slice(0, end);
}

function formatCorpus(head: readonly string[], entries: readonly Entry[]): string {
  const texts = entries.map(({ title, input, expected }) => [`== ${title}`, ...input, "=>", expected].join("\n"));
  return `${[head.join("\n"), ...texts].join("\n\n")}\n`;
}

/** `⟦ff 00⟧` is those bytes, `⟦text*100⟧` a text a hundred times (with \r, \n and \ff as bytes), `⟦⟧` nothing. */
export function toBytes(text: string): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { index, 0: whole, 1: inside } of text.matchAll(/⟦([^⟧]*)⟧/gs)) {
    parts.push(Buffer.from(text.slice(at, index)), special(inside));
    at = index + whole.length;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(at))]);
}

const controls = new Map([
  ["r", 13],
  ["n", 10],
]);

function special(text: string): Buffer {
  if (/^(?:[0-9a-f]{2} ?)*$/.test(text)) return Buffer.from(text.replaceAll(" ", ""), "hex");
  const [, repeated, count] = /^(.+)\*(\d+)$/s.exec(text) ?? [];
  if (repeated === undefined) throw new Error(`⟦${text}⟧ is neither bytes nor a repetition`);
  const escaped = repeated.replaceAll(/\\(r|n|[0-9a-f]{2})/g, (_, name: string) =>
    String.fromCharCode(controls.get(name) ?? Number.parseInt(name, 16)),
  );
  return Buffer.from(escaped.repeat(Number(count)), "latin1");
}

const hex = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, "0");

/** Long and unprintable text, as a corpus file shows it. */
export function shown(text: string, limit = 400): string {
  const printable = text.replaceAll(/[^\P{Cc}\t\n\u{80}-\u{9f}]/gu, (control) => `⟦${hex(control)}⟧`);
  return printable.length > limit ? `${printable.slice(0, limit)}… (${printable.length} characters)` : printable;
}
