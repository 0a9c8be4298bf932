import { expect } from "chai";
import { headerLines } from "../../src/http1/answer.ts";

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
