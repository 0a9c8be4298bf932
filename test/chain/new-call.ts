// Calls as a front makes them, for tests of interceptors.
import { Call } from "../../src/call.ts";
import { Cancellation } from "../../src/cancellation.ts";
import type { CallStart } from "../../src/call.ts";
import type { RequestSource } from "../../src/caller.ts";
import type { Method } from "../../src/schema/descriptor.ts";

const peer = { address: "203.0.113.7", port: 4711 };

export const getSource: RequestSource = { method: "GET", target: "/v1/x", httpVersion: "1.1", secure: false, peer };

/** Of methods that a proto names. */
export const knownService = { methods: [{}] } as unknown as Method["service"];

/** Of a unary method, over REST, with no headers, unless told otherwise. */
export function newCall(more: Partial<CallStart> = {}): Call {
  return new Call({
    method: { name: "t.S.Get", localName: "Get", path: "/t.S/Get", kind: "unary", service: knownService } as Method,
    front: "rest",
    source: getSource,
    headers: {},
    peer,
    metadata: [],
    deadline: Infinity,
    startedAt: performance.now(),
    cancellation: new Cancellation(),
    ...more,
  });
}
