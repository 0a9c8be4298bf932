// What a call's headers say about how it is to be carried: compression both ways, and how long it may take.
import { isMessageEncoding } from "../../compression.ts";
import type { MessageEncoding } from "../../compression.ts";
import { Code, GatewayError } from "../../status.ts";
import type { Exchange } from "../front.ts";
import type { GrpcPlan } from "./plan.ts";

export interface Negotiated {
  /** Of request messages whose prefix says that they are compressed. */
  readonly requestEncoding: MessageEncoding | undefined;
  /** What the client can read, for replies that are compressed already. */
  readonly accepts: readonly MessageEncoding[];
  /** In `performance.now()` milliseconds. */
  readonly startedAt: number;
  readonly deadline: number;
}

/** What this front reads and writes, for a client that asked for something else. */
export const acceptEncoding = "identity,gzip,deflate";

const none: readonly MessageEncoding[] = Object.freeze([]);

/** Throws GatewayError. */
export function negotiate({ headers }: Exchange, plan: GrpcPlan): Negotiated {
  const encoding = headers["grpc-encoding"] as string | undefined;
  const accepted = headers["grpc-accept-encoding"] as string | undefined;
  const startedAt = performance.now();
  return {
    startedAt,
    requestEncoding: encoding === undefined || encoding === "identity" ? undefined : toEncoding(encoding),
    accepts: accepted === undefined || accepted === "identity" ? none : toAccepted(accepted),
    deadline: startedAt + plan.timeoutOf(headers, undefined),
  };
}

function toEncoding(name: string): MessageEncoding {
  if (isMessageEncoding(name)) return name;
  // The words and the header by which clients learn what they may send (gRPC, "Compression").
  throw new GatewayError(
    Code.UNIMPLEMENTED,
    `the message encoding ${JSON.stringify(name.slice(0, 40))} is not supported`,
    {
      reason: "MESSAGE_ENCODING_UNSUPPORTED",
      headers: { "grpc-accept-encoding": acceptEncoding },
    },
  );
}

const acceptedLists = new Map<string, readonly MessageEncoding[]>();
const keptLists = 32;

function toAccepted(text: string): readonly MessageEncoding[] {
  const known = acceptedLists.get(text);
  if (known !== undefined) return known;
  const list = text
    .split(",", 16)
    .map((name) => name.trim())
    .filter(isMessageEncoding);
  if (acceptedLists.size < keptLists && text.length < 256) acceptedLists.set(text, list);
  return list;
}
