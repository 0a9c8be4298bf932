// What it costs to hold a request message against the rules of its type, beside protovalidate for JavaScript on the same bytes.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import { WireWriter } from "../src/schema/descriptor/wire.ts";
import type { SchemaFile } from "../src/schema/descriptor.ts";
import { loadSchema } from "../src/schema/load/load.ts";
import { compileJsonReader } from "../src/translate/json/json-reader.ts";
import { strictJson } from "../src/translate/options.ts";
import { createValidators } from "../src/validate/validator.ts";
import { median } from "./measure.ts";
import type { BenchTable } from "./table.ts";

const corpus = fileURLToPath(new URL("../../bench/corpus/validate.proto", import.meta.url));

const order = {
  customerId: "6f7a1f2e-7d3c-4a5b-8c9d-0e1f2a3b4c5d",
  lines: [{ sku: "ABC-1", quantity: 2 }],
  note: "please ring twice",
  page: 3,
  email: "ada@example.com",
};

const requests = [
  { name: "seven standard rules", type: "bench.validate.v1.Order", json: order },
  { name: "and one in CEL over the message", type: "bench.validate.v1.OrderWithCel", json: { order } },
];

/** Microseconds a message; alternated rounds, the median of each. */
export async function benchValidate(options: { readonly quick: boolean }): Promise<BenchTable> {
  const { schema } = loadSchema({ inputs: [corpus], importPaths: [] });
  if (schema === undefined) throw new Error("bench/corpus/validate.proto does not load");
  const set = new WireWriter();
  // What a file imports stands before it.
  const ordered = new Set<SchemaFile>();
  const add = (file: SchemaFile): void => {
    for (const path of file.imports) add(schema.files.find((one) => one.path === path)!);
    ordered.add(file);
  };
  schema.files.forEach(add);
  for (const file of ordered) set.bytesField(1, file.toBytes());
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set.finish()));
  const protovalidate = createValidator({ registry });
  const validators = createValidators(schema, { outputOnly: "reject" });
  const rows = requests.map(({ name, type, json }) => {
    const message = schema.message(type)!;
    const bytes = compileJsonReader(message, schema, strictJson)(Buffer.from(JSON.stringify(json)));
    const validate = validators.validatorOf(message)!;
    const desc = registry.getMessage(type)!;
    const ours = () => validate(bytes, { maxViolations: 100 });
    const theirs = () => protovalidate.validate(desc, fromBinary(desc, bytes));
    assert.deepEqual([ours(), theirs().kind], [[], "valid"]);
    const [one, other] = measure([ours, theirs], options.quick);
    return [name, one, other, other / one];
  });
  return {
    title: "Validation: µs per message, from its bytes, and beside @bufbuild/protovalidate with the decoding it needs",
    columns: ["rules", "µs", "protovalidate µs", "times"],
    rows,
    facts: {},
  };
}

function measure(subjects: readonly (() => unknown)[], quick: boolean): number[] {
  const calls = quick ? 500 : 20_000;
  const samples: number[][] = subjects.map(() => []);
  for (let round = -2; round < (quick ? 3 : 15); round++) {
    subjects.forEach((subject, index) => {
      const started = process.hrtime.bigint();
      for (let i = 0; i < calls; i++) subject();
      // The first rounds are to warm up.
      if (round >= 0) samples[index].push(Number(process.hrtime.bigint() - started) / 1000 / calls);
    });
  }
  return samples.map(median);
}
