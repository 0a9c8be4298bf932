// The cells of the load bench: which question, which load, which subjects, which bound.
import { item, itemId, itemMethod, itemPath, itemRequest, order, orderPath } from "../corpus/load-messages.ts";
import { routePath } from "../corpus/routes-proto.ts";
import { checkEcho, checkGet, checkGrpc, checkHttp2Get } from "./answers.ts";
import { root } from "./folders.ts";
import { writeProtoset } from "./protoset.ts";
import type { Cell } from "./run-cell.ts";
import { ghz, h2load, pace, wrk } from "./tools.ts";

const echoLines = 34;
const echoBytes = JSON.stringify(order(echoLines)).length;
const compared = ["sluice", "grpc-gateway", "envoy", "vanguard"];
/** Half of what the slowest of the compared can do; the same for all. */
const restRate = 3200;
const grpcRate = 2000;
/** So few that each comes alone, however many connections there are, and that the slowest of the compared has answered one before the next. */
const pacedRate = 1000;
const curveConnections = [1, 8, 32, 128, 1000];
const url = (port: number, path: string): string => `http://127.0.0.1:${port}${path}`;

const restCells: readonly Cell[] = [
  {
    id: "get-small",
    bench: "rest",
    title: `GET, small (${JSON.stringify(item).length} bytes of JSON), 32 connections, wrk`,
    subjects: [...compared, "sluice-grpc-js", "express", "hello"],
    check: checkGet(),
    load: (port, seconds) => wrk({ url: url(port, itemPath), connections: 32, seconds }),
    bounds: [
      { against: "grpc-gateway", metric: "cpu", atMost: 0.5 },
      { against: "envoy", metric: "cpu", atMost: 0.6 },
    ],
  },
  {
    id: "post-nested",
    bench: "rest",
    title: `POST, ${echoBytes} bytes of nested JSON echoed, 32 connections, wrk`,
    subjects: [...compared, "sluice-grpc-js", "express"],
    check: checkEcho(echoLines),
    load: (port, seconds) => postOrder(port, { lines: echoLines, connections: 32, seconds }),
    bounds: [
      { against: "grpc-gateway", metric: "cpu", atMost: 0.2 },
      { against: "envoy", metric: "cpu", atMost: 0.45 },
    ],
  },
  {
    id: "http2-get",
    bench: "rest",
    title: "GET over HTTP/2, small, 4 connections with 8 streams each, h2load",
    subjects: compared,
    check: checkHttp2Get,
    load: (port, seconds) => h2load({ url: url(port, itemPath), connections: 4, streams: 8, seconds }),
    bounds: [{ against: "envoy", metric: "cpu", atMost: 0.6 }],
  },
  {
    id: "http2-get-single",
    bench: "rest",
    title: "GET over HTTP/2, small, 32 connections with one stream each, h2load",
    subjects: compared,
    check: checkHttp2Get,
    load: (port, seconds) => h2load({ url: url(port, itemPath), connections: 32, streams: 1, seconds }),
    bounds: [{ against: "envoy", metric: "cpu", atMost: 0.6 }],
  },
  {
    id: "get-rate",
    bench: "rest",
    title: `GET, small, ${restRate} requests a second on 32 connections, h2load`,
    subjects: [...compared, "express"],
    check: checkGet(),
    load: (port, seconds) =>
      h2load({ url: url(port, itemPath), connections: 32, streams: 1, seconds, isHttp1: true, rate: restRate }),
    warmUp: (port, seconds) => wrk({ url: url(port, itemPath), connections: 32, seconds }),
    bounds: [{ against: "grpc-gateway", metric: "p99", atMost: 1 }],
  },
  ...curveConnections.map(connectionsCell),
  ...curveConnections.map(pacedCell),
  ...[1, 34, 300, 2500].map(sizeCell),
  ...[10, 100, 1000].map(routesCell),
];

