// Inputs made to cost more than their size: each builds about `size` bytes of one trick.
import { varint } from "./mutate-wire.ts";

export const hostileProto = `
edition = "2023";
package t;
import "google/protobuf/any.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
enum State { STATE_NONE = 0; STATE_ON = 1; }
message Node {
  Node child = 1;
  map<string, Node> nodes = 2;
  repeated Node list = 3;
  repeated int32 ints = 4;
  repeated double doubles = 5;
  string text = 6;
  bytes data = 7;
  map<string, int32> counts = 8;
  google.protobuf.Struct struct = 9;
  google.protobuf.Any any = 10;
  google.protobuf.FieldMask mask = 11;
  repeated State states = 12;
  int64 big = 13;
  oneof choice { string a = 14; Node b = 15; }
  Node group = 16 [features.message_encoding = DELIMITED];
  repeated bool bits = 17;
  double number = 18;
}`;

/** `part` again and again, joined by commas, to about `size` bytes. */
function fill(size: number, part: (index: number) => string): string {
  const parts: string[] = [];
  for (let length = 0; length < size;) {
    const next = part(parts.length);
    parts.push(next);
    length += next.length + 1;
  }
  return parts.join(",");
}

function nest(depth: number, open: string, close: string): string {
  return open.repeat(depth) + close.repeat(depth);
}

const any = (inner: string): string => `{"value":${inner},"@type":"type.googleapis.com/google.protobuf.Any"}`;

/** Anys inside Anys, the type of each behind its value, so that it is found by reading ahead. */
function anyInAny(depth: number): string {
  let text = '{"@type":"type.googleapis.com/google.protobuf.Any"}';
  for (let i = 0; i < depth; i++) text = any(text);
  return text;
}

export const hostileJson: Readonly<Record<string, (size: number) => string>> = {
  "arrays without end": (size) => `{"struct":{"a":${"[".repeat(size)}`,
  "objects without end": (size) => `{"child":`.repeat(size / 9),
  "objects inside an unknown field": (size) => `{"unknown":${'{"a":'.repeat(size / 5)}`,
  "arrays 90 deep, side by side": (size) => `{"struct":{"a":[${fill(size, () => nest(90, "[", "]"))}]}}`,
  "messages 90 deep, side by side": (size) =>
    `{"list":[${fill(size, () => `${'{"child":'.repeat(90)}{}${"}".repeat(90)}`)}]}`,
  "maps 90 deep, side by side": (size) =>
    `{"list":[${fill(size, () => `${'{"nodes":{"k":'.repeat(45)}{}${"}}".repeat(45)}`)}]}`,
  "map keys": (size) => `{"counts":{${fill(size, (index) => `"${index.toString(36)}":0`)}}}`,
  "map keys of one length": (size) => `{"counts":{${fill(size, (index) => `"${String(index).padStart(12, "0")}":1`)}}}`,
  "struct keys": (size) => `{"struct":{${fill(size, (index) => `"${index.toString(36)}":null`)}}}`,
  "unknown fields": (size) => `{${fill(size, (index) => `"${index.toString(36)}":0`)}}`,
  "the same map key twice, at the end": (size) =>
    `{"counts":{${fill(size, (index) => `"${index.toString(36)}":0`)},"0":0}}`,
  "one long integer": (size) => `{"big":${"9".repeat(size)}}`,
  "one long integer in quotes": (size) => `{"big":"${"9".repeat(size)}"}`,
  "one long fraction": (size) => `{"number":0.${"0".repeat(size)}1}`,
  "integers with zeros behind the point": (size) => `{"ints":[${fill(size, () => `1.${"0".repeat(1000)}1`)}]}`,
  "integers with zeros and nothing else": (size) => `{"ints":[${fill(size, () => `1.${"0".repeat(1000)}`)}]}`,
  "doubles of a thousand digits": (size) => `{"doubles":[${fill(size, () => `1.${"7".repeat(1000)}`)}]}`,
  exponents: (size) => `{"doubles":[${fill(size, () => "1e-300")}]}`,
  escapes: (size) => String.raw`{"text":"${String.raw`\u0000`.repeat(size / 6)}"}`,
  "surrogate pairs": (size) => String.raw`{"text":"${String.raw`\ud83d\ude00`.repeat(size / 12)}"}`,
  "escaped keys": (size) => `{"counts":{${fill(size, (index) => String.raw`"\u0061${index}":0`)}}}`,
  "escaped numbers": (size) => `{"ints":[${fill(size, () => String.raw`"\u0031"`)}]}`,
  zeros: (size) => `{"ints":[${fill(size, () => "0")}]}`,
  "empty messages": (size) => `{"list":[${fill(size, () => "{}")}]}`,
  "lists of empty messages and one long": (size) =>
    `{"list":[{"text":"${"x".repeat(300_000)}"},${fill(size, () => '{"child":{}}')}]}`,
  "Any in Any": (size) => `{"list":[${fill(size, () => `{"any":${anyInAny(45)}}`)}]}`,
  "an Any with its type behind a long value": (size) =>
    `{"any":{"text":"${"x".repeat(size)}","@type":"type.googleapis.com/t.Node"}}`,
  "field mask paths": (size) => `{"mask":"${fill(size, () => "a")}"}`,
  "field mask of capitals": (size) => `{"mask":"a${"A".repeat(size)}"}`,
  "commas for a field mask": (size) => `{"mask":"${",".repeat(size)}"}`,
  base64: (size) => `{"data":"${"_-".repeat(size / 2)}"}`,
  "base64 that breaks at its end": (size) => `{"data":"${"A".repeat(size)}*"}`,
  "an unknown name": (size) => `{"${"a".repeat(size)}":1}`,
  "an unknown enum name": (size) => `{"states":["${"S".repeat(size)}"]}`,
  "enum names": (size) => `{"states":[${fill(size, () => '"STATE_NONE"')}]}`,
  "an unfinished string": (size) => `{"text":"${"a".repeat(size)}`,
  "quotes that never close a number": (size) => `{"ints":[${fill(size, () => '"1')}]}`,
  "white space": (size) => `{${" \n".repeat(size / 2)}}`,
  "line breaks before a mistake": (size) => `{${"\n".repeat(size)}x}`,
};

