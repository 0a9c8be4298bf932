// Every option of sluice/annotations.proto can be said in sluice.yaml, by the same names: none is forgotten.
import { expect } from "chai";
import { schemaAt } from "../../src/config/config-schema.ts";
import type { Field, MessageType } from "../../src/schema/descriptor.ts";
import { schemaOf } from "../support/schema.ts";

type KeyPath = readonly (string | number)[];

/** Where the configuration has an option, and what it says in words of its own. */
interface Twin {
  readonly at: KeyPath;
  readonly otherwise?: Readonly<Record<string, string>>;
}

const twins: Readonly<Record<string, Twin>> = {
  compose: { at: ["compose", "shop.v1.Shop.GetOrderView"] },
  http: { at: ["policies", 0, "http"] },
  timeout: { at: ["policies", 0, "timeout"] },
  stream: { at: ["policies", 0, "stream"] },
  auth: { at: ["auth", "rules", 0], otherwise: { level: "auth.default, public, optional and required" } },
  limit: { at: ["limits", 0] },
  cache: { at: ["policies", 0, "cache"] },
  retry: { at: ["policies", 0, "retry"], otherwise: { off: "retry: off" } },
  redact: { at: ["policies", 0, "redact", 0] },
};

const extended = ["MethodOptions", "ServiceOptions", "FieldOptions"] as const;
const schema = schemaOf('syntax = "proto3"; import "sluice/annotations.proto";');

function optionsOf(name: (typeof extended)[number]): Field[] {
  const { extensions } = schema.message(`google.protobuf.${name}`)!;
  return extensions.filter((field) => field.name.startsWith("sluice."));
}

const shortName = ({ name }: Field): string => name.replace(/^sluice\./, "");

/** Missing ones, down through messages of messages. */
function missing({ fields }: MessageType, at: KeyPath, otherwise: Twin["otherwise"] = {}): string[] {
  return fields.flatMap(({ protoName, type, cardinality }) => {
    if (otherwise[protoName] !== undefined) return [];
    const path = [...at, protoName];
    if (schemaAt(path) === undefined) return [path.join(".")];
    return type.kind === "message" ? missing(type.message, cardinality === "repeated" ? [...path, 0] : path) : [];
  });
}

describe("the options of sluice/annotations.proto", () => {
  const options = [...optionsOf("MethodOptions"), ...optionsOf("FieldOptions")];

  it("all have a twin in sluice.yaml", () => {
    expect(options.map(shortName).sort()).to.deep.equal(Object.keys(twins).sort());
    for (const { at } of Object.values(twins)) expect(schemaAt(at), at.join(".")).to.not.equal(undefined);
  });

  for (const option of options)
    it(`have the same fields there: ${shortName(option)}`, () => {
      const { at, otherwise } = twins[shortName(option)];
      const type = option.type.kind === "message" ? option.type.message : undefined;
      expect(type === undefined ? [] : missing(type, at, otherwise)).to.deep.equal([]);
      for (const name of Object.keys(otherwise ?? {})) expect(type?.field(name)).to.not.equal(undefined);
    });

  it("have one number each, for methods and for services", () => {
    const numbers = new Map(optionsOf("MethodOptions").map((field) => [shortName(field), field.number]));
    for (const field of optionsOf("ServiceOptions"))
      expect(field.number, field.name).to.equal(numbers.get(shortName(field).replace(/^service_/, "")));
  });

  it("have values of the same names", () => {
    const overflow = schema.enum("sluice.Overflow")!.values.map(({ name }) => name);
    expect(schemaAt(["policies", 0, "stream", "overflow"])?.enum).to.deep.equal(overflow);
  });
});
