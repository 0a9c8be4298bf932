// What a stream calls: a method by its name, or by the path of a rule as REST finds it; and how its messages are read and written.
import type { RouteMatch, Router } from "../../route/router.ts";
import type { Binding } from "../../schema/binding.ts";
import type { Method, Schema } from "../../schema/descriptor.ts";
import { parseTimeout } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import { compileJsonReader } from "../../translate/json/json-reader.ts";
import { compileJsonWriter } from "../../translate/json/json-writer.ts";
import { parseQuery } from "../../translate/request/query.ts";
import { compileTimeout } from "../deadline.ts";
import type { TimeoutOf } from "../deadline.ts";
import type { Census, StreamTally } from "../stream/census.ts";
import type { StreamTimes } from "../stream/stream-clock.ts";
import { compileStreamPolicy, toStreamTimes } from "../stream/stream-policy.ts";
import type { Overflow } from "../stream/stream-policy.ts";
import { compileBoundMessages } from "./mux-binding.ts";
import type { BoundMessages, ReadMessage, WriteMessage } from "./mux-binding.ts";
import type { MuxCodec, OpenFrame } from "./mux-frame.ts";
import type { WebSocketOptions } from "./options.ts";

export interface MuxPlan {
  readonly method: Method;
  readonly overflow: Overflow;
  readonly times: StreamTimes;
  readonly tally: StreamTally;
  /** Messages the client may send. */
  readonly takes: "none" | "one" | "many";
  readonly timeoutOf: TimeoutOf;
  readonly readNext: ReadMessage;
  readonly write: WriteMessage;
}

export interface MuxTarget {
  readonly plan: MuxPlan;
  /** Milliseconds the call has. */
  readonly timeoutMs: number;
  /** The first message; undefined where the client sends none. Throws GatewayError (3). */
  readFirst(message: Uint8Array | undefined): Uint8Array;
}

export interface PlanContext {
  readonly schema: Schema;
  readonly router: Router;
  readonly options: WebSocketOptions;
  readonly census: Census;
}

/** Throws GatewayError for what cannot be opened. */
export type FindTarget = (frame: OpenFrame) => MuxTarget;

export function createTargets(context: PlanContext, form: MuxCodec["form"]): FindTarget {
  const byMethod = createMethodPlans(context, form);
  const byPath = createPathPlans(context, form);
  return (frame) => {
    const { method, path, timeout } = frame;
    if ((method === undefined) === (path === undefined))
      throw invalid(`"open" needs either "method" or "path", and not both`, "STREAM_TARGET_INVALID");
    const found = method === undefined ? byPath(path as string) : byMethod(method);
    return { ...found, timeoutMs: found.plan.timeoutOf({}, checkTimeout(timeout)) };
  };
}

type Found = Omit<MuxTarget, "timeoutMs">;

/** `package.Service/Method`. */
function createMethodPlans(context: PlanContext, form: MuxCodec["form"]): (name: string) => Found {
  const { schema, options } = context;
  const methods = new Map<string, Method>();
  for (const service of schema.services)
    for (const method of service.methods) methods.set(method.path.slice(1), method);
  const plans = new Map<Method, Found>();
  return (name) => {
    const method = methods.get(name);
    if (method === undefined) throw unknownMethod(name);
    let found = plans.get(method);
    if (found === undefined) {
      const isJson = form === "json";
      const read: ReadMessage = isJson ? compileJsonReader(method.input, schema, options.json) : asItIs;
      const write: WriteMessage = isJson ? compileJsonWriter(method.output, schema, options.json) : asItIs;
      const takes = isClientStream(method) ? "many" : "one";
      const plan = compilePlan(context, method, { takes, readNext: read, write });
      found = { plan, readFirst: (message) => read(message ?? noMessage(method)) };
      plans.set(method, found);
    }
    return found;
  };
}

function asItIs(message: Uint8Array): Uint8Array {
  return message;
}

function noMessage(method: Method): never {
  throw invalid(`${method.name} takes one message, and none came before "end"`, "MESSAGE_COUNT");
}

interface BoundPlan {
  readonly plan: MuxPlan;
  readonly messages: BoundMessages;
}

