// Bad URLs, queries, bodies and headers, and what the client is told: whole messages, through a whole gateway.
import type { GatewayFixture } from "../support/gateway.ts";
import { playCorpus } from "./corpus-file.ts";
import { playRaw, playRequest, startCorpusGateway } from "./http-answer.ts";

const folders = [
  ["urls", 75],
  ["queries", 80],
  ["bodies", 170],
  ["headers", 28],
] as const;

describe("corpus of requests", () => {
  let gateway: GatewayFixture;
  before(async () => (gateway = await startCorpusGateway()));
  after(() => gateway.close());

  for (const [folder, least] of folders)
    describe(folder, () => playCorpus(folder, least, (input) => playRequest(gateway, input)));
  describe("raw", () => playCorpus("raw", 35, (input) => playRaw(gateway, input)));
});
