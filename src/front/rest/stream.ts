// Streaming methods over REST: which way they go. A reply that is one message is answered like any other; a stream of them is written
// as it comes, in one of the forms of stream-accept.ts.
import type { Exchange } from "../front.ts";
import { serveClientStream } from "./client-stream.ts";
import type { FrontContext } from "./context.ts";
import { serveReplyStream } from "./reply-stream.ts";
import type { StreamRequest } from "./stream-run.ts";
import { readSystemParameters } from "./system-parameters.ts";

/** Throws GatewayError for what is wrong before the body; later faults are answered here. */
export function serveStream(context: FrontContext, exchange: Exchange, request: StreamRequest): void {
  const system = readSystemParameters(request.query, context.options.queryLimits);
  const setup = { context, exchange, request, system };
  if (request.plan.method.kind === "client-streaming") serveClientStream(setup);
  else serveReplyStream(setup);
}
