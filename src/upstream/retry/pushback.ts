// What a backend says of when to come again: `grpc-retry-pushback-ms` in its trailers (gRFC A6, "Pushback").
import type { Metadata } from "../../metadata.ts";

/** So long no call is kept waiting for its next attempt. */
const longestMs = 60_000;

/** Milliseconds; `stop` for not at all, which a value says as well that is negative, no number, too long, or there twice. */
export function readPushback(trailers: Metadata): number | "stop" | undefined {
  let found: number | "stop" | undefined;
  for (let i = 0; i < trailers.length; i += 2) {
    if (trailers[i] !== "grpc-retry-pushback-ms") continue;
    found = found === undefined ? parsePushback(trailers[i + 1]) : "stop";
  }
  return found;
}

function parsePushback(text: string): number | "stop" {
  return /^(?:0|[1-9]\d{0,9})$/.test(text) && Number(text) <= longestMs ? Number(text) : "stop";
}
