// Mistakes in protobuf bytes, some that keep records whole (order, repetition, other types) and some that do not.
import type { Random } from "./random.ts";

/** Tag and value of each field; undefined where the bytes are no message. */
export function recordsOf(bytes: Uint8Array): Uint8Array[] | undefined {
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = recordEnd(bytes, at);
    if (end === undefined || end > bytes.length) return undefined;
    records.push(bytes.subarray(at, end));
    at = end;
  }
  return records;
}

function varintEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  while (end < bytes.length && bytes[end] >= 0x80) end++;
  return end + 1;
}

export function varintAt(bytes: Uint8Array, at: number): bigint {
  let value = 0n;
  for (let i = at, shift = 0n; i < varintEnd(bytes, at) && i < bytes.length; i++, shift += 7n)
    value |= BigInt(bytes[i] & 0x7f) << shift;
  return value;
}

function recordEnd(bytes: Uint8Array, at: number): number | undefined {
  const tag = varintAt(bytes, at);
  const value = varintEnd(bytes, at);
  const type = Number(tag & 7n);
  const isTooLong = value - at > 10 || ((type === 0 || type === 2) && varintEnd(bytes, value) - value > 10);
  if (tag < 8n || tag > 0xffff_ffffn || isTooLong) return undefined;
  if (type === 0) return varintEnd(bytes, value);
  if (type === 1) return value + 8;
  if (type === 2) return varintEnd(bytes, value) + Number(varintAt(bytes, value));
  if (type === 5) return value + 4;
  if (type !== 3) return undefined;
  for (let next = value; next < bytes.length;) {
    if (varintAt(bytes, next) === tag + 1n) return varintEnd(bytes, next);
    const end = recordEnd(bytes, next);
    if (end === undefined || end <= next) return undefined;
    next = end;
  }
  return undefined;
}

export function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** One mistake, or none: the message may be as good as before. */
export function mutateWire(random: Random, bytes: Uint8Array, depth = 0): Uint8Array {
  const records = recordsOf(bytes);
  if (records === undefined || records.length === 0 || random.chance(10)) return mutateBytesOf(random, bytes);
  const index = random.below(records.length);
  const record = records[index];
  if (depth < 4 && (record[0] & 7) === 2 && random.chance(60)) records[index] = mutateInside(random, record, depth);
  else mutateRecords(random, records, index);
  return Buffer.concat(records);
}

function mutateInside(random: Random, record: Uint8Array, depth: number): Uint8Array {
  const lengthAt = varintEnd(record, 0);
  const content = mutateWire(random, record.subarray(varintEnd(record, lengthAt)), depth + 1);
  return Buffer.concat([record.subarray(0, lengthAt), varint(BigInt(content.length)), content]);
}

function mutateRecords(random: Random, records: Uint8Array[], index: number): void {
  const record = records[index];
  const other = random.below(records.length);
  const choice = random.below(8);
  if (choice === 0) records.push(record);
  else if (choice === 1) records.unshift(record);
  else if (choice === 2) [records[index], records[other]] = [records[other], record];
  else if (choice === 3) records.splice(index, 1);
  else if (choice === 4) records.reverse();
  else if (choice === 5)
    records.push(Buffer.concat([varint(BigInt(8 * (1 + random.below(40)))), varint(random.bigint())]));
  else if (choice === 6)
    records.push(
      Buffer.concat([
        varint(BigInt(8 * (1 + random.below(40)) + 2)),
        varint(3n),
        Buffer.from([8, random.below(256), 0]),
      ]),
    );
  else records[index] = Buffer.concat([Uint8Array.of(record[0] ^ (1 + random.below(7))), record.subarray(1)]);
}

function mutateBytesOf(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const choice = random.below(4);
  if (choice === 0) return bytes.slice(0, at);
  const inserted = choice === 1 ? [] : [random.pick([0, 1, 7, 8, 0x7f, 0x80, 0xff, random.below(256)])];
  return Buffer.concat([bytes.subarray(0, at), Uint8Array.from(inserted), bytes.subarray(at + (choice === 3 ? 0 : 1))]);
}
