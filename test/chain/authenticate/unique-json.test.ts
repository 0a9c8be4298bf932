// Names that stand twice, and names that are none, wherever they hide in a JSON text; everything else is what JSON.parse says.
import { expect } from "chai";
import { readUniqueJson } from "../../../src/chain/authenticate/unique-json.ts";
import { fuzzParameters, Random } from "../../fuzz/random.ts";

const twice = "names something twice";
const forbidden = "has a name that is not taken";
const rows: readonly (readonly [text: string, problem: string | undefined])[] = [
  [`{}`, undefined],
  [`{"a":1,"b":{"a":1,"b":[{"a":1},{"a":1}]}}`, undefined],
  [`{"a":"a","b":"a"}`, undefined],
  [`{"a":["a","a","a"]}`, undefined],
  [`{"a":"\\",\\"a\\":","b":1}`, undefined],
  [`{"a":"\\\\","b":"\\\\\\"","c":"\\\\"}`, undefined],
  [`{"a\\"":1,"a":1}`, undefined],
  [`{"a":"{[","b":"]}"}`, undefined],
  [`{"":1,"a":""}`, undefined],
  [`{"a":1,"a":1}`, twice],
  [`{"a" \t\r\n:1,"b":2 ,"a"\n:3}`, twice],
  [`{"":1,"":2}`, twice],
  [`{"a":1,"\\u0061":2}`, twice],
  [`{"\\u0061":1,"a":2}`, twice],
  [`{"a\\"":1,"a\\u0022":2}`, twice],
  [`{"a\\\\":1,"b":2,"a\\\\":3}`, twice],
  [`{"a":"\\\\","a":"\\\\"}`, twice],
  [`{"x":[[{"a":1,"b":{"c":1},"a":2}]]}`, twice],
  [`{"a":{"b":1},"b":1,"a":{}}`, twice],
  [`{"__proto__":1}`, forbidden],
  [`{"x":[{"\\u005f_proto__":1}]}`, forbidden],
  [`{"x":${"[".repeat(31)}${"]".repeat(31)}}`, undefined],
  [`{"x":${"[".repeat(32)}${"]".repeat(32)}}`, "is nested too deeply"],
  [`[]`, "is no JSON object"],
  [`null`, "is no JSON object"],
  [`"a"`, "is no JSON object"],
  [`{"a":1`, "is no JSON"],
  [`\ufeff{}`, "is no JSON"],
];

const pieces = ["a", "b", "\\u0061", "\\\\", '\\"', "{", "}", "[", "]", ":", ",", " ", "\\n", "é"];

/** JSON, and whether an object in it names something twice. */
function writeObject(random: Random, depth: number): { readonly text: string; readonly hasTwice: boolean } {
  const names = Array.from({ length: random.below(4) }, () => writeText(random));
  const plain = names.map((name) => JSON.parse(name) as string);
  let hasTwice = new Set(plain).size < plain.length;
  const members = names.map((name) => {
    const value = depth > 0 && random.chance(40) ? writeObject(random, depth - 1) : undefined;
    hasTwice ||= value?.hasTwice === true;
    const blank = random.pick(["", " ", "\n\t"]);
    return `${name}${blank}:${random.chance(50) ? `[${value?.text ?? writeText(random)}]` : (value?.text ?? "1")}`;
  });
  return { text: `{${members.join(", ")}}`, hasTwice };
}

function writeText(random: Random): string {
  return `"${Array.from({ length: random.below(4) }, () => random.pick(pieces)).join("")}"`;
}

describe("readUniqueJson", () => {
  for (const [text, problem] of rows)
    it(`finds ${problem ?? "nothing wrong"} in ${JSON.stringify(text)}`, () => {
      const found = readUniqueJson(text);
      if (problem === undefined) expect(JSON.stringify(found)).to.equal(JSON.stringify(JSON.parse(text)));
      else expect(found).to.equal(problem);
    });

  it("finds what stands twice in objects made by chance, and nothing else", () => {
    const { seed, numRuns } = fuzzParameters(3000);
    const random = new Random(seed);
    const seen = { true: 0, false: 0 };
    for (let i = 0; i < numRuns; i++) {
      const { text, hasTwice } = writeObject(random, 3);
      expect(readUniqueJson(text) === twice, text).to.equal(hasTwice);
      seen[`${hasTwice}`]++;
    }
    expect(Math.min(seen.true, seen.false)).to.be.greaterThan(numRuns / 10);
  });
});
