// What conditions see of a message is what a backend will see, whatever bytes a client makes up: held against the reader that passes protobuf's conformance suite.
import { expect } from "chai";
import { compileCondition } from "../../../src/chain/authorize/condition.ts";
import { viewMessage } from "../../../src/chain/authorize/message-view.ts";
import { compileJsonWriter } from "../../../src/translate/json/json-writer.ts";
import { strictJson } from "../../../src/translate/options.ts";
import { schemaOf } from "../../support/schema.ts";
import { newCall } from "../new-call.ts";

const schema = schemaOf(`
  syntax = "proto3";
  package t;
  message Inner { string owner = 1; int32 count = 2; Inner inner = 3; }
  message M {
    string user_id = 1;
    int64 amount = 2;
    repeated int32 ids = 3;
    Inner inner = 4;
    oneof target { string account = 5; Inner place = 6; int32 number = 7; }
    map<string, int32> stock = 8;
    bool agreed = 9;
    uint32 size = 10;
    sint64 delta = 11;
    fixed32 fixed = 12;
    repeated string tags = 13;
    optional string note = 14;
    map<int32, Inner> inners = 15;
  }
  service S { rpc Get(M) returns (M); }
`);
const type = schema.message("t.M")!;
const write = compileJsonWriter(type, schema, { ...strictJson, emitDefaults: true, emitNullMessages: true });

/** A small generator with a seed, so that a failure can be made again. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Random = ReturnType<typeof createRandom>;

function varint(value: number, random: Random): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 0x80);
  bytes.push(rest);
  // Longer than it needs to be.
  if (random(12) === 0) {
    bytes[bytes.length - 1] += 0x80;
    bytes.push(0x80, 0x00);
  }
  return bytes;
}

function randomMessage(random: Random, depth = 0): number[] {
  return Array.from({ length: random(7) }, () => randomField(random, depth)).flat();
}

function randomField(random: Random, depth: number): number[] {
  const number = 1 + random(17);
  const wireType = [0, 2, 2, 2, 2, 0, 1, 5, 3][random(9)];
  const tag = varint(number * 8 + wireType, random);
  if (wireType === 0) return [...tag, ...varint([0, 1, 7, 300, 2 ** 31, 2 ** 32 + 5, 2 ** 40][random(7)], random)];
  if (wireType === 1) return [...tag, ...Array.from({ length: 8 }, () => random(256))];
  if (wireType === 5) return [...tag, ...Array.from({ length: 4 }, () => random(256))];
  if (wireType === 3) {
    const inside = depth > 2 ? [] : randomMessage(random, depth + 1);
    return [...tag, ...inside, ...varint(number * 8 + 4, random)];
  }
  const text = [...Buffer.from(["ada", "bob", "", "x"][random(4)])];
  const bytes = depth < 3 && random(2) === 0 ? randomMessage(random, depth + 1) : text;
  return [...tag, ...varint(bytes.length, random), ...bytes];
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if ("value" in value) return String(value.value);
  if (value instanceof Map) return plainMap(value as Map<unknown, unknown>);
  if (Symbol.iterator in value && "size" in value && !("has" in value))
    return Array.from(value as Iterable<unknown>, plain);
  return plainMap(value as Map<unknown, unknown>);
}

function plainMap(map: { entries(): Iterable<[unknown, unknown]> }): Record<string, unknown> {
  return Object.fromEntries(Array.from(map.entries(), ([key, value]) => [String(key), plain(value)]));
}

interface View {
  get(name: string): unknown;
  has(name: string): boolean;
}

/** As the JSON of the other reader. */
function describeView(view: View): Record<string, unknown> {
  const inner = (name: string): unknown => {
    if (!view.has(name)) return null;
    const { get } = { get: (one: string) => (view.get(name) as View).get(one) };
    return { owner: get("owner"), count: Number(get("count")) };
  };
  return {
    userId: view.get("user_id"),
    amount: plain(view.get("amount")),
    ids: (plain(view.get("ids")) as string[]).map(Number),
    inner: inner("inner"),
    account: view.has("account") ? view.get("account") : undefined,
    place: view.has("place") ? inner("place") : undefined,
    number: view.has("number") ? Number(view.get("number")) : undefined,
    stock: Object.fromEntries(
      Object.entries(plain(view.get("stock")) as object).map(([key, value]) => [key, Number(value)]),
    ),
    agreed: view.get("agreed"),
    size: Number(plain(view.get("size"))),
    delta: plain(view.get("delta")),
    fixed: Number(plain(view.get("fixed"))),
    tags: plain(view.get("tags")),
    note: view.has("note") ? view.get("note") : undefined,
  };
}

function describeJson(text: string): Record<string, unknown> {
  const json = JSON.parse(text) as Record<string, unknown>;
  const inner = (value: unknown): unknown => {
    const { owner, count } = (value ?? {}) as Record<string, unknown>;
    return value === undefined || value === null ? value : { owner, count };
  };
  const { inners: _inners, ...rest } = json;
  return { ...rest, inner: inner(json["inner"]), place: inner(json["place"]) };
}

describe("the request as conditions see it", () => {
  it("is what a backend sees, whatever the bytes are", () => {
    let read = 0;
    let refused = 0;
    for (let seed = 1; seed <= 6000; seed++) {
      const bytes = Uint8Array.from(randomMessage(createRandom(seed)));
      let expected: Record<string, unknown>;
      try {
        expected = describeJson(write(bytes).toString());
      } catch {
        refused++;
        continue;
      }
      read++;
      const shown = `seed ${seed}: ${Buffer.from(bytes).toString("hex")}`;
      const actual = describeView(viewMessage(type, bytes) as unknown as View);
      for (const [name, value] of Object.entries(actual))
        expect(value, `${name} of ${shown}`).to.deep.equal(expected[name]);
    }
    // Both happen often enough to mean something.
    expect(read).to.be.greaterThan(2000);
    expect(refused).to.be.greaterThan(200);
  });

  it("never throws out of a condition, and never lets a message pass that cannot be read", () => {
    const method = schema.method("t.S.Get")!;
    const context = { method, findEnum: () => undefined, knowsRequest: true };
    const texts = [
      "req.user_id == 'ada' || req.user_id != 'ada'",
      "req.inner.inner.owner != '?' && !has(req.inner.inner.inner)",
      "req.ids.all(i, i != 77) && req.tags.all(t, t != '?')",
    ];
    const conditions = texts.map((text) => {
      const condition = compileCondition(text, context);
      if ("faults" in condition) throw new Error(condition.faults[0].message);
      return condition;
    });
    const call = newCall({ method });
    for (let seed = 1; seed <= 3000; seed++) {
      const random = createRandom(seed);
      const whole = randomMessage(random);
      const cut = Uint8Array.from(
        whole.slice(0, random(whole.length + 1)).map((byte) => (random(9) === 0 ? random(256) : byte)),
      );
      for (const condition of conditions) {
        const answer = condition.evaluate(call, cut);
        expect(answer === true || typeof answer === "string").to.equal(true);
      }
    }
  });
});
