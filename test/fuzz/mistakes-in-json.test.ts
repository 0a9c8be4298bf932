// Mutated JSON texts: accepted, refused and understood as @bufbuild/protobuf does, but for the documented differences.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { fromJsonString, toBinary } from "@bufbuild/protobuf";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { type JsonOptions, strictJson } from "../../src/translate/options.ts";
import { disagreement, eachMessage, ourOutcome, theirOutcome } from "./compare.ts";
import { type Twin, twinOf } from "./es.ts";
import { differences, exampleProto } from "./json-differences.ts";
import { mutateBytes, mutateJson } from "./mutate-json.ts";

const lenientJson: JsonOptions = Object.freeze({ ...strictJson, unknownFields: "ignore" });
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

interface Found {
  readonly difference: string;
  /** Of the list; undefined for a mistake of ours, or of theirs that nobody wrote down. */
  readonly name: string | undefined;
}

function compare(twin: Twin, json: Uint8Array, ignoreUnknownFields: boolean): Found | undefined {
  const read = compileJsonReader(twin.type, twin.schema, ignoreUnknownFields ? lenientJson : strictJson);
  const ours = ourOutcome(() => read(json));
  const options = { registry: twin.registry, ignoreUnknownFields };
  const theirs = theirOutcome(() => toBinary(twin.desc, fromJsonString(twin.desc, utf8.decode(json), options)));
  const difference = disagreement(twin, { ours, theirs });
  if (difference === undefined) return undefined;
  const text = Buffer.from(json).toString();
  const seen = { text, ours: ours.refusal, theirs: theirs.refusal, ignoresUnknown: ignoreUnknownFields };
  return { difference, name: differences.find(({ explains }) => explains(seen))?.name };
}

describe("mistakes in JSON", () => {
  it("are refused exactly where @bufbuild/protobuf refuses them, but for the documented differences", () => {
    eachMessage(20, (twin, random, wire, note) => {
      const write = compileJsonWriter(twin.type, twin.schema, random.chance(30) ? strictJson : lenientJson);
      const json = write(wire).toString();
      const ignoresUnknown = random.chance(30);
      for (let i = 0; i < 10; i++) {
        const bytes = mutateBytes(random, mutateJson(random, json));
        const found = compare(twin, bytes, ignoresUnknown);
        if (found === undefined || found.name !== undefined) continue;
        note(bytes.toString());
        throw new Error(`unknown fields ${ignoresUnknown ? "ignored" : "refused"}; ${found.difference}`);
      }
    });
  });

  const twin = twinOf(exampleProto, "t.Example");
  for (const { name, example, onlyWhereUnknownIsIgnored } of differences) {
    it(`differ as documented: ${name}`, () => {
      expect(compare(twin, Buffer.from(example), onlyWhereUnknownIsIgnored === true)?.name).to.equal(name);
    });
  }

  it("differ as docs/json-differences.md lists them", () => {
    const [, section] = readFileSync("docs/json-differences.md", "utf8").split(/^## .*$/m);
    const documented = [...section.matchAll(/^\| ([A-Z][^|]*) \|/gm)].map(([, name]) => name);
    expect(documented).to.deep.equal(differences.map(({ name }) => name));
  });
});
