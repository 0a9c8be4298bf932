// The tokens of .proto text, and what is said about malformed ones.
import { expect } from "chai";
import { flagComment, flagSilent, tokenKind } from "../../src/schema/parse/lex-token.ts";
import { lex } from "../../src/schema/parse/lex.ts";

function tokensOf(source: string): {
  texts: string[];
  kinds: number[];
  flags: number[];
  problems: string[];
} {
  const problems: string[] = [];
  const tokens = lex(source, false, (offset, problem) => problems.push(`${offset} ${problem.rule}`));
  const texts: string[] = [];
  for (let i = 0; i < tokens.count; i++) texts.push(source.slice(tokens.starts[i], tokens.ends[i]));
  const { count } = tokens;
  return {
    texts,
    kinds: [...tokens.kinds.subarray(0, count)],
    flags: [...tokens.flags.subarray(0, count)],
    problems,
  };
}

describe("lex", () => {
  it("cuts words, symbols, numbers and strings", () => {
    const { texts, kinds, problems } = tokensOf(`foo.bar=-1;"a\\"b" 'c' .5 1. 1e3 1E-3 0x1F 017 0`);
    const { word, integer, float, string, end } = tokenKind;
    expect(texts).to.deep.equal([
      "foo",
      ".",
      "bar",
      "=",
      "-",
      "1",
      ";",
      '"a\\"b"',
      "'c'",
      ".5",
      "1.",
      "1e3",
      "1E-3",
      "0x1F",
      "017",
      "0",
      "",
    ]);
    const symbols = [word, 46, word, 61, 45, integer, 59];
    expect(kinds).to.deep.equal([
      ...symbols,
      string,
      string,
      float,
      float,
      float,
      float,
      integer,
      integer,
      integer,
      end,
    ]);
    expect(problems).to.deep.equal([]);
  });

  it("skips comments and white space of all kinds, and marks the token behind a comment", () => {
    const { texts, flags } = tokensOf("a // x\r\n\tb /* y \n */ /**/ c\v\fd // end");
    expect(texts).to.deep.equal(["a", "b", "c", "d", ""]);
    expect(flags).to.deep.equal([0, flagComment, flagComment, 0, flagComment]);
  });

  it("ends an empty source and one larger than its first buffers", () => {
    expect(tokensOf("").kinds).to.deep.equal([tokenKind.end]);
    expect(tokensOf(";".repeat(10_000)).texts).to.have.lengthOf(10_001);
  });

  it("silences what follows an unterminated string or comment", () => {
    expect(tokensOf('"abc\nfoo').flags).to.deep.equal([0, flagSilent, 0]);
    expect(tokensOf('"abc\nfoo').problems).to.deep.equal(["0 unterminated-string"]);
    expect(tokensOf("a /* b").flags).to.deep.equal([0, flagComment | flagSilent]);
    expect(tokensOf("a /* b").problems).to.deep.equal(["2 unterminated-comment"]);
  });

  it("does not let an escaped quote or backslash end or extend a string", () => {
    expect(tokensOf(`'\\\\' 'x'`).texts).to.deep.equal([`'\\\\'`, "'x'", ""]);
    expect(tokensOf(`"a\\\nb`).problems).to.deep.equal(["0 unterminated-string"]);
  });

  it("reads a full-width symbol as the one it stands for", () => {
    const { kinds, problems } = tokensOf("a；");
    expect(kinds).to.deep.equal([tokenKind.word, ";".charCodeAt(0), tokenKind.end]);
    expect(problems).to.deep.equal(["1 unexpected-character"]);
  });

  for (const text of ["08", "0x", "1e", "1e+", "1.2.3", "12ab", "1.5f", "1_000", "0b1", "00.5"]) {
    it(`says that ${text} is not a number`, () => {
      expect(tokensOf(text).problems).to.deep.equal(["0 number"]);
      expect(tokensOf(text).kinds).to.deep.equal([tokenKind.bad, tokenKind.end]);
    });
  }

  it("stops after a hundred errors", () => {
    const { problems, kinds } = tokensOf("@ ".repeat(1000));
    expect(problems).to.have.lengthOf(100);
    expect(kinds).to.have.lengthOf(101);
  });
});
