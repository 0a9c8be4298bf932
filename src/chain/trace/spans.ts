// Spans of OpenTelemetry: one for each call, each interceptor that waits and each call to a backend. Only the API: whoever wants them
// brings the SDK (docs/tracing.md), and without one none of this runs.
import {
  context,
  createContextKey,
  createTraceState,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import type { Attributes, Context, Span, SpanContext, Tracer, TracerProvider, TraceState } from "@opentelemetry/api";
import type { Call, CallEnd, StreamCall, TraceContext, UnaryCall } from "../../call.ts";
import type { Cancellation } from "../../cancellation.ts";
import type { Method } from "../../schema/descriptor.ts";
import { Code, codeName, GatewayError } from "../../status.ts";
import type { Around, ChainWatch } from "../compose.ts";
import { readTrace, withTrace } from "./trace-context.ts";
import type { RemoteTrace } from "./trace-context.ts";

export interface SpanOptions {
  /** Goes on with the client's trace. */
  readonly accept: boolean;
  readonly version: string;
  readonly upstreamOf: (method: Method) => string | undefined;
}

export interface Spans {
  readonly watch: ChainWatch;
  /** To stand next to the upstream. */
  readonly around: Around;
  /** Sends off what has ended, before the process does; an SDK that takes too long is not waited for. Never rejects. */
  flush(): Promise<void>;
}

const maxFlushMs = 2000;

/** SDKs keep of the client's flags only whether it is sampled. */
const randomKey = createContextKey("sluice: the trace's id is random");

/** Whether somebody has registered an SDK. Asked once: it is there before the gateway, by `--import`, or not at all. */
export function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer("sluice") !== undefined;
}

export function createSpans({ accept, version, upstreamOf }: SpanOptions): Spans {
  const tracer = trace.getTracer("sluice", version);
  // By what a call and its call to the backend have in common. A context manager would know it as well; there need not be one.
  const contexts = new WeakMap<Cancellation, Context>();

  const begin = (call: Call): Context => {
    const remote = accept ? readTrace(call) : undefined;
    const parent = remote === undefined ? ROOT_CONTEXT : toContext(remote);
    const span = tracer.startSpan(
      call.method.path.slice(1),
      { kind: SpanKind.SERVER, attributes: describeRequest(call), startTime: performance.timeOrigin + call.startedAt },
      parent,
    );
    call.trace = toTrace(span.spanContext());
    call.onEnd((end) => finishCall(span, call, end));
    const own = trace.setSpan(parent, span);
    contexts.set(call.cancellation, own);
    return own;
  };

  const watch: ChainWatch = {
    within: (call, run) => context.with(contexts.get(call.cancellation) ?? begin(call), run),
    waits(call, interceptor, pending) {
      const span = tracer.startSpan(`sluice.${interceptor}`, {}, contexts.get(call.cancellation));
      return pending.then(
        () => span.end(),
        (error: unknown) => {
          fail(span, GatewayError.from(error), true);
          span.end();
          throw error;
        },
      );
    },
  };

  const parentOf = (call: UnaryCall | StreamCall): Context => {
    const active = context.active();
    if (trace.getSpan(active) !== undefined) return active;
    let { cancellation } = call;
    while (cancellation.whole !== undefined) cancellation = cancellation.whole;
    return contexts.get(cancellation) ?? active;
  };
  return { watch, around: createAttempts(tracer, parentOf, upstreamOf), flush };
}

/** Who batches spans has some of the last seconds still, and `process.exit` asks nobody. */
async function flush(): Promise<void> {
  // By what it can do: the API that it was registered with may be another copy.
  const provider = trace.getTracerProvider() as TracerProvider & Partial<Pick<ProxyTracerProvider, "getDelegate">>;
  const registered = (provider.getDelegate?.() ?? provider) as { forceFlush?: () => Promise<void> };
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, maxFlushMs)));
  const flushed = (async () => registered.forceFlush?.())().catch(() => {});
  await Promise.race([flushed, enough]);
  clearTimeout(timer);
}

type ParentOf = (call: UnaryCall | StreamCall) => Context;

