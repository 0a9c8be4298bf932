// How each transport tells a call that the gateway has no room for it now: 503 or UNAVAILABLE, why, and when to come again.
import { expect } from "chai";
import type { Ended, Way } from "../support/stream-client.ts";
import { codes } from "./expected.ts";

interface Detail {
  readonly "@type"?: string;
  readonly reason?: string;
  readonly retryDelay?: string;
}

const refused = `HTTP ${codes[14][1]}`;
const ways: Readonly<Record<Way["kind"], string>> = {
  http: refused,
  simple: refused,
  mux: "status frame",
  grpc: "grpc-status",
};

export function expectUnavailable(ended: Ended, way: Way, message: string, reason: string): void {
  expect([ended.code, ended.how, ended.message]).to.deep.equal([14, ways[way.kind], message]);
  const details = (ended.details ?? []) as readonly Detail[];
  const find = (type: string): Detail | undefined => details.find((detail) => detail["@type"]?.endsWith(type));
  expect([find("ErrorInfo")?.reason, find("RetryInfo")?.retryDelay]).to.deep.equal([reason, "1s"]);
}
