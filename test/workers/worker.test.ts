import { expect } from "chai";
import type { FromPrimary, FromWorker } from "../../src/workers/messages.ts";
import { mergeMetrics } from "../../src/workers/merge-metrics.ts";
import { createWorker } from "../../src/workers/worker.ts";

function newWorker() {
  const sent: FromWorker[] = [];
  let tell = (_message: FromPrimary): void => {};
  let end = (): void => {};
  const worker = createWorker({
    send: (message) => void sent.push(message),
    onMessage: (listener) => (tell = listener),
    onEnd: (listener) => (end = listener),
  });
  return { worker, sent, tell: (message: FromPrimary) => tell(message), end: () => end() };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a worker", () => {
  it("asks the primary about limits, all questions of a turn in one message", async () => {
    const { worker, sent, tell } = newWorker();
    const answers = Promise.all([worker.limits.run(["a"], ["1"]), worker.limits.run(["b"], ["2"])]);
    await nextTurn();
    expect(sent).to.deep.equal([
      {
        kind: "questions",
        list: [
          [1, ["a"], ["1"]],
          [2, ["b"], ["2"]],
        ],
      },
    ]);
    tell({
      kind: "answers",
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

  it("stops with the primary, and keeps no question waiting for it", async () => {
    const { worker, end } = newWorker();
    const waiting = worker.limits.run(["a"], []).then(
      () => "answered",
      () => "refused",
    );
    end();
    expect([await waiting, worker.limits.isReady]).to.deep.equal(["refused", false]);
    expect(await worker.stopped).to.contain("gone");
  });

  it("tells its state when it is asked, and stops when it is told", async () => {
    const { worker, sent, tell } = newWorker();
    const state = { metrics: "m 1\n", readiness: { ready: true, reasons: [] } };
    worker.answerWith(() => state);
    tell({ kind: "ask", id: 3 });
    tell({ kind: "stop", signal: "SIGTERM" });
    expect(sent).to.deep.equal([{ kind: "state", id: 3, ...state }]);
    expect(await worker.stopped).to.equal("SIGTERM");
  });
});

describe("mergeMetrics", () => {
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
