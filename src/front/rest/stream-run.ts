// A streaming call while it is under way: its clocks, its count, and the one way to end it early.
import { Call } from "../../call.ts";
import { Cancellation } from "../../cancellation.ts";
import type { StreamReply } from "../../call.ts";
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

/** Goes on with the call once its ticket, if it has one, is redeemed; `fail` is for a ticket that is not, and for what goes wrong in going on. */
export function whenRead(setup: StreamSetup, goOn: (call: Call) => void, fail: (error: unknown) => void): void {
  try {
    const call = readCall(setup);
    if (call instanceof Promise) call.then(goOn).catch(fail);
    else goOn(call);
  } catch (error) {
    fail(error);
  }
}

/** Throws GatewayError (400, and 401 for a ticket), or rejects with it. */
function readCall(setup: StreamSetup): Call | Promise<Call> {
  const { context, exchange, system } = setup;
  const forwarded = context.forwardedOf(exchange);
  if (system.ticket === undefined) return toCall(setup, exchange, forwarded);
  const redeemed = redeem(setup, system.ticket, forwarded);
  if (redeemed instanceof Promise) return redeemed.then((source) => toCall(setup, source, forwarded));
  return toCall(setup, redeemed, forwarded);
}

/** Throws GatewayError (400). A stream has the deadline that its client or its method asks for, and else none. */
function toCall(setup: StreamSetup, source: HeaderSource, forwarded: Forwarded): Call {
  const { context, exchange, request, system } = setup;
  const timeout = request.plan.timeoutOf(exchange.headers, system.timeout);
  const startedAt = performance.now();
  return new Call({
    method: request.plan.method,
    front: "rest",
    source: exchange,
    headers: source.headers,
    peer: forwarded.client,
    metadata: context.requestMetadata(source, forwarded),
    deadline: startedAt + timeout,
    startedAt,
    cancellation: new Cancellation(),
  });
}

function redeem(
  { context, exchange, request, system }: StreamSetup,
  ticket: string,
  forwarded: Forwarded,
): HeaderSource | Promise<HeaderSource> {
  if (context.redeemTicket === undefined) refuseTicket(system);
  return context.redeemTicket?.({ source: exchange, forwarded, path: request.path, ticket }) ?? exchange;
}

export class StreamRun {
  readonly tally: StreamTally;
  readonly #setup: StreamSetup;
  readonly #call: Call;
  readonly #clock: StreamClock;
  #inbox: Inbox | undefined;
  #isEnded = false;

  constructor(setup: StreamSetup, call: Call, way: StreamWay) {
    const { context, request } = setup;
    this.#setup = setup;
    this.#call = call;
    this.tally = context.census.tallyOf(request.plan.method, way);
    this.#clock = new StreamClock(context.sweep, request.stream.times, (error) => this.cancel(error));
    openStream(this.tally);
  }

  /** A message was handed to the backend. */
  readonly onTaken = (bytes: number): void => {
    this.tally.messagesIn++;
    this.#call.countIn(bytes);
    this.#clock.touch();
  };

  /** A message was sent to the client. */
  onSent(bytes: number): void {
    this.tally.messagesOut++;
    this.#call.countOut(bytes);
    this.#clock.touch();
  }

  get call(): Call {
    return this.#call;
  }

  /** Calls the backend. */
  start(inbox: Inbox): StreamReply {
    this.#inbox = inbox;
    return this.#setup.context.chain.stream(this.#call, inbox);
  }

  /** The call is of no use any more: the backend hears of it at once. */
  cancel(error: GatewayError): void {
    this.#inbox?.fail(error);
    this.#call.cancellation.cancel(error);
  }

  /** Once, in the end; idempotent. `httpStatus` is 0 where the client had none of it. */
  end(code: Code, error: GatewayError | undefined, httpStatus: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#clock.stop();
    endStream(this.tally, code);
    this.#call.end(code, error, httpStatus);
  }
}

export function clientGone(): GatewayError {
  return new GatewayError(Code.CANCELLED, "the client went away", { reason: "CLIENT_GONE" });
}
