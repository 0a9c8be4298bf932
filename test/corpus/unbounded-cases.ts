// Work that costs what no parser may: bounds.heavy.ts proves with it that the measure of cost sees it.
import type { Bounded } from "./bounded.ts";

const maxBytes = 256 * 1024;
const make = (size: number): Buffer => Buffer.alloc(size, "a");
const of = (name: string, run: (input: Buffer) => unknown): Bounded => ({ name, maxBytes, make, run });

function busy(steps: number): number {
  let sum = 0;
  for (let step = 0; step < steps; step++) sum = (sum * 31 + step) | 0;
  return sum;
}

const memory = new Map<string, unknown>();

export const cases: readonly Bounded[] = [
  of("linear", (input) => input.toString().split("").length + busy(input.length * 10)),
  of("garbage", (input) => Array.from(input, (byte) => ({ byte, list: [byte] })).length),
  of("quadratic", (input) => busy((input.length * input.length) / 1000)),
  of("quadratic, with a high fixed cost", (input) => busy(1_000_000 + (input.length * input.length) / 500)),
  { ...of("quadratic regular expression", (input) => /a+b/.test(input.toString("latin1"))), maxBytes: 8192 },
  of("quadratic copies", (input) => {
    let copied = Buffer.alloc(0);
    for (let at = 0; at < input.length; at += 32) copied = Buffer.concat([copied, input.subarray(at, at + 32)]);
    return copied;
  }),
  of("kept at the end", (input) => Array.from(input, (byte) => ({ byte, more: [byte, byte, byte, byte, byte, byte] }))),
  of("needed while it runs", (input) => {
    const needed = Array.from(input, (byte) => ({ byte, more: [byte, byte, byte, byte, byte, byte] }));
    return needed.reduce((sum, { more }) => sum + more.length, 0);
  }),
  of("external", (input) => Buffer.alloc(input.length * 200)),
  of("remembered", (input) => {
    for (let at = 0; at < input.length; at++) memory.set(`${input.length} ${at}`, at);
  }),
];
