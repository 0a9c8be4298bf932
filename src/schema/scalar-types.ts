// The names of scalar types, which no message or enum can be called by.
import type { ScalarType } from "./descriptor.ts";

const scalarTypes: ReadonlySet<string> = new Set<ScalarType>([
  "double",
  "float",
  "int64",
  "uint64",
  "int32",
  "fixed64",
  "fixed32",
  "bool",
  "string",
  "bytes",
  "uint32",
  "sfixed32",
  "sfixed64",
  "sint32",
  "sint64",
]);

export function isScalarType(name: string): name is ScalarType {
  return scalarTypes.has(name);
}
