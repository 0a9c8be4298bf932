// The path-template grammar: what is accepted and how it is cut up, what is refused and where.
import { expect } from "chai";
import fc from "fast-check";
import type { Template } from "../../src/schema/binding.ts";
import { isTemplateError, parseTemplate } from "../../src/schema/bind/template.ts";
import type { TemplateError } from "../../src/schema/bind/template.ts";
import { anyCharacter } from "../support/any-text.ts";

function parsed(text: string): Template {
  const template = parseTemplate(text);
  if (isTemplateError(template)) throw new Error(`${text}: ${template.message}`);
  return template;
}

function refused(text: string): TemplateError {
  const error = parseTemplate(text);
  if (!isTemplateError(error)) throw new Error(`${text} was accepted`);
  return error;
}

/** `a * ** b` for the segments, variables as `path[start,end)` with `+` when multi. */
function outline(text: string): string {
  const { segments, variables, verb } = parsed(text);
  const shape = segments
    .map((segment) => (segment.kind === "literal" ? segment.value : segment.kind === "single" ? "*" : "**"))
    .join(" ");
  const bound = variables
    .map(({ path, start, end, isMulti }) => `${path}[${start},${end})${isMulti ? "+" : ""}`)
    .join(" ");
  return `${shape} | ${bound} | ${verb ?? ""}`;
}

