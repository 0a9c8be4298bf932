import { expect } from "chai";
import fc from "fast-check";
import { closeAllKeySets, closeKeySet, KeySet, openKeySet } from "../../src/translate/json/key-set.ts";

function add(set: KeySet, text: string): boolean {
  const bytes = Buffer.from(`<${text}>`);
  return set.add(bytes, 1, bytes.length - 1);
}

describe("KeySet", () => {
  it("tells a new key from one that is there", () => {
    const set = new KeySet();
    expect(add(set, "a")).to.equal(true);
    expect(add(set, "b")).to.equal(true);
    expect(add(set, "a")).to.equal(false);
    expect(add(set, "")).to.equal(true);
    expect(add(set, "")).to.equal(false);
  });

  it("forgets everything when cleared, however large it grew", () => {
    const set = new KeySet();
    for (let i = 0; i < 5000; i++) add(set, `a key of some length ${i}`);
    set.clear();
    for (let i = 0; i < 5000; i++) expect(add(set, `a key of some length ${i}`)).to.equal(true);
    expect(add(set, "a key of some length 4999")).to.equal(false);
  });

  // With few probes it gives up its hash at once, so that this covers the way there and what comes after.
  for (const maxProbes of [1, 2, 3, 64]) {
    it(`agrees with a Set of strings when it looks at ${maxProbes} slots`, () => {
      fc.assert(
        fc.property(fc.array(fc.nat({ max: 300 }), { maxLength: 600 }), (keys) => {
          const set = new KeySet(maxProbes);
          const reference = new Set<number>();
          for (const key of keys) {
            expect(add(set, String(key))).to.equal(!reference.has(key));
            reference.add(key);
          }
        }),
        { seed: 1, numRuns: 60 },
      );
    });
  }

  it("keeps keys apart that only differ in length or in bytes that are no characters", () => {
    const set = new KeySet();
    const keys = [
      Buffer.of(0),
      Buffer.of(0, 0),
      Buffer.of(0xff),
      Buffer.of(0xfe),
      Buffer.of(0xc3, 0xa9),
      Buffer.of(0xe9),
    ];
    for (const key of keys) expect(set.add(key, 0, key.length)).to.equal(true);
    for (const key of keys) expect(set.add(key, 0, key.length)).to.equal(false);
  });

  it("is handed out one a level and empty", () => {
    const outer = openKeySet();
    add(outer, "a");
    const inner = openKeySet();
    expect(inner).to.not.equal(outer);
    expect(add(inner, "a")).to.equal(true);
    closeKeySet();
    expect(add(outer, "a")).to.equal(false);
    closeKeySet();
    expect(openKeySet()).to.equal(outer);
    expect(add(outer, "a")).to.equal(true);
    closeAllKeySets();
    expect(openKeySet()).to.equal(outer);
    closeKeySet();
  });
});
