// Translators against @bufbuild/protobuf and protobufjs, both ways: what one message costs, from the bytes of one form to the bytes of the other.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  createFileRegistry,
  fromBinary,
  fromJsonString,
  type DescMessage,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, type FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import protobufjs from "protobufjs";
import { loadSchema } from "../src/schema/load/load.ts";
import { compileJsonReader } from "../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../src/translate/json/json-writer.ts";
import { strictJson } from "../src/translate/options.ts";
import { createFixtures, type Fixture } from "./corpus/messages.ts";
import { measureAlternating } from "./measure.ts";
import type { BenchTable } from "./table.ts";

const corpus = fileURLToPath(new URL("../../bench/corpus/codec.proto", import.meta.url));

/** One library's two directions. */
interface Subject {
  readonly name: string;
  readonly toJson: (wire: Uint8Array) => Uint8Array;
  readonly toWire: (json: Uint8Array) => Uint8Array;
}

export async function benchCodec(options: { readonly quick: boolean }): Promise<BenchTable> {
  const { schema, diagnostics } = loadSchema({ inputs: [corpus], importPaths: [] });
  if (schema === undefined) throw new Error(JSON.stringify(diagnostics));
  const set: FileDescriptorSet = create(FileDescriptorSetSchema, {
    file: schema.files
      .filter((file) => file.isInput)
      .map((file) => fromBinary(FileDescriptorProtoSchema, file.toBytes())),
  });
  const registry = createFileRegistry(set);
  const root = protobufjs.parse(readFileSync(corpus, "utf8")).root;
  const rows: (string | number)[][] = [];
  const facts: Record<string, number | boolean> = {};
  for (const fixture of createFixtures()) {
    const type = schema.message(fixture.type)!;
    const ours: Subject = {
      name: "sluice",
      toJson: compileJsonWriter(type, schema, strictJson),
      toWire: compileJsonReader(type, schema, strictJson),
    };
    const subjects = [
      ours,
      esSubject(registry.getMessage(fixture.type)!),
      protobufjsSubject(root.lookupType(fixture.type)),
    ];
    const json = Buffer.from(JSON.stringify(fixture.json));
    const wire = subjects[1].toWire(json);
    checkAnswers(fixture, subjects, { json, wire });
    for (const direction of ["wire→JSON", "JSON→wire"] as const) {
      const runs = subjects.map((subject) =>
        direction === "wire→JSON" ? () => subject.toJson(wire).length : () => subject.toWire(json).length,
      );
      const [mine, es, pbjs] = measureAlternating(runs, options);
      const ratio = es / mine;
      rows.push([
        fixture.name,
        json.length,
        direction,
        round(mine),
        round(es),
        round(pbjs),
        round(ratio),
        round(pbjs / mine),
      ]);
      facts[`${fixture.name} ${direction} over protobuf-es`] = round(ratio);
      facts[`${fixture.name} ${direction} over protobufjs`] = round(pbjs / mine);
    }
  }
  return {
    title: "codec: µs per message (median), and how many times faster than each peer",
    columns: [
      "message",
      "JSON bytes",
      "direction",
      "sluice",
      "protobuf-es",
      "protobufjs",
      "× protobuf-es",
      "× protobufjs",
    ],
    rows,
    facts,
  };
}

function esSubject(type: DescMessage): Subject {
  return {
    name: "protobuf-es",
    toJson: (wire) => Buffer.from(toJsonString(type, fromBinary(type, wire), { alwaysEmitImplicit: true })),
    toWire: (json) => toBinary(type, fromJsonString(type, Buffer.from(json).toString())),
  };
}

/** protobufjs has no ProtoJSON of its own: objects by its conversion options are the nearest, and what its users do. */
function protobufjsSubject(type: protobufjs.Type): Subject {
  return {
    name: "protobufjs",
    toJson: (wire) =>
      Buffer.from(
        JSON.stringify(
          type.toObject(type.decode(wire), { longs: String, enums: String, bytes: String, defaults: true }),
        ),
      ),
    toWire: (json) => type.encode(type.fromObject(JSON.parse(Buffer.from(json).toString()) as object)).finish(),
  };
}

/** Nobody is timed who answers wrongly: all must agree on the value, ours also on the bytes of its own round trip. */
function checkAnswers(
  fixture: Fixture,
  subjects: readonly Subject[],
  { json, wire }: { json: Uint8Array; wire: Uint8Array },
): void {
  const expected = canonical(Buffer.from(json));
  for (const { name, toJson, toWire } of subjects) {
    if (canonical(toJson(wire)) !== expected) throw new Error(`${name} writes other JSON for ${fixture.name}`);
    if (canonical(subjects[1].toJson(toWire(json))) !== expected)
      throw new Error(`${name} reads ${fixture.name} wrongly`);
  }
}

function canonical(json: Uint8Array): string {
  return JSON.stringify(sorted(JSON.parse(Buffer.from(json).toString())));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
