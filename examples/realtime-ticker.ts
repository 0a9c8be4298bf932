// realtime.v1.Ticker: prices as a stream from the server.
import { status } from "@grpc/grpc-js";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { invalidArgument, notFound, RpcError, toStatusObject } from "./rpc-error.ts";
import { unary } from "./serve.ts";
import type { ServiceSource } from "./serve.ts";
import type { Timestamp } from "./shop.ts";

interface WatchRequest {
  readonly symbols: readonly string[];
  readonly interval: { readonly seconds: string; readonly nanos: number } | null;
  readonly count: number;
  readonly after_sequence: string;
  readonly cursor: string;
}

/** Where a stream stands: several symbols share a round, so it can be cut off in the middle of one. */
interface Place {
  /** Round the stream began with: it ends `count` rounds later, however often it is resumed. */
  readonly first: bigint;
  readonly round: bigint;
  /** How many symbols of the round have been sent. */
  readonly sent: number;
}

/** Symbol → the price its curve swings around. */
const basePrices = new Map([
  ["TEA", 34.5],
  ["INK", 11.9],
  ["FERN", 16],
]);

export function createTicker(): ServiceSource {
  return {
    service: "realtime.v1.Ticker",
    file: "realtime/v1/ticker.proto",
    implementation: {
      Watch: watch,
      GetTick: unary(({ symbol }: { symbol: string }) => {
        if (!basePrices.has(symbol)) throw notFound("realtime.v1.Tick", symbol);
        return createTick(symbol, 1n);
      }),
    },
  };
}

function watch(call: ServerWritableStream<WatchRequest, object>): void {
  try {
    startWatch(call);
  } catch (error) {
    call.emit("error", toStatusObject(error));
  }
}

function startWatch(call: ServerWritableStream<WatchRequest, object>): void {
  const { request } = call;
  const symbols = readSymbols(request.symbols);
  const interval = readInterval(request.interval);
  const { first, round, sent } = request.cursor === "" ? toStart(request) : readCursor(request.cursor, symbols.length);
  const last = request.count === 0 ? undefined : first + BigInt(request.count);
  let next = round;
  let skipped = sent;
  let timer: NodeJS.Timeout | undefined;
  const sendRound = (): void => {
    if (call.cancelled) return;
    let hasRoom = true;
    if (next !== last) {
      for (const [index, symbol] of symbols.entries()) {
        if (index < skipped) continue;
        hasRoom = call.write({ ...createTick(symbol, next), cursor: `${first}.${next}.${index + 1}` });
      }
      skipped = 0;
      next += 1n;
    }
    if (next === last) call.end();
    // A slow reader gets its rounds late rather than piling them up here.
    else if (hasRoom) timer = setTimeout(sendRound, interval);
    else call.once("drain", sendRound);
  };
  call.once("cancelled", () => clearTimeout(timer));
  sendRound();
}

function toStart({ after_sequence: after }: WatchRequest): Place {
  const first = BigInt(after) + 1n;
  return { first, round: first, sent: 0 };
}

/** `first.round.sent`, as a tick had it. A round that was sent whole is followed by the next. */
function readCursor(cursor: string, symbols: number): Place {
  const match = /^(\d{1,19})\.(\d{1,19})\.(\d{1,3})$/.exec(cursor);
  const [first, round, sent] = match === null ? [1n, 0n, 0] : [BigInt(match[1]), BigInt(match[2]), Number(match[3])];
  if (round < first || sent < 1 || sent > symbols)
    throw invalidArgument("cursor", "must come from a tick of a stream with the same symbols");
  return sent === symbols ? { first, round: round + 1n, sent: 0 } : { first, round, sent };
}

function readSymbols(symbols: readonly string[]): readonly string[] {
  for (const symbol of symbols) if (!basePrices.has(symbol)) throw notFound("realtime.v1.Tick", symbol);
  return symbols.length === 0 ? [...basePrices.keys()] : symbols;
}

function readInterval(interval: WatchRequest["interval"]): number {
  if (interval === null) return 1000;
  const ms = Number(interval.seconds) * 1000 + interval.nanos / 1e6;
  if (ms < 10) throw invalidArgument("interval", "must be at least 10 milliseconds");
  if (ms > 60_000) throw new RpcError(status.OUT_OF_RANGE, "interval must be at most one minute");
  return ms;
}

/** The price depends on the sequence number alone, so a stream can be resumed and a test can know it. */
function createTick(symbol: string, sequence: bigint): object {
  const base = basePrices.get(symbol) ?? 0;
  const at = Number(sequence % 1_000_000n) + 10 * symbol.length;
  const swing = 0.05 * Math.sin(at / 9) + 0.015 * Math.sin(at / 2.3 + base);
  const price = Math.round(base * (1 + swing) * 1000) / 1000;
  return { symbol, sequence: String(sequence), price, time: currentTime() };
}

export function currentTime(): Timestamp {
  const ms = Date.now();
  return { seconds: String(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 };
}
