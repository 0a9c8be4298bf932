import { expect } from "chai";
import fc from "fast-check";
import type { StreamCore } from "../../src/http2/stream.ts";
import { StreamTable } from "../../src/http2/stream-table.ts";

const streamOf = (id: number): StreamCore => ({ id }) as StreamCore;

describe("StreamTable", () => {
  it("holds what a Map would hold, whatever comes and goes", () => {
    // Few ids and close together: they collide, wrap around the end and leave holes in every way there is.
    const step = fc.tuple(fc.boolean(), fc.nat({ max: 60 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const table = new StreamTable();
        const model = new Map<number, StreamCore>();
        for (const [isAdded, number] of steps) {
          const id = number * 2 + 1;
          if (!isAdded) {
            table.delete(id);
            model.delete(id);
          } else if (!model.has(id)) {
            const stream = streamOf(id);
            table.add(stream);
            model.set(id, stream);
          }
          expect(table.size).to.equal(model.size);
          for (let other = 1; other <= 121; other += 2) expect(table.get(other)).to.equal(model.get(other));
        }
        expect(table.values().map(({ id }) => id)).to.have.members([...model.keys()]);
      }),
    );
  });

  it("keeps old streams beside new ones a million ids on", () => {
    const table = new StreamTable();
    for (const id of [1, 3, 5]) table.add(streamOf(id));
    for (let id = 7; id < 2_000_000; id += 2) {
      table.add(streamOf(id));
      table.delete(id);
    }
    expect(table.size).to.equal(3);
    expect([1, 3, 5, 7, 1_999_999].map((id) => table.has(id))).to.deep.equal([true, true, true, false, false]);
  });

  it("tells the streams there were when it was asked", () => {
    const table = new StreamTable();
    for (let id = 1; id < 2000; id += 2) table.add(streamOf(id));
    for (const { id } of table.values()) table.delete(id);
    expect(table.size).to.equal(0);
    expect(table.values()).to.deep.equal([]);
  });
});
