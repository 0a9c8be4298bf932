// Mutated protobuf bytes: well-formed ones are understood as @bufbuild/protobuf does, others are one error and never another.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { type JsonOptions, strictJson } from "../../src/translate/options.ts";
import { eachMessage, disagreement, expectSameJson, ourOutcome, theirOutcome } from "./compare.ts";
import { inspectWire, type WireFindings, withoutForeign } from "./inspect-wire.ts";
import { mutateWire } from "./mutate-wire.ts";
import type { Twin } from "./es.ts";

const sparseJson: JsonOptions = Object.freeze({ ...strictJson, emitDefaults: false });

interface WireCase {
  readonly findings: WireFindings;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
}

/** The documented differences in reading protobuf bytes, each as a test of one case. */
const differences: readonly { readonly name: string; readonly explains: (found: WireCase) => boolean }[] = [
  { name: "Wire types are checked", explains: ({ findings }) => findings.hasForeignWireType },
  { name: "Values end inside their message", explains: ({ findings }) => findings.isMalformed },
  { name: "Unknown values of closed enums", explains: ({ findings }) => findings.hasUnknownEnum },
  {
    name: "Values that a later one replaces",
    explains: ({ findings, ours, theirs }) => findings.hasHidden && (ours === undefined) !== (theirs === undefined),
  },
  {
    name: "An empty Value",
    explains: ({ ours, theirs }) =>
      ours === undefined && /google\.protobuf\.Value must have a value/.test(theirs ?? ""),
  },
  {
    name: "An Any without a type",
    explains: ({ ours, theirs }) =>
      theirs === undefined && /google\.protobuf\.Any with a value but no type_url/.test(ours ?? ""),
  },
  {
    name: "Field mask paths that JSON cannot hold",
    explains: ({ ours, theirs }) =>
      theirs === undefined && /FieldMask path "(?:|.*,.*)" has no lowerCamelCase form/s.test(ours ?? ""),
  },
];

/** What each makes of the bytes, as the message that the JSON it writes stands for; undefined where that is the same. */
function compare(twin: Twin, wire: Uint8Array, options: JsonOptions): string | undefined {
  const { registry, desc } = twin;
  const ours = ourOutcome(() => compileJsonWriter(twin.type, twin.schema, options)(wire));
  expect(ours.refusal ?? "").to.match(/^(?:MESSAGE_MALFORMED: |MESSAGE_HAS_NO_JSON: |$)/);
  const theirs = theirOutcome(() => {
    const message = fromBinary(desc, wire);
    toJsonString(desc, message, { registry });
    return toBinary(desc, message, { writeUnknownFields: false });
  });
  const seen = { findings: inspectWire(twin, wire), ours: ours.refusal, theirs: theirs.refusal };
  if (differences.some(({ explains }) => explains(seen))) return undefined;
  // By our own reader, which the other tests compare: theirs would change the prefix of type URLs.
  const reread = compileJsonReader(twin.type, twin.schema, strictJson);
  const readBack = ours.bytes === undefined ? ours : { bytes: reread(ours.bytes), refusal: undefined };
  return disagreement(twin, { ours: readBack, theirs }, expectSameJson);
}

describe("mistakes on the wire", () => {
  it("are understood as @bufbuild/protobuf does where the bytes are a message, and are a GatewayError where not", () => {
    eachMessage(20, (twin, random, wire, note) => {
      for (let i = 0; i < 10; i++) {
        let mutated = wire;
        for (let count = 1 + random.below(3); count > 0; count--) mutated = mutateWire(random, mutated);
        const difference = compare(twin, mutated, random.chance(50) ? strictJson : sparseJson);
        if (difference === undefined) continue;
        note(`mutated ${Buffer.from(mutated).toString("hex")}`);
        throw new Error(difference);
      }
    });
  });

  it("of a wire type are fields that are not there", () => {
    eachMessage(20, (twin, random, wire, note) => {
      const write = compileJsonWriter(twin.type, twin.schema, strictJson);
      for (let i = 0; i < 20; i++) {
        const mutated = mutateWire(random, wire);
        if (inspectWire(twin, mutated).isMalformed) continue;
        const clean = withoutForeign(twin, mutated);
        if (clean.length === mutated.length) continue;
        note(`mutated ${Buffer.from(mutated).toString("hex")}`);
        const [ours, expected] = [mutated, clean].map((bytes) => ourOutcome(() => write(bytes)));
        expect(ours.refusal).to.equal(expected.refusal);
        expect(String(ours.bytes)).to.equal(String(expected.bytes));
      }
    });
  });

  it("never raise anything but a GatewayError in random bytes", () => {
    eachMessage(6, (twin, random) => {
      const write = compileJsonWriter(twin.type, twin.schema, strictJson);
      for (let i = 0; i < 20; i++) {
        const bytes = Uint8Array.from({ length: random.below(40) }, () =>
          random.pick([random.below(256), random.below(32), 0x0a, 0x12, 0x1a]),
        );
        ourOutcome(() => write(bytes));
      }
    });
  });

  it("differ as docs/json-differences.md lists them", () => {
    const [, , section] = readFileSync("docs/json-differences.md", "utf8").split(/^## .*$/m);
    const documented = [...section.matchAll(/^\| ([A-Z][^|]*) \|/gm)].map(([, name]) => name);
    expect(documented).to.deep.equal(differences.map(({ name }) => name));
  });
});
