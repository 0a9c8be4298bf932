// google.rpc.RetryInfo in a backend's status becomes Retry-After.
import { WireReader } from "../../translate/wire/wire-reader.ts";

const detailsTag = (3 << 3) | 2;
const typeUrlTag = (1 << 3) | 2;
const valueTag = (2 << 3) | 2;
const retryDelayTag = (1 << 3) | 2;
const secondsTag = 1 << 3;
const nanosTag = 2 << 3;
const maxSeconds = 86_400;

/** Whole seconds, rounded up; undefined where no RetryInfo can be read out of the google.rpc.Status bytes. */
export function readRetryAfter(status: Uint8Array): string | undefined {
  try {
    for (const detail of children(status, detailsTag)) {
      const [typeUrl] = children(detail, typeUrlTag);
      if (typeUrl === undefined || !isRetryInfo(typeUrl)) continue;
      const delay = children(children(detail, valueTag)[0] ?? new Uint8Array(0), retryDelayTag)[0];
      if (delay !== undefined) return toSeconds(delay);
    }
  } catch {
    // Malformed details say nothing; the status itself is answered all the same.
  }
  return undefined;
}

function isRetryInfo(typeUrl: Uint8Array): boolean {
  return Buffer.from(typeUrl.buffer, typeUrl.byteOffset, typeUrl.length)
    .toString("latin1")
    .endsWith("/google.rpc.RetryInfo");
}

function children(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const reader = new WireReader(bytes, 0, bytes.length);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag !== wanted) {
      reader.skip(tag);
      continue;
    }
    const end = reader.lengthEnd();
    found.push(bytes.subarray(reader.pos, end));
    reader.pos = end;
  }
  return found;
}

function toSeconds(duration: Uint8Array): string | undefined {
  const reader = new WireReader(duration, 0, duration.length);
  let seconds = 0;
  let nanos = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === secondsTag) {
      reader.varint64();
      seconds = reader.hi < 0 ? -1 : Math.min(maxSeconds, reader.hi * 2 ** 32 + (reader.lo >>> 0));
    } else if (tag === nanosTag) nanos = reader.varint32();
    else reader.skip(tag);
  }
  return seconds < 0 || nanos < 0 ? undefined : String(Math.min(maxSeconds, seconds + (nanos > 0 ? 1 : 0)));
}
