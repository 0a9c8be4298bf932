// The heads of streamed answers: what every one says, and those that say all there is to be said.
import type { Metadata } from "../../metadata.ts";
import { GatewayError } from "../../status.ts";
import type { StreamSetup } from "./stream-run.ts";
import { toHttpCode } from "./success.ts";
import { createForm } from "./stream-view.ts";
import type { ReplyForm, StreamView } from "./stream-view.ts";

/** Nobody on the way may keep a stream, or change it, or hold it back (`X-Accel-Buffering` is nginx's). */
const streamHeaders = [
  "x-content-type-options",
  "nosniff",
  "cache-control",
  "no-store, no-transform",
  "x-accel-buffering",
  "no",
];

/** `contentType` is empty for none; `metadata` is the backend's; undefined for none, not even an empty list. */
export function toStreamHeaders(
  { context, request }: StreamSetup,
  contentType: string,
  metadata: Metadata | undefined,
): string[] {
  const { plan } = request;
  const headers = contentType === "" ? [...streamHeaders] : ["content-type", contentType, ...streamHeaders];
  if (context.options.profile === "strict" && !plan.hasRawReply) headers.push("vary", "Accept");
  if (plan.success.headers.length > 0) headers.push(...plan.success.headers);
  if (metadata !== undefined) context.appendReplyHeaders(metadata, headers);
  return headers;
}

/** A status without a body would leave the messages out. */
export function toStreamStatus({ context, request }: StreamSetup, metadata: Metadata | undefined): number {
  const chosen = metadata !== undefined && context.options.allowHttpCode ? toHttpCode(metadata) : undefined;
  const status = chosen ?? request.plan.success.status;
  return status === 204 || status === 205 || status === 304 ? 200 : status;
}

/** For HEAD: nobody would read the messages, so the backend is not asked for them. */
export function answerHead(setup: StreamSetup, view: StreamView): void {
  const contentType = view.needsFirst ? "" : view.open(undefined).contentType;
  setup.exchange
    .startResponse(toStreamStatus(setup, undefined), toStreamHeaders(setup, contentType, undefined), () => {})
    .end();
}

/** A stream that was not begun: an error like others, or, where the client reads nothing else, an event. Never throws. */
export function refuse(setup: StreamSetup, form: ReplyForm, cause: unknown): void {
  const { context, exchange, request, system } = setup;
  const error = GatewayError.from(cause);
  if (form !== "sse" || !system.errorsAsEvents) {
    context.answerError(exchange, error);
    return;
  }
  if (error.cause !== undefined) context.options.report(error);
  if (exchange.isDone) return;
  const events = createForm(form, request.stream, undefined);
  const failure = events.failure({ code: error.code, json: context.writeStatus(error, []) }) ?? "";
  const writer = exchange.startResponse(200, toStreamHeaders(setup, events.contentType, undefined), () => {});
  writer.write(Buffer.from(events.opening + failure));
  writer.end();
}
