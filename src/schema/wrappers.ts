// The messages that only wrap a scalar, so that it can be absent (google/protobuf/wrappers.proto), and what they wrap.
import type { ScalarType } from "./descriptor.ts";

export const wrappers: ReadonlyMap<string, ScalarType> = new Map<string, ScalarType>([
  ["google.protobuf.DoubleValue", "double"],
  ["google.protobuf.FloatValue", "float"],
  ["google.protobuf.Int64Value", "int64"],
  ["google.protobuf.UInt64Value", "uint64"],
  ["google.protobuf.Int32Value", "int32"],
  ["google.protobuf.UInt32Value", "uint32"],
  ["google.protobuf.BoolValue", "bool"],
  ["google.protobuf.StringValue", "string"],
  ["google.protobuf.BytesValue", "bytes"],
]);
