// Every kind of stream over every transport while one end does not read: the other is held back, and nothing is lost.
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { flowOutcomes } from "./outcomes.ts";
import { cellOf, pairs } from "./pairs.ts";

describe("the flow of streams", () => {
  // Megabytes pass in each.
  let gateway: StreamGateway;

  before(async () => {
    gateway = await startStreamGateway();
  });

  after(() => gateway.close());

  for (const { name, play, kinds } of flowOutcomes)
    for (const pair of pairs.filter(({ kind }) => kinds.includes(kind)))
      it(`${pair.kind} over ${pair.transport.name} ${name}`, () => play(cellOf(gateway, pair)));
});
