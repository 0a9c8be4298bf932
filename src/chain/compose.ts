// The interceptors in front of the end of the chain, put together once: an absent one costs nothing per call, and one that a method has no use for costs its calls nothing.
import type { Call, Chain, Handler, Intercept, MessageReader, Miss, Reply, StreamReply, UnaryCall } from "../call.ts";
import type { Method } from "../schema/descriptor.ts";
import { GatewayError } from "../status.ts";
import { deferReply } from "../defer-reply.ts";
import { runTapped, streamTapped } from "./taps.ts";

/** One link of the chain. */
export interface Interceptor {
  /** For messages and for `sluice explain`. */
  readonly name: string;
  /** Asked once for each method: what its calls pass; undefined for none of this. Throws for what the method asks and cannot be had. */
  compile(method: Method): Intercept | undefined;
}

/** Wraps whatever comes after the interceptors; what it does not care about it leaves as it is: `{ ...next, unary: … }`. */
export type Around = (next: Handler) => Handler;

/** Is there when calls are, for tracing. */
export interface ChainWatch {
  /** Runs what belongs to a call in its context; makes the context when it is the first time. */
  within<T>(call: Call, run: () => T): T;
  /** An interceptor does not decide at once. What it answers is waited for instead; it settles as `pending` does. */
  waits(call: Call, interceptor: string, pending: Promise<void>): Promise<void>;
}

export interface ChainParts {
  /** In the order calls pass them. */
  readonly interceptors?: readonly Interceptor[];
  /** Outermost first. */
  readonly around?: readonly Around[];
  /** The upstream. */
  readonly end: Handler;
  readonly onMiss?: ((miss: Miss) => void) | undefined;
  readonly watch?: ChainWatch | undefined;
  /** Those for which the interceptors are asked at once: what one of them asks and cannot be had is found at start. */
  readonly methods?: readonly Method[];
}

/** Throws what interceptors throw for what a method asks and cannot be had. */
export function composeChain(parts: ChainParts): Chain {
  const { interceptors = [], around = [], end, onMiss, watch, methods = [] } = parts;
  const handler = around.reduceRight((next, wrap) => wrap(next), end);
  if (interceptors.length === 0 && watch === undefined) return { ...openChain(handler), onMiss };
  const guarded = guardedChain(handler, compileAdmission({ interceptors, watch, methods }));
  return { ...(watch === undefined ? guarded : watchedChain(guarded, watch)), onMiss };
}

function watchedChain(chain: Omit<Chain, "onMiss">, watch: ChainWatch): Omit<Chain, "onMiss"> {
  return {
    admit: (call) => watch.within(call, () => chain.admit(call)),
    unary: (call, message) => watch.within(call, () => chain.unary(call, message)),
    stream: (call, messages) => watch.within(call, () => chain.stream(call, messages)),
  };
}

/** Lets every call pass. */
function openChain(handler: Handler): Omit<Chain, "onMiss"> {
  return {
    admit() {},
    unary: (call, message) => handler.unary(toUnary(call, message)),
    stream: (call, messages) => handler.stream(toStream(call, messages)),
  };
}

function guardedChain(handler: Handler, admit: Chain["admit"]): Omit<Chain, "onMiss"> {
  const next = (call: UnaryCall): Promise<Reply> => handler.unary(call);
  const ask = (call: Call, message: Uint8Array): Promise<Reply> =>
    call.answer === undefined ? handler.unary(toUnary(call, message)) : call.answer(toUnary(call, message), next);
  const unary = (call: Call, message: Uint8Array): Promise<Reply> => {
    if (!call.isTapped) return ask(call, message);
    return runTapped(call, message, (seen) => ask(call, seen));
  };
  const stream = (call: Call, messages: MessageReader): StreamReply => {
    if (!call.isTapped) return handler.stream(toStream(call, messages));
    return streamTapped(call, messages, (seen) => handler.stream(toStream(call, seen)));
  };
  return {
    admit,
    unary(call, message) {
      try {
        const pending = admit(call);
        return pending === undefined ? unary(call, message) : pending.then(() => unary(call, message));
      } catch (error) {
        return Promise.reject(GatewayError.from(error));
      }
    },
    stream(call, messages) {
      try {
        const pending = admit(call);
        return pending === undefined ? stream(call, messages) : deferReply(pending.then(() => stream(call, messages)));
      } catch (error) {
        return deferReply(Promise.reject(GatewayError.from(error)));
      }
    },
  };
}

interface Link {
  readonly name: string;
  readonly intercept: Intercept;
}

interface AdmissionParts {
  readonly interceptors: readonly Interceptor[];
  readonly watch: ChainWatch | undefined;
  readonly methods: readonly Method[];
}

function compileAdmission({ interceptors, watch, methods }: AdmissionParts): Chain["admit"] {
  // Methods without a proto are made anew for each call.
  const passed = new WeakMap<Method, readonly Link[]>();
  const compile = (method: Method): readonly Link[] => {
    const own = interceptors.flatMap((interceptor) => {
      const intercept = interceptor.compile(method);
      return intercept === undefined ? [] : [{ name: interceptor.name, intercept }];
    });
    passed.set(method, own);
    return own;
  };
  for (const method of methods) compile(method);
  return (call) => {
    if (call.isAdmitted) return undefined;
    const own = passed.get(call.method) ?? compile(call.method);
    let at = 0;
    try {
      for (; at < own.length; at++) {
        const pending = own[at].intercept(call);
        if (pending !== undefined) return admitLater(call, own, at, { first: pending, watch });
      }
    } catch (error) {
      call.refusedBy = own[at].name;
      throw error;
    }
    call.isAdmitted = true;
    return undefined;
  };
}

interface Waiting {
  readonly first: Promise<void>;
  readonly watch: ChainWatch | undefined;
}

async function admitLater(call: Call, own: readonly Link[], from: number, { first, watch }: Waiting): Promise<void> {
  let at = from;
  try {
    let pending: void | Promise<void> = first;
    for (;;) {
      if (pending !== undefined) await (watch === undefined ? pending : watch.waits(call, own[at].name, pending));
      if (++at === own.length) break;
      throwIfOver(call);
      pending = own[at].intercept(call);
    }
  } catch (error) {
    if (call.cancellation.error === undefined) call.refusedBy = own[at].name;
    throw error;
  }
  throwIfOver(call);
  call.isAdmitted = true;
}

/** Nobody waits for it any more: what comes next would count it for nothing. */
function throwIfOver({ cancellation }: Call): void {
  if (cancellation.error !== undefined) throw cancellation.error;
}

function toUnary(call: Call, message: Uint8Array) {
  const { method, metadata, deadline, cancellation, peer, identity } = call;
  return { kind: "unary", method, metadata, deadline, cancellation, peer, identity, origin: call, message } as const;
}

function toStream(call: Call, messages: MessageReader) {
  const { method, metadata, deadline, cancellation, peer, identity } = call;
  return { kind: "stream", method, metadata, deadline, cancellation, peer, identity, origin: call, messages } as const;
}
