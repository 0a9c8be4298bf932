// A streaming call while it is under way: its clocks, its count, and the one way to end it early.
import { Cancellation } from "../../call.ts";
import type { StreamReply } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import type { Forwarded } from "../forwarded.ts";
import type { Exchange } from "../front.ts";
import type { HeaderSource } from "../request-metadata.ts";
import { endStream, openStream } from "../stream/census.ts";
import type { StreamTally, StreamWay } from "../stream/census.ts";
import type { Inbox } from "../stream/inbox.ts";
import { StreamClock } from "../stream/stream-clock.ts";
import type { CallRequest } from "./classify.ts";
import type { FrontContext } from "./context.ts";
import type { Plan } from "./plan.ts";
import type { StreamPlan } from "./stream-plan.ts";
import { refuseTicket } from "./system-parameters.ts";
import type { SystemParameters } from "./system-parameters.ts";

export interface StreamRequest extends CallRequest {
  readonly plan: Plan;
  readonly stream: StreamPlan;
}

export interface StreamSetup {
  readonly context: FrontContext;
  readonly exchange: Exchange;
  readonly request: StreamRequest;
  readonly system: SystemParameters;
}

/** What the head of a request says of its call. */
export interface CallHead {
  readonly deadline: number;
  readonly metadata: Metadata;
  readonly forwarded: Forwarded;
}

/** Throws GatewayError (400, and 401 for a ticket). A stream has the deadline that its client or its method asks for, and else none. */
export function readCallHead(setup: StreamSetup): CallHead {
  const { context, exchange, request, system } = setup;
  const timeout = request.plan.timeoutOf(exchange.headers, system.timeout);
  const forwarded = context.forwardedOf(exchange);
  const source = system.ticket === undefined ? exchange : redeem(setup, system.ticket, forwarded);
  return { deadline: performance.now() + timeout, metadata: context.requestMetadata(source, forwarded), forwarded };
}

function redeem(
  { context, exchange, request, system }: StreamSetup,
  ticket: string,
  forwarded: Forwarded,
): HeaderSource {
  if (context.redeemTicket === undefined) refuseTicket(system);
  return context.redeemTicket?.({ source: exchange, forwarded, path: request.path, ticket }) ?? exchange;
}

export class StreamRun {
  readonly tally: StreamTally;
  readonly #setup: StreamSetup;
  readonly #head: CallHead;
  readonly #cancellation = new Cancellation();
  readonly #clock: StreamClock;
  #inbox: Inbox | undefined;
  #isEnded = false;

  constructor(setup: StreamSetup, head: CallHead, way: StreamWay) {
    const { context, request } = setup;
    this.#setup = setup;
    this.#head = head;
    this.tally = context.census.tallyOf(request.plan.method, way);
    this.#clock = new StreamClock(context.sweep, request.stream.times, (error) => this.cancel(error));
    openStream(this.tally);
  }

  /** A message was handed to the backend. */
  readonly onTaken = (): void => {
    this.tally.messagesIn++;
    this.#clock.touch();
  };

  /** A message was sent to the client. */
  onSent(): void {
    this.tally.messagesOut++;
    this.#clock.touch();
  }

  /** Calls the backend. Throws what the chain throws. */
  start(inbox: Inbox): StreamReply {
    const { deadline, metadata, forwarded } = this.#head;
    const { context, request } = this.#setup;
    this.#inbox = inbox;
    try {
      return context.handler.stream({
        kind: "stream",
        method: request.plan.method,
        metadata,
        deadline,
        cancellation: this.#cancellation,
        peer: forwarded.client,
        messages: inbox,
      });
    } catch (error) {
      this.end(GatewayError.from(error).code);
      throw error;
    }
  }

  /** The call is of no use any more: the backend hears of it at once. */
  cancel(error: GatewayError): void {
    this.#inbox?.fail(error);
    this.#cancellation.cancel(error);
  }

  /** Once, in the end; idempotent. */
  end(code: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#clock.stop();
    endStream(this.tally, code);
  }
}

export function clientGone(): GatewayError {
  return new GatewayError(Code.CANCELLED, "the client went away", { reason: "CLIENT_GONE" });
}