/** Each time that a backend is asked, whoever asks again. */
function createAttempts(tracer: Tracer, parentOf: ParentOf, upstreamOf: SpanOptions["upstreamOf"]): Around {
  const start = (call: UnaryCall | StreamCall, parent: Context): Span => {
    const { method } = call;
    const target = upstreamOf(method);
    const attributes = { ...describeMethod(method), ...(target === undefined ? {} : describeTarget(target)) };
    return tracer.startSpan(method.path.slice(1), { kind: SpanKind.CLIENT, attributes }, parent);
  };
  const finish = (span: Span, error: unknown): void => {
    if (error === undefined) span.setAttribute("rpc.grpc.status_code", Code.OK);
    else fail(span, GatewayError.from(error), true);
    span.end();
  };
  return (next) => ({
    unary(call) {
      const parent = parentOf(call);
      const span = start(call, parent);
      return next.unary({ ...call, metadata: outwards(call, span, parent) }).then(
        (reply) => {
          finish(span, undefined);
          return reply;
        },
        (error: unknown) => {
          finish(span, error);
          throw error;
        },
      );
    },
    stream(call) {
      const parent = parentOf(call);
      const span = start(call, parent);
      const reply = next.stream({ ...call, metadata: outwards(call, span, parent) });
      reply.trailers.then(
        () => finish(span, undefined),
        (error: unknown) => finish(span, error),
      );
      return reply;
    },
  });
}

function outwards({ metadata }: UnaryCall | StreamCall, span: Span, parent: Context) {
  const own = span.spanContext();
  const isRandom = parent.getValue(randomKey) === true;
  return withTrace(metadata, { ...toTrace(own), isRandom }, own.traceState?.serialize() || undefined);
}

/** https://opentelemetry.io/docs/specs/semconv/rpc/grpc/ and …/http/http-spans/; nothing of the query, where secrets may be. */
function describeRequest({ method, front, source, peer, headers }: Call): Attributes {
  const agent = headers["user-agent"];
  return {
    ...describeMethod(method),
    "sluice.front": front,
    "http.request.method": source.method,
    "url.path": source.target.split(/[?#]/, 1)[0].slice(0, 2048),
    "url.scheme": source.secure ? "https" : "http",
    "network.protocol.version": source.httpVersion,
    "client.address": peer.address,
    ...(typeof agent === "string" ? { "user_agent.original": agent.slice(0, 256) } : {}),
  };
}

function describeMethod({ service, localName }: Method): Attributes {
  return { "rpc.system": "grpc", "rpc.service": service.name, "rpc.method": localName };
}

/** `host:port` or `unix:path`. */
function describeTarget(target: string): Attributes {
  const [, host, port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(target) ?? [];
  if (host === undefined) return { "server.address": target.replace(/^unix:/, "") };
  return { "server.address": host, "server.port": Number(port) };
}

function finishCall(span: Span, call: Call, { code, error, httpStatus }: CallEnd): void {
  span.setAttribute("rpc.grpc.status_code", code);
  if (httpStatus !== 0) span.setAttribute("http.response.status_code", httpStatus);
  if (call.requestId !== undefined) span.setAttribute("sluice.request_id", call.requestId);
  if (call.refusedBy !== undefined) span.setAttribute("sluice.refused_by", call.refusedBy);
  const cached = call.notes?.find(({ name }) => name === "cache");
  if (cached !== undefined) span.setAttribute("sluice.cache", cached.text);
  if (error !== undefined) fail(span, error, false);
  span.end();
}

/** What the server is to blame for; of a call to a backend, all that does not end well. */
const serverFaults: ReadonlySet<Code> = new Set([
  Code.UNKNOWN,
  Code.DEADLINE_EXCEEDED,
  Code.UNIMPLEMENTED,
  Code.INTERNAL,
  Code.UNAVAILABLE,
  Code.DATA_LOSS,
]);

function fail(span: Span, { code, message, reason }: GatewayError, isClient: boolean): void {
  span.setAttribute("rpc.grpc.status_code", code);
  span.setAttribute("error.type", reason ?? codeName(code));
  if (isClient || serverFaults.has(code))
    span.setStatus({ code: SpanStatusCode.ERROR, message: message.slice(0, 256) });
}

function toTrace({ traceId, spanId, traceFlags }: SpanContext): TraceContext {
  return { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}

/** What spans below the client's begin in. */
function toContext({ traceId, spanId, isSampled, isRandom, state }: RemoteTrace): Context {
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const own = { traceId, spanId, traceFlags, isRemote: true };
  const remote = state === undefined ? own : { ...own, traceState: toTraceState(state) };
  return trace.setSpanContext(ROOT_CONTEXT.setValue(randomKey, isRandom), remote);
}

/** As it came until somebody changes it: the API's own list leaves out names that level 2 of the specification allows. */
function toTraceState(text: string): TraceState {
  const list = createTraceState(text);
  return {
    get: (key) => list.get(key),
    set: (key, value) => list.set(key, value),
    unset: (key) => list.unset(key),
    serialize: () => text,
  };
}