const field = (number: number, wireType: number): Uint8Array => varint(BigInt(number * 8 + wireType));
const delimited = (number: number, ...content: readonly Uint8Array[]): Uint8Array => {
  const joined = Buffer.concat(content);
  return Buffer.concat([field(number, 2), varint(BigInt(joined.length)), joined]);
};
const text = (value: string): Uint8Array => Buffer.from(value);

function times(size: number, part: (index: number) => Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  for (let length = 0; length < size;) {
    const next = part(parts.length);
    parts.push(next);
    length += next.length;
  }
  return Buffer.concat(parts);
}

function wrapped(depth: number, inner: Uint8Array, wrap: (inner: Uint8Array) => Uint8Array): Uint8Array {
  let bytes = inner;
  for (let i = 0; i < depth; i++) bytes = wrap(bytes);
  return bytes;
}

const typeUrl = delimited(1, text("type.googleapis.com/google.protobuf.Any"));
const unknownField = Uint8Array.of(0x38 | 0, 0x01);

export const hostileWire: Readonly<Record<string, (size: number) => Uint8Array>> = {
  "packed zeros": (size) => delimited(4, new Uint8Array(size)),
  "packed false": (size) => delimited(17, new Uint8Array(size)),
  "unpacked zeros": (size) => times(size, () => Uint8Array.of(0x20, 0)),
  "a message in empty pieces": (size) => times(size, () => delimited(1)),
  "a message in pieces, 90 deep": (size) =>
    wrapped(
      90,
      times(size, () => delimited(1)),
      (inner) => Buffer.concat([delimited(1, inner), delimited(1)]),
    ),
  "an oneof that changes its mind": (size) => times(size, (index) => delimited(index % 2 === 0 ? 14 : 15)),
  "map entries with something after the value, 90 deep": (size) =>
    times(size, () =>
      delimited(
        3,
        wrapped(90, delimited(6, text("x")), (inner) =>
          delimited(2, delimited(1, text("k")), delimited(2, inner), unknownField),
        ),
      ),
    ),
  "map entries out of order, 90 deep": (size) =>
    times(size, () =>
      delimited(
        3,
        wrapped(90, delimited(6, text("x")), (inner) => delimited(2, delimited(2, inner), delimited(1, text("k")))),
      ),
    ),
  "fields out of order above maps 90 deep": (size) =>
    Buffer.concat([
      delimited(6, text("y")),
      times(size, () =>
        delimited(
          3,
          wrapped(90, delimited(6, text("x")), (inner) => delimited(2, delimited(1, text("k")), delimited(2, inner))),
        ),
      ),
    ]),
  "one map key again and again": (size) => times(size, () => delimited(2, delimited(1, text("k")), delimited(2))),
  "map keys": (size) =>
    times(size, (index) => delimited(8, delimited(1, text(index.toString(36))), Uint8Array.of(16, 1))),
  "groups 90 deep": (size) =>
    times(size, () =>
      delimited(
        3,
        wrapped(90, new Uint8Array(), (inner) => Buffer.concat([field(16, 3), inner, field(16, 4)])),
      ),
    ),
  "unknown groups without end": (size) => times(size, () => field(99, 3)),
  "unknown groups": (size) => times(size, () => Buffer.concat([field(99, 3), field(99, 4)])),
  "messages without end": (size) => times(size, () => Uint8Array.of(0x0a, 0x7f)),
  "control characters": (size) => delimited(6, new Uint8Array(size).fill(1)),
  bytes: (size) => delimited(7, new Uint8Array(size).fill(255)),
  "a struct in pieces": (size) =>
    delimited(
      9,
      delimited(
        1,
        delimited(1, text("k")),
        delimited(
          2,
          times(size, () => Uint8Array.of(0x2a, 0)),
        ),
      ),
    ),
  "struct keys": (size) =>
    delimited(
      9,
      times(size, (index) => delimited(1, delimited(1, text(index.toString(36))), delimited(2))),
    ),
  "lists of values, 40 deep": (size) =>
    delimited(
      9,
      times(size, (index) =>
        delimited(
          1,
          delimited(1, text(String(index))),
          delimited(
            2,
            wrapped(40, new Uint8Array(), (inner) => delimited(6, delimited(1, inner))),
          ),
        ),
      ),
    ),
  "Any in Any": (size) =>
    times(size, () =>
      delimited(
        3,
        delimited(
          10,
          wrapped(40, new Uint8Array(), (inner) => Buffer.concat([typeUrl, delimited(2, inner)])),
        ),
      ),
    ),
  "field mask paths": (size) =>
    delimited(
      11,
      times(size, () => delimited(1, text("a"))),
    ),
  "long varints": (size) =>
    times(size, () => Buffer.concat([field(13, 0), new Uint8Array(9).fill(0xff), Uint8Array.of(1)])),
  "fields in reverse order": (size) =>
    times(size, () => delimited(3, delimited(7), delimited(6), Uint8Array.of(0x20, 0))),
};
