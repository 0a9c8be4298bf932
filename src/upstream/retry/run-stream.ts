// A streaming call of a method with a retry policy: attempts, until the headers of an answer come; from then on that one is the call.
import { Cancellation } from "../../cancellation.ts";
import type { StreamCall, StreamHandler, StreamReply } from "../../call.ts";
import { deferReply } from "../../defer-reply.ts";
import { deadlineExceeded, GatewayError } from "../../status.ts";
import { Attempts } from "./attempts.ts";
import type { RetriedMethod } from "./attempts.ts";
import { Replay } from "./replay.ts";
import type { ReplayPool } from "./replay.ts";
import type { Sleep } from "./sleep.ts";

export interface StreamRetry {
  readonly method: RetriedMethod;
  readonly ask: StreamHandler;
  readonly sleep: Sleep;
  readonly pool: ReplayPool;
}

export function runStream(retry: StreamRetry, call: StreamCall): StreamReply {
  const replay = new Replay(call.messages, retry.pool);
  return deferReply(findAnswer(retry, call, replay).finally(() => replay.release()));
}

/** The first attempt that is answered. Rejects with what the last one has failed with. */
async function findAnswer({ method, ask, sleep }: StreamRetry, call: StreamCall, replay: Replay): Promise<StreamReply> {
  const attempts = new Attempts(method, call);
  for (;;) {
    const limit = new AttemptLimit(call.cancellation, method.rule.perTryTimeoutMs);
    try {
      const { cancellation } = limit;
      const reply = ask({ ...attempts.next(), messages: replay.open(), cancellation });
      await reply.headers;
      attempts.succeed();
      reply.trailers.catch((error: unknown) => attempts.breakOff(GatewayError.from(error)));
      return reply;
    } catch (cause) {
      const error = GatewayError.from(cause);
      const delayMs = attempts.fail(error, limit.isOver, replay.canRepeat);
      if (delayMs === undefined) throw error;
      await sleep(delayMs, call.cancellation);
    } finally {
      limit.lift();
    }
  }
}

/** The time of one attempt to its headers. */
class AttemptLimit {
  readonly cancellation: Cancellation;
  readonly #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(ofCall: Cancellation, timeoutMs: number | undefined) {
    if (timeoutMs === undefined) {
      this.cancellation = ofCall;
      return;
    }
    const own = new Cancellation(ofCall);
    this.cancellation = own;
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      own.cancel(deadlineExceeded());
    }, timeoutMs);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  lift(): void {
    clearTimeout(this.#timer);
  }
}
