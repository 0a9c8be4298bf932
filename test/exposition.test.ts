// The same metrics in both formats, and how OpenMetrics differs.
import { expect } from "chai";
import { formatMetrics } from "../src/exposition.ts";
import type { Metric } from "../src/exposition.ts";

const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const metrics: readonly Metric[] = [
  { name: "x_calls_total", type: "counter", help: 'Calls, "all".', samples: [[{ code: "OK" }, 2]] },
  { name: "x_waited_seconds_total", type: "counter", help: "Time.", samples: [[{}, 0.5]] },
  { name: "x_held_bytes", type: "gauge", help: "Bytes.", samples: [[{}, 7]] },
  {
    name: "x_duration_seconds",
    type: "histogram",
    help: "Durations.",
    samples: [
      [
        {},
        {
          bounds: [0.5, 1],
          counts: [1, 0, 1],
          sum: 3,
          exemplars: [undefined, undefined, { ...trace, value: 2.5, at: 1700000000.1234 }],
        },
      ],
    ],
  },
];

describe("formatMetrics", () => {
  it("writes what Prometheus has always read, without exemplars", () => {
    expect(formatMetrics(metrics).split("\n")).to.deep.equal([
      '# HELP x_calls_total Calls, "all".',
      "# TYPE x_calls_total counter",
      'x_calls_total{code="OK"} 2',
      "# HELP x_waited_seconds_total Time.",
      "# TYPE x_waited_seconds_total counter",
      "x_waited_seconds_total 0.5",
      "# HELP x_held_bytes Bytes.",
      "# TYPE x_held_bytes gauge",
      "x_held_bytes 7",
      "# HELP x_duration_seconds Durations.",
      "# TYPE x_duration_seconds histogram",
      'x_duration_seconds_bucket{le="0.5"} 1',
      'x_duration_seconds_bucket{le="1.0"} 1',
      'x_duration_seconds_bucket{le="+Inf"} 2',
      "x_duration_seconds_sum 3",
      "x_duration_seconds_count 2",
      "",
    ]);
  });

  it("writes OpenMetrics: families without _total, units, exemplars, and an end", () => {
    expect(formatMetrics(metrics, "openmetrics").split("\n")).to.deep.equal([
      '# HELP x_calls Calls, \\"all\\".',
      "# TYPE x_calls counter",
      'x_calls_total{code="OK"} 2',
      "# HELP x_waited_seconds Time.",
      "# TYPE x_waited_seconds counter",
      "# UNIT x_waited_seconds seconds",
      "x_waited_seconds_total 0.5",
      "# HELP x_held_bytes Bytes.",
      "# TYPE x_held_bytes gauge",
      "# UNIT x_held_bytes bytes",
      "x_held_bytes 7",
      "# HELP x_duration_seconds Durations.",
      "# TYPE x_duration_seconds histogram",
      "# UNIT x_duration_seconds seconds",
      'x_duration_seconds_bucket{le="0.5"} 1',
      'x_duration_seconds_bucket{le="1.0"} 1',
      `x_duration_seconds_bucket{le="+Inf"} 2 # {trace_id="${trace.traceId}",span_id="${trace.spanId}"} 2.5 1700000000.123`,
      "x_duration_seconds_sum 3",
      "x_duration_seconds_count 2",
      "# EOF",
      "",
    ]);
  });
});
