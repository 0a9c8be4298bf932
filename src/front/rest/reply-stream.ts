// A backend streams: in which form its messages go to the client, and the call that makes them. The client may stream as well.
import type { Inbox } from "../stream/inbox.ts";
import { isEndId, readLastEventId } from "./event-stream.ts";
import { oneMessage, readRequestStream } from "./request-stream.ts";
import { StreamAnswer } from "./stream-answer.ts";
import { answerHead, refuse } from "./stream-head.ts";
import { clientGone, readCallHead, StreamRun } from "./stream-run.ts";
import type { CallHead, StreamSetup } from "./stream-run.ts";
import { chooseForm, compileView, wayOf } from "./stream-view.ts";
import type { ReplyForm, StreamView } from "./stream-view.ts";
import { refuseErrorsAsEvents } from "./system-parameters.ts";
import { readMessage } from "./unary.ts";

/** Throws GatewayError where no form suits the client; later faults are answered here. */
export function serveReplyStream(setup: StreamSetup): void {
  const form = chooseForm(setup);
  if (form !== "sse") refuseErrorsAsEvents(setup.system);
  try {
    serve(setup, form);
  } catch (error) {
    refuse(setup, form, error);
  }
}

function serve(setup: StreamSetup, form: ReplyForm): void {
  const { context, exchange, request } = setup;
  const lastEventId = form === "sse" ? readLastEventId(exchange.headers["last-event-id"]) : undefined;
  if (lastEventId !== undefined && isEndId(lastEventId)) {
    // Nothing but this keeps an EventSource from coming back.
    exchange.respond(204, ["cache-control", "no-store"], undefined);
    return;
  }
  const view = compileView(setup, form);
  const head = readCallHead(setup);
  if (request.plan.method.kind === "bidi-streaming") {
    const stream = readRequestStream(setup);
    if (exchange.method === "HEAD") answerHead(setup, view);
    else call(setup, { head, view, form, open: stream.open });
    stream.read();
    return;
  }
  const { plan } = request;
  const { resume } = request.stream.policy;
  const callWith = (message: Uint8Array): void => {
    const isResumed = lastEventId !== undefined && resume !== undefined;
    const first = isResumed ? resume.resumeFrom(message, lastEventId) : message;
    if (exchange.method === "HEAD") answerHead(setup, view);
    else call(setup, { head, view, form, isResumed, open: (run) => oneMessage(first, run) });
  };
  readMessage({ options: context.options, exchange, plan, request }, callWith, (error) => refuse(setup, form, error));
}

interface Start {
  readonly head: CallHead;
  readonly view: StreamView;
  readonly form: ReplyForm;
  readonly open: (run: StreamRun) => Inbox;
  readonly isResumed?: boolean;
}

function call(setup: StreamSetup, { head, view, form, open, isResumed = false }: Start): void {
  const run = new StreamRun(setup, head, wayOf(form));
  if (isResumed) run.tally.resumed++;
  const answer = new StreamAnswer({ setup, form, view, run }, run.start(open(run)));
  setup.exchange.onAbort(() => {
    answer.abort();
    run.cancel(clientGone());
  });
  answer.start();
}