const grpcCells: readonly Cell[] = [
  {
    id: "grpc-unary",
    bench: "grpc",
    title: "gRPC → gRPC, small unary, 4 connections with 8 streams each, h2load",
    subjects: ["sluice", "sluice-grpc-js", "envoy-proxy", "vanguard", "grpc-js-proxy", "backend"],
    check: checkGrpc,
    load: saturateGrpc,
    bounds: [
      { against: "envoy-proxy", metric: "cpu", atMost: 0.8 },
      { against: "grpc-js-proxy", metric: "cpu", atMost: 1 / 6 },
      { against: "sluice-grpc-js", metric: "cpu", atMost: 1 / 4 },
    ],
  },
  {
    id: "grpc-ghz",
    bench: "grpc",
    title: "gRPC → gRPC, small unary, 32 concurrent calls on 4 connections, ghz",
    subjects: ["sluice", "envoy-proxy", "vanguard", "grpc-js-proxy", "backend"],
    check: checkGrpc,
    load: (port, seconds) => ghzItem(port, { calls: seconds < 2 ? 2000 : 40_000, concurrency: 32 }),
    warmUp: saturateGrpc,
    bounds: [{ against: "envoy-proxy", metric: "p50", atMost: 1, isAdded: true }],
  },
  {
    id: "grpc-rate",
    bench: "grpc",
    title: `gRPC → gRPC, small unary, ${grpcRate} calls a second, ghz`,
    subjects: ["sluice", "envoy-proxy", "vanguard", "grpc-js-proxy", "backend"],
    check: checkGrpc,
    load: (port, seconds) => ghzItem(port, { calls: grpcRate * seconds, concurrency: 32, rate: grpcRate }),
    warmUp: saturateGrpc,
    bounds: [
      { against: "envoy-proxy", metric: "p50", atMost: 1, isAdded: true },
      { against: "envoy-proxy", metric: "p99", atMost: 1 },
    ],
  },
];

export const cells: readonly Cell[] = [...restCells, ...grpcCells];

function postOrder(
  port: number,
  { lines, ...load }: { readonly lines: number; readonly connections: number; readonly seconds: number },
): ReturnType<typeof wrk> {
  return wrk({ url: url(port, orderPath), body: JSON.stringify(order(lines)), ...load });
}

function saturateGrpc(port: number, seconds: number): ReturnType<typeof h2load> {
  return h2load({ url: url(port, itemMethod), connections: 4, streams: 8, seconds, grpc: itemRequest });
}

function ghzItem(
  port: number,
  load: { readonly calls: number; readonly concurrency: number; readonly rate?: number },
): ReturnType<typeof ghz> {
  const data = JSON.stringify({ id: itemId });
  const protoset = writeProtoset(`${root}bench/corpus/load.proto`, `${root}bench/corpus`);
  return ghz({ target: `127.0.0.1:${port}`, call: itemMethod.slice(1), data, protoset, ...load });
}

function connectionsCell(connections: number): Cell {
  return {
    id: `connections-${connections}`,
    bench: "rest",
    title: `GET, small, ${connections} connections, wrk`,
    // With a floor: what a process pays for being woken, and for many sockets, it pays without a gateway, too.
    subjects: [...compared, "hello"],
    check: checkGet(),
    load: (port, seconds) => wrk({ url: url(port, itemPath), connections, seconds }),
    // Opening a thousand connections is not what is asked about: the run is long enough for it to be little.
    seconds: connections >= 1000 ? 6 : 2,
    point: { curve: "connections", x: connections },
  };
}

/** What connections cost, and nothing else: with all of them busy it also grows how many requests a gateway finds whenever it wakes. */
function pacedCell(connections: number): Cell {
  return {
    id: `paced-${connections}`,
    bench: "rest",
    title: `GET, small, ${pacedRate} requests a second, evenly spaced, on ${connections} connections, pace`,
    subjects: ["sluice", "grpc-gateway", "envoy", "hello"],
    check: checkGet(),
    load: (port, seconds) => pace({ url: url(port, itemPath), connections, seconds, rate: pacedRate }),
    warmUp: (port, seconds) => wrk({ url: url(port, itemPath), connections: 32, seconds }),
    // As above: at this rate it takes longer.
    seconds: connections >= 1000 ? 16 : 4,
    point: { curve: "paced", x: connections },
  };
}

function sizeCell(lines: number): Cell {
  const bytes = JSON.stringify(order(lines)).length;
  return {
    id: `size-${bytes}`,
    bench: "rest",
    title: `POST, ${bytes} bytes of nested JSON echoed, 8 connections, wrk`,
    subjects: compared,
    check: checkEcho(lines),
    load: (port, seconds) => postOrder(port, { lines, connections: 8, seconds }),
    seconds: 2,
    point: { curve: "size", x: bytes },
  };
}

function routesCell(routes: number): Cell {
  // The middle one: a router that tries one route after another is asked for its average.
  const path = routePath(Math.floor(routes / 20));
  return {
    id: `routes-${routes}`,
    bench: "rest",
    title: `GET, small, ${routes} routes, 32 connections, wrk`,
    subjects: compared,
    routes,
    check: checkGet(path),
    load: (port, seconds) => wrk({ url: url(port, path), connections: 32, seconds }),
    seconds: 2,
    point: { curve: "routes", x: routes },
  };
}
