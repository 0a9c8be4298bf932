// Every kind of call over every transport, with every outcome: a cell each, through a whole gateway, real clients and a real backend;
// with either transport to the backend.
import { expect } from "chai";
import { kinds } from "../support/stream-backend.ts";
import type { StreamHandle } from "../support/stream-client.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { outcomes, sharedOutcomes } from "./outcomes.ts";
import type { Cell, Outcome } from "./outcomes.ts";
import { cellOf, pairs, transports } from "./pairs.ts";
import { settled } from "./settled.ts";

/** What one status proves, others prove for the client's end only, which is the same behind either transport. */
const few = outcomes.filter(({ name }) => !name.startsWith("fails with") || name.includes("NOT_FOUND"));

for (const [name, rows] of [
  ["native", outcomes],
  ["grpc-js", few],
] as const)
  describe(`streams, the transport ${name} behind`, () => describeStreams(`transport: ${name}`, rows));

function describeStreams(yaml: string, rows: readonly Outcome[]): void {
  let gateway: StreamGateway;

  before(async () => {
    gateway = await startStreamGateway({ yaml });
  });

  after(() => gateway.close());

  for (const pair of pairs) {
    const { transport, kind } = pair;
    describe(`${kind} over ${transport.name}`, () => {
      for (const { name, play, kinds: fitting } of rows)
        if (fitting.includes(kind)) it(name, () => play(cellOf(gateway, pair)));
    });
  }

  for (const { name, kinds: fitting, begin, strike, expect: look } of sharedOutcomes) {
    describe(`each of many: ${name}`, () => {
      const affected = pairs.filter(({ kind }) => fitting.includes(kind));
      let cells: readonly Cell[];
      let calls: readonly StreamHandle[];

      before(async () => {
        await settled(gateway, () => 0);
        cells = affected.map((pair) => cellOf(gateway, pair));
        calls = await Promise.all(cells.map(begin));
        strike(cells);
      });

      affected.forEach(({ transport, kind }, index) => {
        it(`${kind} over ${transport.name}`, () => look(cells[index], calls[index]));
      });
    });
  }

  it("leave nothing behind", async () => {
    await settled(gateway, () => gateway.metric("sluice_streams") + gateway.backend.open.size);
    expect(gateway.metric("sluice_streams")).to.equal(0);
    expect(gateway.metric("sluice_websocket_sockets")).to.equal(0);
    expect(gateway.backend.open.size).to.equal(0);
    expect(gateway.reports).to.deep.equal([]);
  });

  it("are missing only where there is a reason", () => {
    const missing = transports.flatMap(({ name, lacks }) => Object.keys(lacks).map((kind) => `${kind} over ${name}`));
    expect(missing.filter((cell) => !cell.startsWith("unary over "))).to.deep.equal([]);
    expect(pairs).to.have.length(transports.length * kinds.length - missing.length);
  });
}
