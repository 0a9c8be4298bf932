// A request to be judged by, with only what a test cares about.
import type { AuthenticationRequest, ClientCertificate, RequestHeaders } from "../../../src/caller.ts";

export interface RequestFacts {
  readonly headers?: RequestHeaders;
  readonly metadata?: readonly string[];
  readonly target?: string;
  readonly certificate?: ClientCertificate | undefined;
}

export function newRequest(facts: RequestFacts = {}): AuthenticationRequest {
  const { headers = {}, metadata = [], target = "/v1/x", certificate } = facts;
  const peer = { address: "192.0.2.1", port: 4711 };
  const source = {
    method: "GET",
    target,
    httpVersion: "1.1",
    secure: certificate !== undefined,
    peer,
    certificate,
  } as const;
  return { metadata, headers, peer, source, method: undefined };
}