/** `VERB /path?query`. */
function createPathPlans(context: PlanContext, form: MuxCodec["form"]): (path: string) => Found {
  const { router, options } = context;
  const plans = new Map<Binding, BoundPlan>();
  return (text) => {
    const space = text.indexOf(" ");
    const mark = text.indexOf("?", space);
    const verb = text.slice(0, Math.max(space, 0));
    const path = text.slice(space + 1, mark < 0 ? undefined : mark);
    const query = mark < 0 ? "" : text.slice(mark + 1);
    if (verb === "" || !path.startsWith("/"))
      throw invalid(`"path" must be a verb and a path, as in "GET /v1/rooms/7/events"`, "STREAM_TARGET_INVALID");
    const { binding, captures } = match(router, verb, path);
    let bound = plans.get(binding);
    if (bound === undefined) {
      bound = compileBoundPlan(context, form, binding);
      plans.set(binding, bound);
    }
    refuseOwnParameters(query, options);
    const request = bound.messages.bind(captures, query);
    return { plan: bound.plan, readFirst: (message) => request.first(message) };
  };
}

function compileBoundPlan(context: PlanContext, form: MuxCodec["form"], binding: Binding): BoundPlan {
  const { schema, options } = context;
  const { method, body } = binding;
  const messages = compileBoundMessages({ binding, schema, options, form });
  const takesOne = body.kind === "none" ? "none" : "one";
  const takes = isClientStream(method) ? "many" : takesOne;
  return { plan: compilePlan(context, method, { takes, readNext: messages.next, write: messages.write }), messages };
}

type Messages = Pick<MuxPlan, "takes" | "readNext" | "write">;

/** Throws GatewayError (12) for a method that is not offered. */
function compilePlan({ options, census }: PlanContext, method: Method, messages: Messages): MuxPlan {
  const policy = compileStreamPolicy(method, options);
  if (!policy.webSocket) {
    const message = `${method.name} is not offered over WebSocket: its stream policy says ws: false`;
    throw new GatewayError(Code.UNIMPLEMENTED, message, { reason: "WEBSOCKET_NOT_OFFERED" });
  }
  const timeoutOf = compileTimeout(method, options);
  const times = toStreamTimes(policy, options);
  return { method, overflow: policy.overflow, times, tally: census.tallyOf(method, "mux"), timeoutOf, ...messages };
}

function isClientStream({ kind }: Method): boolean {
  return kind === "client-streaming" || kind === "bidi-streaming";
}

function match(router: Router, verb: string, path: string): RouteMatch {
  const route = router.match(verb, path);
  if (route.kind === "match") return route;
  if (route.kind === "bad-path") throw invalid(route.message, route.reason);
  if (route.kind === "not-found") {
    const message = "no method is bound to this path; `sluice routes` lists those that are";
    throw new GatewayError(Code.NOT_FOUND, message, { reason: "ROUTE_NOT_FOUND" });
  }
  const allow = route.allow.filter((name) => name !== "OPTIONS").join(", ");
  const message = `${JSON.stringify(verb.slice(0, 20))} is not bound to this path; allowed: ${allow}`;
  throw new GatewayError(Code.UNIMPLEMENTED, message, { reason: "METHOD_NOT_ALLOWED" });
}

/** What they would say is said by the frame. */
function refuseOwnParameters(query: string, options: WebSocketOptions): void {
  if (!query.includes("$") && !query.includes("%24")) return;
  const own = parseQuery(query, options.queryLimits).find(({ name }) => name.startsWith("$"));
  if (own === undefined) return;
  const shown = own.name.slice(0, 40);
  throw GatewayError.invalidField(
    shown,
    `${shown} is not taken in the path of a stream; the frame has "timeout"`,
    "SYSTEM_PARAMETER_INVALID",
  );
}

function checkTimeout(timeout: string | undefined): string | undefined {
  if (timeout === undefined || (parseTimeout(timeout) ?? 0) > 0) return timeout;
  const shown = JSON.stringify(timeout.slice(0, 40));
  throw invalid(`"timeout" is ${shown}; a positive duration is expected, e.g. 1.5s or 500ms`, "TIMEOUT_INVALID");
}

/** Without a guess at what was meant: comparing names is work that any client could ask for. */
function unknownMethod(name: string): GatewayError {
  const shown = JSON.stringify(name.slice(0, 80));
  return new GatewayError(Code.UNIMPLEMENTED, `no method ${shown}; package.Service/Method is expected`, {
    reason: "METHOD_UNKNOWN",
  });
}

function invalid(message: string, reason: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason });
}
