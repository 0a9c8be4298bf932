// A failed request's answer: status and headers around the error body.
import type { Call } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import type { Schema } from "../../schema/descriptor.ts";
import { Code, GatewayError } from "../../status.ts";
import { compileErrorWriter, compileStatusWriter } from "../../translate/reply/error-body.ts";
import type { WriteError } from "../../translate/reply/error-body.ts";
import { indentJson, prettyIndent } from "../../translate/json/indent-json.ts";
import type { Exchange } from "../front.ts";
import { toNamedError } from "../named-error.ts";
import { compileReplyHeaders, toReplyTrailers } from "./metadata.ts";
import type { RestOptions } from "./options.ts";
import { readRetryAfter } from "./retry-after.ts";
import { wantsPretty } from "./system-parameters.ts";

/** Error bodies in the front's shape, also for the listener's own refusals. */
export function compileErrorBody(schema: Schema, options: RestOptions): WriteError {
  const ownDetails = options.profile === "strict";
  return compileErrorWriter(schema, { shape: options.errors, json: options.json, ownDetails });
}

/** Errors in the middle of a stream; in profile grpc-gateway they look like error bodies. */
export function compileStreamStatus(
  schema: Schema,
  options: RestOptions,
): (error: GatewayError, trailers: Metadata) => string {
  if (options.profile === "grpc-gateway") {
    const write = compileErrorWriter(schema, { shape: "status", json: options.json, ownDetails: false });
    return (error) => Buffer.from(write(error).body).toString();
  }
  const write = compileStatusWriter(schema, options.json);
  const appendReplyHeaders = compileReplyHeaders(options);
  return (error, trailers) => {
    const shown: string[] = [];
    if (trailers.length > 0) appendReplyHeaders(trailers, shown);
    return write(error, shown);
  };
}

/** Answers the exchange, unless somebody did, and ends the call; never throws. `hasHead`: the backend sent headers before it failed. */
export type AnswerError = (exchange: Exchange, error: unknown, call?: Call, hasHead?: boolean) => void;

export function compileErrorAnswer(schema: Schema, options: RestOptions): AnswerError {
  const isStrict = options.profile === "strict";
  const write = compileErrorBody(schema, options);
  const appendReplyHeaders = compileReplyHeaders(options);
  return (exchange, cause, call, hasHead = false) => {
    const error = toNamedError(cause, exchange.requestId);
    if (error.cause !== undefined) options.report(error, call);
    if (exchange.isDone) {
      call?.end(error.code, error);
      return;
    }
    const { contentType, body } = write(error);
    const shown = wantsPretty(exchange.target) ? indentJson(body, prettyIndent) : body;
    const headers = ["content-type", contentType, "x-content-type-options", "nosniff"];
    for (const [name, value] of Object.entries(error.headers)) headers.push(name, value);
    if (error.code === Code.UNAUTHENTICATED && error.headers["www-authenticate"] === undefined) {
      headers.push("www-authenticate", isStrict ? "Bearer" : toHeaderText(error.message));
    }
    if (error.statusBytes !== undefined && error.headers["retry-after"] === undefined) {
      const retryAfter = readRetryAfter(error.statusBytes);
      if (retryAfter !== undefined) headers.push("retry-after", retryAfter);
    }
    if (call !== undefined) headers.push(...call.replyHeaders);
    // An error without them came in trailers alone, or from the gateway itself.
    if (hasHead || error.backendHeaders.length > 0) appendReplyHeaders(error.backendHeaders, headers);
    exchange.respond(error.httpStatus, headers, shown, toReplyTrailers(options, exchange, error.backendTrailers));
    call?.end(error.code, error, error.httpStatus);
  };
}

/** grpc-gateway's WWW-Authenticate is the message; a header holds printable ASCII only. */
function toHeaderText(message: string): string {
  return message.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 1024);
}
