// A client streams, the reply is one message: answered like that of a unary call, when the backend has made up its mind.
import type { Call, Reply, StreamReply } from "../../call.ts";
import { Code, GatewayError } from "../../status.ts";
import type { ReplyView } from "../../translate/reply/reply.ts";
import { readRequestStream } from "./request-stream.ts";
import { clientGone, StreamRun, whenRead } from "./stream-run.ts";
import type { StreamSetup } from "./stream-run.ts";
import { sendReply, toView } from "./unary.ts";

/** Throws GatewayError for what is wrong with what is asked for; other faults are answered here. */
export function serveClientStream(setup: StreamSetup): void {
  const { context, exchange, request, system } = setup;
  const { plan } = request;
  const view = toView(context.options, exchange, plan, system);
  plan.checkView(view);
  const refuse = (cause: unknown): void => {
    const error = GatewayError.from(cause);
    context.answerError(exchange, error);
    context.missed(exchange, plan.method, error);
  };
  whenRead(setup, (call) => serve(setup, view, call), refuse);
}

/** Throws GatewayError for what is wrong before the body. */
function serve(setup: StreamSetup, view: ReplyView, call: Call): void {
  const { context, exchange, request } = setup;
  const { plan, path } = request;
  if (exchange.isDone) {
    call.end(Code.CANCELLED, clientGone());
    return;
  }
  const stream = readRequestStream(setup);
  const run = new StreamRun(setup, call, "body");
  exchange.onAbort(() => {
    const gone = clientGone();
    run.cancel(gone);
    run.end(gone.code, gone, 0);
  });
  let hasHead = false;
  const answer = (reply: Reply): void => {
    run.onSent(reply.message.length);
    if (exchange.isDone) return;
    sendReply(context, { exchange, plan, path, view, call }, reply);
    run.end(Code.OK, undefined, 200);
  };
  const fail = (cause: unknown): void => {
    const error = GatewayError.from(cause);
    run.cancel(error);
    context.answerError(exchange, error, call, hasHead);
    run.end(error.code, error, 0);
  };
  const reply = run.start(stream.open(run));
  reply.headers.then(() => (hasHead = true)).catch(() => {});
  collect(reply).then(answer).catch(fail);
  stream.read();
}

/** The one message of a reply that comes as a stream. */
async function collect({ headers, messages, trailers }: StreamReply): Promise<Reply> {
  // A call that fails before its end fails there, too, where nobody looks any more.
  trailers.catch(() => {});
  const head = await headers;
  const message = await messages.read();
  if (message === undefined) {
    await trailers;
    throw wrongCount("no message");
  }
  if ((await messages.read()) !== undefined) throw wrongCount("more than one message");
  return { message, headers: head, trailers: await trailers };
}

function wrongCount(found: string): GatewayError {
  return new GatewayError(Code.INTERNAL, `the backend answered with ${found} where one is expected`, {
    reason: "UPSTREAM_PROTOCOL",
  });
}
