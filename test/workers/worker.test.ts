import { expect } from "chai";
import type { FromPrimary, FromWorker } from "../../src/workers/messages.ts";
import { mergeMetrics } from "../../src/workers/merge-metrics.ts";
import { createWorker } from "../../src/workers/worker.ts";
import { standStill } from "../support/stand-still.ts";

function newWorker() {
  const sent: FromWorker[] = [];
  let tell = (_message: FromPrimary): void => {};
  let end = (): void => {};
  const worker = createWorker({
    send: (message) => sent.push(message) > 0,
    onMessage: (listener) => (tell = listener),
    onEnd: (listener) => (end = listener),
  });
  return { worker, sent, tell: (message: FromPrimary) => tell(message), end: () => end() };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a worker", () => {
  it("asks the primary about limits, all questions of a turn in one message", async () => {
    const { worker, sent, tell } = newWorker();
    const answers = Promise.all([worker.links.limits.run(["a"], ["1"]), worker.links.limits.run(["b"], ["2"])]);
    await nextTurn();
    expect(sent).to.deep.equal([
      {
        kind: "limits",
        list: [
          [1, { keys: ["a"], args: ["1"] }],
          [2, { keys: ["b"], args: ["2"] }],
        ],
      },
    ]);
    tell({
      kind: "limits",
      list: [
        [2, [0, 5]],
        [1, [1, 0]],
        [99, [1, 0]],
      ],
    });
    expect(await answers).to.deep.equal([
      [1, 0],
      [0, 5],
    ]);
  });

  it("waits for a primary that stood still with the whole machine", async () => {
    const { worker, tell } = newWorker();
    const answer = worker.links.limits.run(["a"], ["1"]);
    await nextTurn();
    standStill(1100);
    await nextTurn();
    tell({ kind: "limits", list: [[1, [1, 0]]] });
    expect(await answer).to.deep.equal([1, 0]);
  });

  it("does not wait for ever", async () => {
    const { worker } = newWorker();
    const answers = ["a", "b"].map((key) => worker.links.limits.run([key], ["1"]).catch(String));
    for (const answer of answers) expect(await answer).to.contain("does not answer");
  });

  it("leaves tickets to the primary, and takes from it what another worker left", async () => {
    const { worker, sent, tell } = newWorker();
    const { tickets } = worker.links;
    const ticket = { path: "/a", principal: "p", credentials: { authorization: "Bearer x" } };
    const kept = tickets.keep("h1", ticket);
    const taken = ["h2", "h3"].map(async (hash) => tickets.take(hash));
    await nextTurn();
    const list = [
      [1, { hash: "h1", ticket }],
      [2, { hash: "h2" }],
      [3, { hash: "h3" }],
    ];
    expect(sent).to.deep.equal([{ kind: "tickets", list }]);
    tell({
      kind: "tickets",
      list: [
        [1, true],
        [2, ticket],
        [3, null],
      ],
    });
    expect([await kept, ...(await Promise.all(taken))]).to.deep.equal([true, ticket, undefined]);
  });

  it("tells of refusals together after a moment, and hears of bans", async () => {
    const { worker, sent, tell } = newWorker();
    const { bans } = worker.links;
    const heard: unknown[] = [];
    bans.onBan((...all) => heard.push(all));
    bans.charge("address", "192.0.2.1", 5);
    bans.charge("principal", "192.0.2.1", 2);
    bans.charge("address", "192.0.2.1", 1);
    expect(sent).to.deep.equal([]);
    while (sent.length === 0) await nextTurn();
    const list = [
      ["address", "192.0.2.1", 6],
      ["principal", "192.0.2.1", 2],
    ];
    expect(sent).to.deep.equal([{ kind: "charges", list }]);
    const ban = { key: "192.0.2.1", remainingMs: 1000, bans: 1 };
    tell({ kind: "bans", of: "address", list: [ban], isOwn: true });
    expect(heard).to.deep.equal([["address", ban, true]]);
  });

  it("stops with the primary, and keeps no question waiting for it", async () => {
    const { worker, end } = newWorker();
    const waiting = worker.links.limits.run(["a"], []).then(
      () => "answered",
      () => "refused",
    );
    const taking = Promise.resolve(worker.links.tickets.take("h")).catch(() => "refused");
    end();
    expect(await taking).to.equal("refused");
    expect([await waiting, worker.links.limits.isReady]).to.deep.equal(["refused", false]);
    expect(await worker.stopped).to.contain("gone");
  });

  it("tells its state when it is asked, and stops when it is told", async () => {
    const { worker, sent, tell } = newWorker();
    const state = { metrics: "m 1\n", readiness: { ready: true, reasons: [] } };
    const asked: string[] = [];
    worker.answerWith((format) => {
      asked.push(format);
      return state;
    });
    tell({ kind: "ask", id: 3, format: "openmetrics" });
    tell({ kind: "stop", signal: "SIGTERM" });
    expect(sent).to.deep.equal([{ kind: "state", id: 3, ...state }]);
    expect(asked).to.deep.equal(["openmetrics"]);
    expect(await worker.stopped).to.equal("SIGTERM");
  });
});

describe("mergeMetrics", () => {
  it("leaves exemplars with their samples, and one end of OpenMetrics", () => {
    const text = (id: string): string =>
      `# HELP h H.\n# TYPE h histogram\nh_bucket{le="+Inf"} 1 # {trace_id="${id}"} 0.2 1.500\nh_sum 0.2\nh_count 1\n# EOF\n`;
    const texts = new Map([
      [1, text("a")],
      [2, text("b")],
    ]);
    expect(mergeMetrics(texts, "openmetrics").split("\n")).to.deep.equal([
      "# HELP h H.",
      "# TYPE h histogram",
      'h_bucket{worker="1",le="+Inf"} 1 # {trace_id="a"} 0.2 1.500',
      'h_sum{worker="1"} 0.2',
      'h_count{worker="1"} 1',
      'h_bucket{worker="2",le="+Inf"} 1 # {trace_id="b"} 0.2 1.500',
      'h_sum{worker="2"} 0.2',
      'h_count{worker="2"} 1',
      "# EOF",
      "",
    ]);
  });

  it("tells workers apart by a label, and describes each metric once", () => {
    const one = '# HELP a A.\n# TYPE a counter\na{x="{1} \\"2\\""} 1\n# HELP b B.\n# TYPE b gauge\nb 2\n';
    const two = "# HELP b B.\n# TYPE b gauge\nb 3\n# HELP c C.\n# TYPE c gauge\nc_sum 4\n";
    expect(
      mergeMetrics(
        new Map([
          [1, one],
          [2, two],
        ]),
      ),
    ).to.equal(
      '# HELP a A.\n# TYPE a counter\na{worker="1",x="{1} \\"2\\""} 1\n# HELP b B.\n# TYPE b gauge\nb{worker="1"} 2\nb{worker="2"} 3\n# HELP c C.\n# TYPE c gauge\nc_sum{worker="2"} 4\n',
    );
  });

  it("is empty for nobody", () => expect(mergeMetrics(new Map())).to.equal(""));
});
