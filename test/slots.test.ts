import { expect } from "chai";
import { compileSlots, OwnSlots, takeEach } from "../src/slots.ts";
import type { SlotLink, Slots } from "../src/slots.ts";

describe("OwnSlots", () => {
  it("counts each key by itself, down too, and forgets keys with nothing taken", () => {
    const slots = new OwnSlots(1);
    expect([slots.take("a"), slots.take("a"), slots.take("b")]).to.deep.equal([true, false, true]);
    slots.release("a");
    expect(slots.take("a")).to.equal(true);
    slots.release("a");
    slots.release("b");
    expect(slots.size).to.equal(0);
  });

  it("has no bound without one", () => {
    const slots = new OwnSlots();
    for (let i = 0; i < 1000; i++) expect(slots.take("a")).to.equal(true);
  });
});

describe("takeEach", () => {
  const later = (slots: OwnSlots): Slots => ({
    take: (key) => Promise.resolve(slots.take(key)),
    release: (key) => slots.release(key),
  });

  for (const [how, wrap] of [
    ["at once", (slots: OwnSlots): Slots => slots],
    ["after asking", later],
  ] as const) {
    it(`takes one of each ${how}, or none`, async () => {
      const [wide, narrow] = [new OwnSlots(3), new OwnSlots(1)];
      const wanted = [
        [wrap(wide), "a"],
        [wrap(narrow), "b"],
      ] as const;
      expect(await takeEach(wanted)).to.equal(undefined);
      expect(await takeEach(wanted)).to.equal(wanted[1][0]);
      // The refused one has left nothing behind: two more fit.
      expect([wide.take("a"), wide.take("a"), wide.take("a")]).to.deep.equal([true, true, false]);
    });
  }
});

describe("compileSlots", () => {
  it("asks the link for what is bounded only, with a share of the processes of at least one", () => {
    const asked: unknown[] = [];
    const own = new OwnSlots();
    const link: SlotLink = {
      slotsOf: (...all) => {
        asked.push(all);
        return own;
      },
      onLate() {},
      counts: () => [],
    };
    const slotsOf = compileSlots(link, 4);
    expect(slotsOf("server.max_connections", undefined)).to.be.instanceOf(OwnSlots).and.not.to.equal(own);
    expect(slotsOf("server.max_connections", 10)).to.equal(own);
    slotsOf("max_in_flight", 3);
    expect(asked).to.deep.equal([
      ["server.max_connections", 10, 2],
      ["max_in_flight", 3, 1],
    ]);
  });
});
