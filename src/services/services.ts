// OPEN FIRST. The gRPC services that the gateway answers itself: health and server reflection, behind the same chain as all else.
//
//   front/grpc ─ method by path ─→ chain/* ─→ before(…) ─┬─ a method of its own → health.ts | reflection.ts
//                                                        └─ any other           → upstream/*
import type { Handler, StreamHandler, UnaryHandler } from "../call.ts";
import type { Method, Schema, Service } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { createHealth, type OwnHandlers } from "./health.ts";
import type { HealthUpstreams } from "./health-backend.ts";
import { linkOwnProtos } from "./own-protos.ts";
import { createReflection } from "./reflection.ts";
import { failedReply } from "./reply-stream.ts";

export interface OwnServicesOptions {
  /** What the backends serve. */
  readonly schema: Schema;
  readonly upstreams: HealthUpstreams;
  /** Methods that need no backend. */
  readonly composed?: Pick<ReadonlyMap<Method, unknown>, "has">;
  /** Whether the gateway should be sent calls; asked at every check, and whenever an upstream changes its state. */
  readonly isReady: () => boolean;
  readonly health: boolean;
  readonly reflection: boolean;
}

export interface OwnServices {
  /** Those that are on, as the linker makes them: for fronts to find by path, and to translate. */
  readonly schema: Schema;
  readonly methods: readonly Method[];
  /** Also for a method of a backend's own health or reflection protos, should they be loaded: the gateway answers those. */
  isOwn(method: Method): boolean;
  /** Answers own methods only. */
  readonly handler: Handler;
  /** The end of the chain: own methods are answered here, all others by `next`. */
  before(next: Handler): Handler;
  /** The gateway is stopping: whoever watches is told NOT_SERVING, then every stream here ends with UNAVAILABLE. */
  stop(): void;
}

export function createOwnServices(options: OwnServicesOptions): OwnServices {
  const { schema, upstreams, isReady } = options;
  const own = linkOwnProtos(options.health, options.reflection);
  const parts: OwnHandlers[] = [];
  if (options.health) parts.push(createHealth({ own, schema, upstreams, isReady, composed: listComposed(options) }));
  if (options.reflection) parts.push(createReflection(own, schema));

  const unary = new Map<string, UnaryHandler>(parts.flatMap((part) => [...part.unary]));
  const stream = new Map<string, StreamHandler>(parts.flatMap((part) => [...part.stream]));
  const paths = new Set([...unary.keys(), ...stream.keys()]);
  const isOwn = ({ path }: Method): boolean => paths.has(path);
  const handler: Handler = {
    unary: (call) => unary.get(call.method.path)?.(call) ?? Promise.reject(notOfThisKind(call.method)),
    stream: (call) => stream.get(call.method.path)?.(call) ?? failedReply(notOfThisKind(call.method)),
  };
  return {
    schema: own,
    methods: own.services.flatMap((service) => service.methods),
    isOwn,
    handler,
    before: (next) =>
      paths.size === 0
        ? next
        : {
            unary: (call) => (isOwn(call.method) ? handler : next).unary(call),
            stream: (call) => (isOwn(call.method) ? handler : next).stream(call),
          },
    stop: () => {
      for (const part of parts) part.stop();
    },
  };
}

/** Services of which the gateway answers every method: they are as well as the gateway is. */
function listComposed({ schema, composed }: OwnServicesOptions): readonly string[] {
  const isComposed = (service: Service): boolean =>
    service.methods.length > 0 && service.methods.every((method) => composed?.has(method) === true);
  return schema.services.filter(isComposed).map(({ name }) => name);
}

/** A backend's proto may declare a method of the same path otherwise than gRPC does. */
function notOfThisKind({ path, kind }: Method): GatewayError {
  return new GatewayError(Code.UNIMPLEMENTED, `the gateway's ${path} is not a ${kind} method`, {
    reason: "METHOD_UNKNOWN",
  });
}
