// A reply message as it goes to a gRPC client: in its codec, compressed only if the backend had compressed it.
import { compressedForm } from "../../compression.ts";
import type { MessageEncoding } from "../../compression.ts";
import type { GrpcPlan } from "./plan.ts";

export interface ReplyFrame {
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}

/** `encoding` is what the answer's head promises. */
export function toReplyFrame(plan: GrpcPlan, message: Uint8Array, encoding: MessageEncoding | undefined): ReplyFrame {
  if (plan.writeMessage !== undefined) return { bytes: plan.writeMessage(message), isCompressed: false };
  const compressed = encoding === undefined ? undefined : compressedForm(message, encoding);
  return compressed === undefined ? { bytes: message, isCompressed: false } : { bytes: compressed, isCompressed: true };
}

/** The encoding the message came in, where the client reads it too. */
export function encodingOf(
  plan: GrpcPlan,
  message: Uint8Array,
  accepts: readonly MessageEncoding[],
): MessageEncoding | undefined {
  if (plan.writeMessage !== undefined) return undefined;
  return accepts.find((encoding) => compressedForm(message, encoding) !== undefined);
}
