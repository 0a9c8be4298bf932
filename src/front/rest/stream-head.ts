// The heads of streamed answers: what every one says, and those that say all there is to be said.
import type { Call } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
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
  call: Call | undefined,
): string[] {
  const { plan } = request;
  const headers = contentType === "" ? [...streamHeaders] : ["content-type", contentType, ...streamHeaders];
  if (context.options.profile === "strict" && !plan.hasRawReply) headers.push("vary", "Accept");
  if (plan.success.headers.length > 0) headers.push(...plan.success.headers);
  if (metadata !== undefined) context.appendReplyHeaders(metadata, headers);
  if (call !== undefined) headers.push(...call.replyHeaders);
  return headers;
}

/** A status without a body would leave the messages out. */
export function toStreamStatus({ context, request }: StreamSetup, metadata: Metadata | undefined): number {
  const chosen = metadata !== undefined && context.options.allowHttpCode ? toHttpCode(metadata) : undefined;
  const status = chosen ?? request.plan.success.status;
  return status === 204 || status === 205 || status === 304 ? 200 : status;
}

/** For HEAD: nobody would read the messages, so the backend is not asked for them. */
export function answerHead(setup: StreamSetup, view: StreamView, call: Call): void {
  const contentType = view.needsFirst ? "" : view.open(undefined).contentType;
  const status = toStreamStatus(setup, undefined);
  setup.exchange.startResponse(status, toStreamHeaders(setup, contentType, undefined, call), () => {}).end();
  call.end(Code.OK, undefined, status);
}

/** A stream that was not begun: an error like others, or, where the client reads nothing else, an event. Never throws. */
export function refuse(setup: StreamSetup, form: ReplyForm, cause: unknown, call?: Call): void {
  const { context, exchange, request, system } = setup;
  const error = GatewayError.from(cause);
  if (call === undefined) context.missed(exchange, request.plan.method, error);
  if (form !== "sse" || !system.errorsAsEvents) {
    context.answerError(exchange, error, call);
    return;
  }
  if (error.cause !== undefined) context.options.report(error, call);
  call?.end(error.code, error, exchange.isDone ? 0 : 200);
  if (exchange.isDone) return;
  const events = createForm(form, request.stream, undefined);
  const failure = events.failure({ code: error.code, json: context.writeStatus(error, []) }) ?? "";
  const writer = exchange.startResponse(200, toStreamHeaders(setup, events.contentType, undefined, call), () => {});
  writer.write(Buffer.from(events.opening + failure));
  writer.end();
}
