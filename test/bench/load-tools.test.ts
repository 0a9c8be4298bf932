import { expect } from "chai";
import { parseH2load, parsePace, parseWrk } from "../../bench/load/tools.ts";

const wrkOutput = `Running 2s test @ http://127.0.0.1:8080/v1/items/8f14e45f
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.31ms  456.00us  11.26ms   91.13%
    Req/Sec    23.96k     3.02k   27.55k    76.19%
  Latency Distribution
     50%    0.91ms
     75%    1.41ms
     90%    1.63ms
     99%    1.02s
  65503 requests in 2.10s, 18.30MB read
REST
Requests/sec:  31192.02
Transfer/sec:      8.71MB
`;

const h2loadOutput = `starting benchmark...
finished in 3.01s, 27460.33 req/s, 4.12MB/s
requests: 82413 total, 82445 started, 82381 done, 82380 succeeded, 3 failed, 2 errored, 1 timeout
status codes: 82413 2xx, 4 3xx, 5 4xx, 6 5xx
traffic: 12.36MB (12963411) total, 321.88KB (329611) headers (space savings 97.91%), 11.47MB (12032298) data
                     min         max         mean         sd        +/- sd
time for request:      312us     12.03ms      1.14ms       291us    89.35%
`;

describe("parseWrk", () => {
  it("reads requests, time and latencies in µs", () => {
    const seen = parseWrk(wrkOutput.replace("REST\n", ""));
    expect(seen).to.deep.equal({ requests: 65503, errors: 0, seconds: 2.1, p50: 910, p99: 1_020_000 });
  });

  it("counts socket errors and answers other than 2xx and 3xx", () => {
    const faults = "  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 10\n";
    expect(parseWrk(wrkOutput.replace("REST\n", faults)).errors).to.equal(20);
  });
});

describe("parseH2load", () => {
  it("counts answers of 2xx as requests, other answers, errors and timeouts as errors", () => {
    expect(parseH2load(h2loadOutput)).to.deep.equal({ requests: 82413, errors: 18, seconds: 3.01 });
  });

  it("finds nothing in the output of a run that never connected", () => {
    expect(parseH2load("starting benchmark...\n").requests).to.equal(0);
  });
});

describe("parsePace", () => {
  it("reads requests, errors, time and latencies in µs", () => {
    const seen = parsePace("3998 requests, 2 errors in 4.003s, 50% 216us, 99% 1034us\n");
    expect(seen).to.deep.equal({ requests: 3998, errors: 2, seconds: 4.003, p50: 216, p99: 1034 });
  });
});
