// The translators against @bufbuild/protobuf on random schemas and messages: the same values, both ways.
import { fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { type JsonOptions, strictJson } from "../../src/translate/options.ts";
import { eachMessage, expectSame } from "./compare.ts";
import type { Random } from "./random.ts";

function randomOptions(random: Random): JsonOptions {
  return {
    ...strictJson,
    emitDefaults: random.chance(50),
    emitNullMessages: random.chance(30),
    protoNames: random.chance(50),
    enumsAsNumbers: random.chance(30),
    int64AsNumbers: random.chance(30),
    stripEnumPrefix: random.chance(30),
    indent: random.chance(30) ? 2 : 0,
  };
}

describe("translators against @bufbuild/protobuf", () => {
  it("write JSON that it reads to the same message", () => {
    eachMessage(15, (twin, random, wire, note) => {
      const options = {
        ...randomOptions(random),
        int64AsNumbers: false,
        stripEnumPrefix: false,
        emitNullMessages: false,
      };
      const json = compileJsonWriter(twin.type, twin.schema, options)(wire).toString();
      note(json);
      const read = fromJsonString(twin.desc, json, { registry: twin.registry });
      expectSame(twin, toBinary(twin.desc, read), wire);
    });
  });

  it("read the JSON that it writes to the same message", () => {
    eachMessage(15, (twin, random, wire, note) => {
      const json = toJsonString(twin.desc, fromBinary(twin.desc, wire), {
        registry: twin.registry,
        alwaysEmitImplicit: random.chance(50),
        useProtoFieldName: random.chance(50),
        enumAsInteger: random.chance(30),
      });
      note(json);
      const read = compileJsonReader(twin.type, twin.schema, strictJson)(Buffer.from(json));
      // Its own reading of its text is the measure, for it writes -0 as 0.
      const expected = toBinary(twin.desc, fromJsonString(twin.desc, json, { registry: twin.registry }));
      expectSame(twin, read, expected);
    });
  });

  it("read what they write, under all options", () => {
    eachMessage(15, (twin, random, wire, note) => {
      const drawn = randomOptions(random);
      // `null` for an unset google.protobuf.Value reads back as a null value.
      const options = {
        ...drawn,
        emitNullMessages: drawn.emitNullMessages && !/protobuf\.Value\b/.test(twin.proto),
      };
      const json = compileJsonWriter(twin.type, twin.schema, options)(wire);
      note(json.toString());
      const read = compileJsonReader(twin.type, twin.schema, options)(json);
      expectSame(twin, read, wire);
    });
  });
});
