// The life of one unary call over REST: negotiate, read, call, answer. Whatever is thrown on the way becomes the error answer.
import { Call } from "../../call.ts";
import { Cancellation } from "../../cancellation.ts";
import type { Reply } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import type { ReplyView } from "../../translate/reply/reply.ts";
import type { Exchange } from "../front.ts";
import { whenAdmitted } from "../when-admitted.ts";
import { toReplyFormat, toUnaryAlt } from "./accept.ts";
import type { ReplyFormat } from "./accept.ts";
import type { CallRequest } from "./classify.ts";
import { chooseEncoding, compress, isCompressible } from "./compress.ts";
import type { FrontContext } from "./context.ts";
import { hasEntityTags, isNotModified, toEntityTag, toWeakTag } from "./entity-tag.ts";
import { toLocation } from "./location.ts";
import { toReplyTrailers } from "./metadata.ts";
import type { RestOptions } from "./options.ts";
import type { Plan } from "./plan.ts";
import { checkBodyType, hasBody, readRequestBody, refuseJsonAsForm } from "./request-body.ts";
import { toHttpCode } from "./success.ts";
import { readSystemParameters, refuseErrorsAsEvents, refuseTicket } from "./system-parameters.ts";
import type { SystemParameters } from "./system-parameters.ts";

/** Throws GatewayError for a head that cannot be read; later faults are answered here. */
export function serveUnary(context: FrontContext, exchange: Exchange, plan: Plan, request: CallRequest): void {
  const { options, chain, answerError } = context;
  const { headers } = exchange;
  const system = readSystemParameters(request.query, context.options.queryLimits);
  const view = toView(options, exchange, plan, system);
  plan.checkView(view);
  const timeoutMs = plan.timeoutOf(headers, system.timeout);
  const forwarded = context.forwardedOf(exchange);
  const startedAt = performance.now();
  const call = new Call({
    method: plan.method,
    front: "rest",
    source: exchange,
    headers,
    peer: forwarded.client,
    metadata: context.requestMetadata(exchange, forwarded),
    deadline: startedAt + timeoutMs,
    startedAt,
    cancellation: new Cancellation(),
  });
  exchange.onAbort(() => {
    const gone = new GatewayError(Code.CANCELLED, "the client went away", { reason: "CLIENT_GONE" });
    call.cancellation.cancel(gone);
    call.end(gone.code, gone);
  });

  const fail = (error: unknown): void => answerError(exchange, error, call);
  const answer = (reply: Reply): void => {
    if (exchange.isDone) return;
    call.countOut(reply.message.length);
    try {
      sendReply(context, { exchange, plan, path: request.path, view, call }, reply);
    } catch (error) {
      fail(error);
    }
  };
  const send = (message: Uint8Array): void => {
    call.countIn(message.length);
    chain.unary(call, message).then(answer, fail);
  };
  whenAdmitted(chain, call, () => readMessage({ options, exchange, plan, request }, send, fail), fail);
}

export interface Reading {
  readonly options: RestOptions;
  readonly exchange: Exchange;
  readonly plan: Plan;
  readonly request: CallRequest;
}

/**
 * The one message of a request, unless the client goes before it is there. Throws GatewayError where there is no body to wait
 * for, and `call` with it; what goes wrong later is for `fail`.
 */
export function readMessage(
  { options, exchange, plan, request }: Reading,
  call: (message: Uint8Array) => void,
  fail: (error: unknown) => void,
): void {
  const read = (body: Buffer | undefined): void => {
    if (exchange.isDone) return;
    const contentType = exchange.headers["content-type"] as string | undefined;
    const { captures } = request;
    if (body !== undefined && options.profile === "strict" && plan.body === "typed")
      refuseJsonAsForm(body, contentType);
    call(plan.readRequest({ captures, contentType, ...toQueryAndBody(plan, request, body), method: exchange.method }));
  };
  if (readsBody(options, plan, request, exchange)) {
    readRequestBody(exchange, options.maxBodyBytes).then(read).catch(fail);
    return;
  }
  if (hasBody(exchange)) exchange.discardBody();
  read(undefined);
}

/** A form that stands for the query was read as one: nothing is left for a rule that wants a body. */
function toQueryAndBody(plan: Plan, { query, hasFormQuery }: CallRequest, body: Buffer | undefined) {
  if (!hasFormQuery || plan.body === "none" || body === undefined) return { query, body };
  return { query: [body.toString(), query].filter((text) => text !== "").join("&"), body: undefined };
}

