// How each transport tells the end of a call, by docs/websocket.md, docs/http-streams.md and docs/rest.md.
import { expect } from "chai";
import { failure } from "../support/stream-backend.ts";
import type { Kind } from "../support/stream-backend.ts";
import type { Ended, StreamTransport, Way } from "../support/stream-client.ts";

/** google/rpc/code.proto: name and HTTP status. */
export const codes: readonly (readonly [name: string, httpStatus: number])[] = [
  ["OK", 200],
  ["CANCELLED", 499],
  ["UNKNOWN", 500],
  ["INVALID_ARGUMENT", 400],
  ["DEADLINE_EXCEEDED", 504],
  ["NOT_FOUND", 404],
  ["ALREADY_EXISTS", 409],
  ["PERMISSION_DENIED", 403],
  ["RESOURCE_EXHAUSTED", 429],
  ["FAILED_PRECONDITION", 400],
  ["ABORTED", 409],
  ["OUT_OF_RANGE", 400],
  ["UNIMPLEMENTED", 501],
  ["INTERNAL", 500],
  ["UNAVAILABLE", 503],
  ["DATA_LOSS", 500],
  ["UNAUTHENTICATED", 401],
];

export interface Failing {
  readonly code: number;
  /** Whether the client had got messages. */
  readonly afterMessages: boolean;
  /** The backend's own status, with all that belongs to it; else one that the gateway made up. */
  readonly ofBackend: boolean;
}

interface Told {
  readonly how: string | RegExp;
  readonly code: boolean;
  readonly message: boolean;
  readonly details: boolean;
  readonly trailers: boolean;
}

const all = { code: true, message: true, details: true, trailers: true };

function tells(way: Way, kind: Kind, { code, afterMessages }: Failing): Told {
  if (way.kind === "http") {
    const isInside = kind !== "client-streaming" && afterMessages;
    return isInside ? tellsInside(way, code) : { ...all, how: `HTTP ${codes[code][1]}`, trailers: false };
  }
  if (way.kind === "simple") return { ...all, how: new RegExp(`^close ${4000 + code} ${codes[code][0]}: .`) };
  return { ...all, how: way.kind === "grpc" ? "grpc-status" : "status frame" };
}

/** After the head of the answer. */
function tellsInside({ form, readsTrailers }: Extract<Way, { readonly kind: "http" }>, code: number): Told {
  if (form === "ndjson") return { ...all, how: "last line" };
  // An EventSource comes back by itself, and does well to do so where the backend was not there.
  if (form === "sse") return { ...all, how: `event, id ${code === 14 ? "none" : `~end.${code}`}` };
  if (readsTrailers) return { ...all, how: "trailers", details: false, trailers: false };
  return { how: "cut", code: false, message: false, details: false, trailers: false };
}

export function expectFailure({ way }: StreamTransport, kind: Kind, ended: Ended, failing: Failing): void {
  const told = tells(way, kind, failing);
  if (typeof told.how === "string") expect(ended.how).to.equal(told.how);
  else expect(ended.how).to.match(told.how);
  expect(ended.code).to.equal(told.code ? failing.code : undefined);
  if (!told.message) return;
  if (!failing.ofBackend) {
    expect(ended.message).to.be.a("string").and.not.equal("");
    return;
  }
  expect(ended.message).to.equal(failure.message);
  if (told.details) expect(ended.details?.map(withoutDefaults)).to.deep.equal(failure.details);
  if (told.trailers) expect(joined(ended.trailers)).to.deep.equal(joined(failure.trailers));
}

/** grpc-js, as a transport, gets the values of one name in one piece. */
function joined(metadata: Ended["trailers"] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, values]) => [name, [values].flat().join(", ")]));
}

/** Fields that JSON may leave out. */
function withoutDefaults(detail: unknown): unknown {
  const { metadata, ...rest } = detail as { metadata?: object };
  return metadata === undefined || Object.keys(metadata).length === 0 ? rest : detail;
}

export function expectSuccess({ way }: StreamTransport, kind: Kind, ended: Ended): void {
  const how = {
    grpc: "grpc-status",
    mux: "status frame",
    simple: "close 1000 OK",
    http: kind === "client-streaming" ? "HTTP 200" : "",
    array: "end of the array",
    ndjson: "end of the lines",
    sse: "event, id ~end.0",
  };
  expect(ended.how).to.equal(how[way.kind] || (way.kind === "http" ? how[way.form] : ""));
  expect(ended.code).to.equal(0);
}
