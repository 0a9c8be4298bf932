// Doubles and floats as decimals and back, against what the runtime makes of the same bits.
import { deepStrictEqual as same, strictEqual as equal } from "node:assert/strict";
import { JsonCursor } from "../../src/translate/json/json-cursor.ts";
import { readDecimal } from "../../src/translate/json/read-decimal.ts";
import { writeDoubleDecimal, writeFloatDecimal } from "../../src/translate/json/write-decimal.ts";
import { writeDouble, writeFloat } from "../../src/translate/json/write-number.ts";
import { ByteSink } from "../../src/translate/wire/byte-sink.ts";
import { Random } from "../fuzz/random.ts";

const out = new ByteSink();

function textOf(write: (sink: ByteSink, value: number) => unknown, value: number): string {
  out.length = 0;
  write(out, value);
  return out.bytes.toString("latin1", 0, out.length);
}

const bits = new DataView(new ArrayBuffer(8));

function doubleOf(high: number, low: number): number {
  bits.setInt32(0, high);
  bits.setInt32(4, low);
  return bits.getFloat64(0);
}

/** Doubles of every kind that makes a decision: random bits, few and many decimals, powers of two, neighbours of decimals. */
function* doubles(count: number): Iterable<number> {
  const random = new Random(5);
  const unit = (): number => (random.bits() >>> 0) / 4294967296 + (random.bits() >>> 0) / 2 ** 64;
  for (let i = 0; i < count; i++) {
    yield doubleOf(random.bits(), random.bits());
    yield unit() * 100;
    yield unit() * 10 ** ((i % 60) - 40);
    yield Math.round(unit() * 1e9) / 10 ** (i % 18);
    yield 2 ** ((i % 1200) - 800);
    const decimal = Math.round(unit() * 1e6) / 1000 + 0.001;
    bits.setFloat64(0, decimal);
    const [high, low] = [bits.getInt32(0), bits.getInt32(4)];
    yield -doubleOf(high, low + 1);
    yield doubleOf(high, low - 1);
  }
}

/** The fewest digits that read back as the float. */
function shortestOfFloat(value: number): string {
  for (let precision = 1; ; precision++) {
    const decimal = Number(value.toPrecision(precision));
    if (Math.fround(decimal) === value) return String(decimal);
  }
}

describe("writeDouble, writeFloat", () => {
  it("write a double as JavaScript does", () => {
    let own = 0;
    for (const value of doubles(6000)) {
      if (!Number.isFinite(value) || Object.is(value, -0)) continue;
      equal(textOf(writeDouble, value), String(value));
      if (!Number.isInteger(value) && writeDoubleDecimal(out, value)) own++;
    }
    // Else this test would compare the runtime with itself.
    equal(own > 20_000, true);
  });

  it("write the shortest decimal of a float", () => {
    let own = 0;
    for (const double of doubles(2000)) {
      const value = Math.fround(double);
      if (!Number.isFinite(value) || Number.isSafeInteger(value)) continue;
      equal(textOf(writeFloat, value), shortestOfFloat(value));
      if (writeFloatDecimal(out, value)) own++;
    }
    equal(own > 8000, true);
  });

  it("leave what is no finite number to others", () => {
    for (const value of [Number.NaN, Infinity, -Infinity])
      same([writeDoubleDecimal(out, value), writeFloatDecimal(out, value)], [false, false]);
  });
});

describe("readDecimal", () => {
  /** What it makes of the text, and how much of it was taken. */
  function read(text: string): [number, number] {
    const json = new JsonCursor(Buffer.from(text));
    return [readDecimal(json), json.pos];
  }

  it("reads what Number reads, or leaves it", () => {
    const random = new Random(7);
    let own = 0;
    for (const value of doubles(3000)) {
      if (!Number.isFinite(value)) continue;
      const digits = `${1 + (random.bits() & 7)}${random.bits() >>> 0}${random.bits() >>> 0}`.slice(
        0,
        1 + (random.bits() & 15) + 4,
      );
      // Far from the end of the text there is another way.
      const more = (random.bits() & 1) === 0 ? "" : ",".repeat(40);
      for (const text of [String(value), `${digits}e${(random.bits() & 127) - 64}`, `0.${digits}`, `${digits}.5`]) {
        const [result, taken] = read(text + more);
        if (Number.isNaN(result)) equal(taken, 0);
        else {
          equal(result, Number(text), text);
          equal(taken, text.length);
          own++;
        }
      }
    }
    equal(own > 40_000, true);
  });

  it("leaves the middle between two doubles to others, and reads what is next to it", () => {
    same(read("9007199254740993"), [Number.NaN, 0]);
    same(read("9007199254740993.001"), [9007199254740994, 20]);
    same(read("9007199254740992.999"), [9007199254740992, 20]);
  });

  it("leaves what is not of JSON's grammar", () => {
    for (const text of ["01", "-01", "1.", "-", ".5", "1e", "1e+", "--1", "", "1.e5", "1e99999"])
      for (const more of ["", ",".repeat(40)]) same(read(text + more), [Number.NaN, 0]);
  });

  it("stops where the number ends", () => {
    for (const more of ["", ",".repeat(40)]) {
      same(read(`1.5,${more}`), [1.5, 3]);
      same(read(`-0${more}`), [-0, 2]);
      same(read(`1.2.3${more}`), [1.2, 3]);
    }
  });
});