/** A rule without a body has its body drained, not read: the call starts at once. Only grpc-gateway takes forms there. */
function readsBody(options: RestOptions, plan: Plan, request: CallRequest, exchange: Exchange): boolean {
  if (!hasBody(exchange)) return false;
  if (plan.body !== "none") return true;
  if (options.profile === "strict") return false;
  return (
    request.hasFormQuery || /^application\/x-www-form-urlencoded/i.test(String(exchange.headers["content-type"] ?? ""))
  );
}

/** What the client wants the reply to look like. Decided before the call: a 406 after it would hide what it did. */
export function toView({ profile }: RestOptions, exchange: Exchange, plan: Plan, system: SystemParameters): ReplyView {
  const { fields, pretty, enums } = system;
  refuseErrorsAsEvents(system);
  if (plan.stream === undefined) refuseTicket(system);
  const alt = toUnaryAlt(system.alt);
  if (profile === "grpc-gateway") return { accept: alt ?? "json", fields, pretty, enums };
  const contentType = exchange.headers["content-type"] as string | undefined;
  const isOneBody = plan.stream === undefined && plan.body === "typed" && hasBody(exchange);
  const tie: ReplyFormat = isOneBody ? checkBodyType(contentType) : "json";
  if (plan.hasRawReply) return { accept: "json", fields, pretty };
  const accept = alt ?? toReplyFormat(exchange.headers["accept"] as string | undefined, tie);
  return { accept, fields, pretty, enums };
}

export interface Answering {
  readonly exchange: Exchange;
  readonly plan: Plan;
  readonly path: string;
  readonly view: ReplyView;
  readonly call: Call;
}

export function sendReply(context: FrontContext, answering: Answering, reply: Reply): void {
  const { exchange, plan, path, view, call } = answering;
  const { options } = context;
  const { success, binding } = plan;
  const { contentType, body } = plan.writeReply(reply.message, view);
  const status = (options.allowHttpCode ? toHttpCode(reply.headers, reply.trailers) : undefined) ?? success.status;
  const isEmpty = status === 204 || status === 205 || status === 304;
  const varies = isEmpty ? undefined : toVary(context, contentType);
  const headers = startHeaders(contentType, varies, call.replyHeaders);
  if (success.headers.length > 0) headers.push(...success.headers);
  const name = success.location?.(reply.message);
  const location = name === undefined ? undefined : toLocation(name, path, binding.template.verb);
  if (location !== undefined) headers.push("location", location);
  context.appendReplyHeaders(reply.headers, headers);
  const trailers = toReplyTrailers(options, exchange, reply.trailers);
  const respond = (content: Uint8Array | undefined): void => {
    exchange.respond(status, headers, content, trailers);
    call.end(Code.OK, undefined, status);
  };
  if (isEmpty) {
    headers.splice(0, 2);
    respond(undefined);
    return;
  }
  const encoding = varies === undefined ? "identity" : settleEncoding(context, exchange, body);
  if (reply.caching !== undefined && status === 200 && hasEntityTags(exchange)) {
    headers.push("vary", options.profile === "strict" ? ["accept", ...reply.caching.vary].join(", ") : "*");
    const tag = toEntityTag(body);
    headers.push("etag", encoding === "identity" ? tag : toWeakTag(tag));
    if (isNotModified(exchange, tag)) {
      headers.splice(0, 2);
      exchange.respond(304, headers, undefined);
      call.end(Code.OK, undefined, 304);
      return;
    }
  }
  if (encoding === "identity") {
    respond(body);
    return;
  }
  compress(body, encoding, (compressed) => {
    if (compressed !== undefined) headers.push("content-encoding", encoding);
    respond(compressed ?? body);
  });
}

/** Those of nearly every answer in one piece: a list that grows takes room for many more. */
function startHeaders(contentType: string, varies: string | undefined, added: Metadata): string[] {
  if (varies === undefined) return ["content-type", contentType, "x-content-type-options", "nosniff", ...added];
  return ["content-type", contentType, "x-content-type-options", "nosniff", "vary", varies, ...added];
}

/** Also where it is too small to compress: the next answer of this URL may not be. Undefined where none is. */
function toVary({ options }: FrontContext, contentType: string): string | undefined {
  if (options.compressMinBytes === undefined || !isCompressible(contentType)) return undefined;
  return options.profile === "strict" ? "Accept, Accept-Encoding" : "Accept-Encoding";
}

/** Of what may be compressed. */
function settleEncoding({ options, mayCompress }: FrontContext, exchange: Exchange, body: Uint8Array): string {
  const { compressMinBytes = Infinity } = options;
  if (body.length < compressMinBytes || !mayCompress(exchange.headers)) return "identity";
  return chooseEncoding(exchange.headers["accept-encoding"] as string | undefined);
}
