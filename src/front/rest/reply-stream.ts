// A backend streams: in which form its messages go to the client, and the call that makes them. The client may stream as well.
import type { Call } from "../../call.ts";
import { Code } from "../../status.ts";
import type { Inbox } from "../stream/inbox.ts";
import { whenAdmitted } from "../when-admitted.ts";
import { isEndId, readLastEventId } from "./event-stream.ts";
import { oneMessage, readRequestStream } from "./request-stream.ts";
import { StreamAnswer } from "./stream-answer.ts";
import { answerHead, refuse } from "./stream-head.ts";
import { clientGone, StreamRun, whenRead } from "./stream-run.ts";
import type { StreamSetup } from "./stream-run.ts";
import { chooseForm, compileView, wayOf } from "./stream-view.ts";
import type { ReplyForm, StreamView } from "./stream-view.ts";
import { refuseErrorsAsEvents } from "./system-parameters.ts";
import { readMessage } from "./unary.ts";

/** Throws GatewayError where no form suits the client; later faults are answered here. */
export function serveReplyStream(setup: StreamSetup): void {
  const form = chooseForm(setup);
  if (form !== "sse") refuseErrorsAsEvents(setup.system);
  const { exchange } = setup;
  const lastEventId = form === "sse" ? readLastEventId(exchange.headers["last-event-id"]) : undefined;
  if (lastEventId !== undefined && isEndId(lastEventId)) {
    // Nothing but this keeps an EventSource from coming back.
    exchange.respond(204, ["cache-control", "no-store"], undefined);
    return;
  }
  let call: Call | undefined;
  const fail = (error: unknown): void => refuse(setup, form, error, call);
  try {
    const view = compileView(setup, form);
    const goOn = (own: Call): void => {
      call = own;
      whenAdmitted(setup.context.chain, own, () => serve(setup, { call: own, view, form, lastEventId, fail }), fail);
    };
    whenRead(setup, goOn, fail);
  } catch (error) {
    fail(error);
  }
}

interface Serving {
  readonly call: Call;
  readonly view: StreamView;
  readonly form: ReplyForm;
  readonly lastEventId: string | undefined;
  readonly fail: (error: unknown) => void;
}

/** Throws GatewayError for a request that cannot be read. */
function serve(setup: StreamSetup, { call, view, form, lastEventId, fail }: Serving): void {
  const { context, exchange, request } = setup;
  if (exchange.isDone) {
    call.end(Code.CANCELLED, clientGone());
    return;
  }
  if (request.plan.method.kind === "bidi-streaming") {
    const stream = readRequestStream(setup);
    if (exchange.method === "HEAD") answerHead(setup, view, call);
    else start(setup, { call, view, form, open: stream.open });
    stream.read();
    return;
  }
  const { plan } = request;
  const { resume } = request.stream.policy;
  const callWith = (message: Uint8Array): void => {
    const isResumed = lastEventId !== undefined && resume !== undefined;
    const first = isResumed ? resume.resumeFrom(message, lastEventId) : message;
    if (exchange.method === "HEAD") answerHead(setup, view, call);
    else start(setup, { call, view, form, isResumed, open: (run) => oneMessage(first, run) });
  };
  readMessage({ options: context.options, exchange, plan, request }, callWith, fail);
}

interface Start {
  readonly call: Call;
  readonly view: StreamView;
  readonly form: ReplyForm;
  readonly open: (run: StreamRun) => Inbox;
  readonly isResumed?: boolean;
}

function start(setup: StreamSetup, { call, view, form, open, isResumed = false }: Start): void {
  const run = new StreamRun(setup, call, wayOf(form));
  if (isResumed) run.tally.resumed++;
  const answer = new StreamAnswer({ setup, form, view, run }, run.start(open(run)));
  setup.exchange.onAbort(() => {
    answer.abort();
    run.cancel(clientGone());
  });
  answer.start();
}
