import { expect } from "chai";
import { headerLines, headStart, writeAnswer } from "../../src/http1/answer.ts";

function written(headers: readonly string[]): string {
  let text = "";
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return text;
}

describe("headerLines", () => {
  it("writes every list as it is, whatever list came before", () => {
    const names = ["content-type", "ratelimit", "vary", "etag"];
    const values = ["a", "b", "c\r\nset-cookie: d"];
    // All lists of up to three lines behind one another, each pair of them at least once.
    const lists: string[][] = [[]];
    for (const name of names)
      for (const value of values)
        for (const more of [[], ["vary", "x"], ["vary", "y", "etag", "z"]]) lists.push([name, value, ...more]);
    for (const first of lists)
      for (const second of lists) {
        for (const headers of [first, second]) {
          const isRight = !headers.some((text) => text.includes("\r"));
          expect(headerLines(headers)).to.equal(isRight ? written(headers) : undefined);
        }
      }
  });

  it("keeps nothing of a longer list behind a shorter one that began otherwise", () => {
    const parts = [
      ["a", "1"],
      ["a", "2"],
      ["b", "1"],
      ["c", "1"],
    ] as const;
    const lists: string[][] = [[]];
    for (const first of parts)
      for (const second of [undefined, ...parts])
        for (const third of [undefined, ...parts]) lists.push([...first, ...(second ?? []), ...(third ?? [])]);
    for (const longer of lists)
      for (const shorter of lists)
        for (const next of lists)
          for (const headers of [longer, shorter, next])
            if (headerLines(headers) !== written(headers))
              expect.fail(`wrong after ${JSON.stringify([longer, shorter])}: ${JSON.stringify(headers)}`);
  });

  it("refuses what is no name and what is no value, also where the lines before are known", () => {
    const good = ["x-one", "1", "x-two", "2"];
    for (const bad of [
      ["x-one", "1", "x two", "2"],
      ["x-one", "1", "x-two", "2\n"],
      ["x-one", "1", "", "2"],
      ["x-one", "1\u0000", "x-two", "2"],
    ]) {
      expect(headerLines(good)).to.equal(written(good));
      expect(headerLines(bad)).to.equal(undefined);
      expect(headerLines(good)).to.equal(written(good));
    }
  });
});

describe("writeAnswer", () => {
  const body = (bytes: number): Buffer | undefined => (bytes === 0 ? undefined : Buffer.alloc(bytes, "b"));

  function collect() {
    const pieces: Buffer[] = [];
    const take = (data: string | Uint8Array, encoding?: BufferEncoding): boolean => {
      pieces.push(typeof data === "string" ? Buffer.from(data, encoding) : Buffer.from(data));
      return true;
    };
    return {
      sink: { cork() {}, uncork() {}, write: take },
      text: () => Buffer.concat(pieces.splice(0)).toString("latin1"),
    };
  }

  it("writes every head and body as it is, whatever answers came before", () => {
    const { sink, text } = collect();
    const starts = [200, 404].flatMap((status) =>
      ["a: 1\r\n", "a: 2\r\n", "a: \xe9\r\n"].flatMap((lines) =>
        ["Connection: close\r\n", ""].map((connection) => ({ status, lines, connection })),
      ),
    );
    const withoutDate = (answer: string): string => answer.replace(/Date: [^\r]*\r\n/, "");
    for (const first of starts)
      for (const second of starts)
        for (const bytes of [0, 3, 20_000])
          // The third of the same kind is copied from the second.
          for (const { status, lines, connection } of [first, first, first, second]) {
            const end = `Content-Length: ${bytes}\r\n\r\n`;
            writeAnswer(sink, headStart({ status, lines, connection }), end, body(bytes));
            const expected = `HTTP/1.1 ${status} ${status === 200 ? "OK" : "Not Found"}\r\n${lines}${connection}${end}${"b".repeat(bytes)}`;
            if (withoutDate(text()) !== expected) expect.fail(`wrong: ${JSON.stringify([first, second, bytes])}`);
          }
  });

  it("hands on what the socket says of its room", () => {
    const { sink } = collect();
    const full = { ...sink, write: () => false };
    const start = { status: 200, lines: "a: 1\r\n", connection: "" };
    for (let i = 0; i < 3; i++)
      for (const bytes of [0, 3, 20_000])
        expect(writeAnswer(full, headStart(start), "\r\n", body(bytes))).to.equal(false);
  });
});
