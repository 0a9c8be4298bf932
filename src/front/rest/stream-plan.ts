// What of a streaming method's binding can be settled once: how its messages are read and written, how long it may last.
import type { Binding } from "../../schema/binding.ts";
import type { Schema } from "../../schema/descriptor.ts";
import { hasOpenKeys } from "../../translate/reply/reserved-keys.ts";
import { compileElements, compileRawElements } from "../../translate/reply/reply.ts";
import type { ReplyBody, ViewElements } from "../../translate/reply/reply.ts";
import { compileStreamRequest } from "../../translate/request/stream-request.ts";
import type { ReadStream } from "../../translate/request/stream-request.ts";
import type { StreamTimes } from "../stream/stream-clock.ts";
import { compileStreamPolicy, toStreamTimes } from "../stream/stream-policy.ts";
import type { StreamPolicy } from "../stream/stream-policy.ts";
import type { RestOptions } from "./options.ts";

export interface StreamPlan {
  readonly policy: StreamPolicy;
  readonly times: StreamTimes;
  /** The messages of a client that streams. */
  readonly readStream: ReadStream;
  /** Throws GatewayError (400) for `$fields`. */
  readonly viewElements: ViewElements;
  readonly toRaw: (message: Uint8Array) => ReplyBody;
  /** Where lines and events put each message into `{"result":…}`. */
  readonly isEnveloped: boolean;
}

export function compileStreamPlan(binding: Binding, schema: Schema, options: RestOptions): StreamPlan {
  const policy = compileStreamPolicy(binding.method, options);
  return {
    policy,
    times: toStreamTimes(policy, options.streams),
    readStream: compileStreamRequest(binding, schema, options),
    viewElements: compileElements(binding, schema, options),
    toRaw: compileRawElements(binding),
    isEnveloped: hasOpenKeys(binding),
  };
}