describe("parseTemplate", () => {
  const accepted: readonly (readonly [string, string])[] = [
    ["/", " |  | "],
    ["/v1/things", "v1 things |  | "],
    ["/*", "* |  | "],
    ["/**", "** |  | "],
    ["/v1/*/**/tail/*", "v1 * ** tail * |  | "],
    ["/v1/{name}", "v1 * | name[1,2) | "],
    ["/v1/{name=*}", "v1 * | name[1,2) | "],
    ["/v1/{name=**}", "v1 ** | name[1,2)+ | "],
    ["/v1/{name=fixed}", "v1 fixed | name[1,2) | "],
    ["/v1/{name=shelves/*/books/*}", "v1 shelves * books * | name[1,5)+ | "],
    ["/v1/{name=shelves/**}:publish", "v1 shelves ** | name[1,3)+ | publish"],
    ["/v1/{x=**}/tail", "v1 ** tail | x[1,2)+ | "],
    ["/{a}/{b.c.d_1}/x", "* * x | a[0,1) b.c.d_1[1,2) | "],
    ["/v1/things:list", "v1 things |  | list"],
    ["/v1/a:b:c", "v1 a:b |  | c"],
    ["/v1/{id}:custom:custom", "v1 * | id[1,2) | custom:custom"],
    ["/v1/*:a:b", "v1 * |  | a:b"],
    ["/a:b/c", "a:b c |  | "],
    ["/{x=a:b}", "a:b | x[0,1) | "],
    ["/{x=a:b/*}/c:v", "a:b * c | x[0,2)+ | v"],
    ["/a%20b/%E2%82%AC", "a b € |  | "],
    ["/a%2Fb:%76erb", "a/b |  | verb"],
    ["/a-b._~!$&'()+,;=@", "a-b._~!$&'()+,;=@ |  | "],
    ["/a=b/{x=c=d}", "a=b c=d | x[1,2) | "],
    ["/pkg.v1.Service/Method", "pkg.v1.Service Method |  | "],
    ["/.hidden/...", ".hidden ... |  | "],
  ];
  for (const [text, expected] of accepted) {
    it(`reads ${text}`, () => expect(outline(text)).to.equal(expected));
  }

  it("keeps the text as written", () => expect(parsed("/a%20b/{x=*}").text).to.equal("/a%20b/{x=*}"));

  const malformed: readonly (readonly [string, number, string])[] = [
    ["", 0, "empty"],
    ["v1/a", 0, `does not start with "/"`],
    ["http://host/a", 0, `does not start with "/"`],
    ["{x}", 0, `does not start with "/"`],
    ["//", 1, "empty segment"],
    ["/a/", 2, `ends with "/"`],
    ["/{x}/", 4, `ends with "/"`],
    ["/a//b", 3, "empty segment"],
    ["/{}", 2, `expected a field name, found "}"`],
    ["/{", 2, "found the end of the path"],
    ["/{var", 1, `"var" is not closed`],
    ["/{var=a", 1, `"var" is not closed`],
    ["/{var=a/b", 1, `"var" is not closed`],
    ["/{x=}", 4, `nothing to match after "="`],
    ["/{x=/a}", 4, `nothing to match after "="`],
    ["/{x=a/}", 6, "empty segment"],
    ["/{x=a//b}", 6, "empty segment"],
    ["/{x=a/{y}}", 6, "a variable inside a variable"],
    ["/{x={y}}", 4, "a variable inside a variable"],
    ["/{x=*:verb}", 5, "a verb inside the variable"],
    ["/a{x}", 2, "starts inside a segment"],
    ["/{x}a", 4, "directly"],
    ["/{x}{y}", 4, "directly"],
    ["/{1}", 2, `found "1"`],
    ["/{a.}", 4, `found "}"`],
    ["/{.a}", 2, `found "."`],
    ["/{a..b}", 4, `found "."`],
    ["/{a-b}", 3, `unexpected "-"`],
    ["/{ a }", 2, `found " "`],
    ["/}", 1, `"}" without "{"`],
    ["/a}", 2, `"}" without "{"`],
    ["/{x}}", 4, "directly"],
    ["/:", 1, "nothing before"],
    ["/:verb", 1, "nothing before"],
    ["/a/:verb", 3, "nothing before"],
    ["/a:", 2, "nothing follows"],
    ["/{x}:", 4, "nothing follows"],
    ["/{x}:a/b", 6, "after the verb"],
    ["/*:a/b", 4, "after the verb"],
    ["/{x}:a*", 6, "mixes"],
    ["/foo/bar*", 8, "mixes"],
    ["/*a", 1, "mixes"],
    ["/a*b", 2, "mixes"],
    ["/***", 1, "mixes"],
    ["/**a", 1, "mixes"],
    ["/**/**", 4, `a second "**"`],
    ["/{x=**}/{y=**}", 11, `a second "**"`],
    ["/{x=a/**/b/**}", 11, `a second "**"`],
    ["/a?b=c", 2, `"?" in a path`],
    ["/a#b", 2, `"#" is not allowed`],
    ["/a b", 2, `" " is not allowed`],
    ["/a\\b", 2, "is not allowed"],
    ["/kä", 2, `"ä" is not allowed`],
    ["/😀", 1, `"😀" is not allowed`],
    ["/a\n", 2, "is not allowed"],
    ["/a%", 2, "no percent-encoding"],
    ["/a%2", 2, "no percent-encoding"],
    ["/a%zz", 2, "no percent-encoding"],
    ["/%ff", 1, "UTF-8"],
    ["/%C0%AF", 1, "UTF-8"],
    ["/a/.", 3, "never be requested"],
    ["/../a", 1, "never be requested"],
    ["/%2e%2E/a", 1, "never be requested"],
    ["/a%00", 1, "NUL"],
  ];
  for (const [text, offset, message] of malformed) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const error = refused(text);
      expect(error.message).to.include(message);
      expect(error.offset).to.equal(offset);
      expect(error.hint).to.not.equal("");
    });
  }

  it("offers the encoded form of a character that must be encoded", () => {
    expect(refused("/kä").hint).to.include(`"%C3%A4"`);
  });

  it("refuses more than 2048 characters and more than 64 segments", () => {
    expect(isTemplateError(parseTemplate(`/${"a".repeat(2047)}`))).to.equal(false);
    expect(refused(`/${"a".repeat(2048)}`).message).to.include("2049 characters");
    expect(isTemplateError(parseTemplate("/a".repeat(64)))).to.equal(false);
    expect(refused("/a".repeat(65)).message).to.include("more than 64 segments");
    expect(refused("/*".repeat(65)).message).to.include("more than 64 segments");
    expect(refused(`/{x=${"a/".repeat(70)}a}`).message).to.include("more than 64 segments");
  });

  it("answers every text with a template or an error inside the text", () => {
    const character = fc.constantFrom(..."/{}*:.=%aZ1_ä?\\ 2F\0".split(""));
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.oneof(character, anyCharacter),
          maxLength: 24,
        }),
        (text) => {
          const result = parseTemplate(text);
          if (isTemplateError(result))
            return result.offset >= 0 && result.offset <= text.length && result.message !== "" && result.hint !== "";
          return (
            text.startsWith("/") &&
            result.variables.every(({ start, end }) => start < end && end <= result.segments.length)
          );
        },
      ),
      { numRuns: 3000 },
    );
  });
});
