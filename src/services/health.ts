// grpc.health.v1 as the gateway answers it: for itself under the name "", for the services of its schema through their backends.
import type { Reply, StreamCall, StreamHandler, StreamReply, UnaryCall, UnaryHandler } from "../call.ts";
import { emptyMetadata } from "../metadata.ts";
import type { Method, Schema } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { checkBackend, type HealthUpstreams } from "./health-backend.ts";
import { BackendWatch, Changes } from "./health-watch.ts";
import { readHealthRequest, Status, writeHealthList, writeHealthResponse } from "./health-wire.ts";
import { healthService, ownMethod } from "./own-protos.ts";
import { failedReply, openReply, shuttingDown } from "./reply-stream.ts";
import { StatusFeed } from "./status-feed.ts";

export interface HealthOptions {
  /** Of the gateway's own services. */
  readonly own: Schema;
  /** Of the backends. */
  readonly schema: Schema;
  readonly upstreams: HealthUpstreams;
  readonly isReady: () => boolean;
  /** Services of the schema that no backend serves, but the gateway itself. */
  readonly composed: readonly string[];
}

export interface OwnHandlers {
  /** By path. */
  readonly unary: ReadonlyMap<string, UnaryHandler>;
  readonly stream: ReadonlyMap<string, StreamHandler>;
  /** Ends what would otherwise go on for as long as its clients do. */
  stop(): void;
}

/** Watches at a time, of all clients together: each may hold a stream to a backend. */
const maxWatches = 1_000;
/** health.proto: a longer List fails with RESOURCE_EXHAUSTED. */
const maxListed = 100;
/** Lists at a time: each asks backends for up to `maxListed` services. */
const maxLists = 8;
/** Questions of one List at a time. */
const listParallelism = 8;

export function createHealth(options: HealthOptions): OwnHandlers {
  const health = new Health(options);
  const { check, list, watch } = health.methods;
  return {
    unary: new Map<string, UnaryHandler>([
      [check.path, (call) => health.check(call)],
      [list.path, (call) => health.list(call)],
    ]),
    stream: new Map<string, StreamHandler>([[watch.path, (call) => health.watch(call)]]),
    stop: () => health.stop(),
  };
}

class Health {
  readonly methods: Readonly<Record<"check" | "list" | "watch", Method>>;
  readonly #upstreams: HealthUpstreams;
  readonly #isReady: () => boolean;
  /** The gateway itself, and its services: as well as the gateway is. */
  readonly #own: ReadonlySet<string>;
  readonly #proxied: ReadonlySet<string>;
  readonly #changes = new Changes();
  readonly #watches = new Set<Watch>();
  #lists = 0;
  #isStopped = false;

  constructor({ own, schema, upstreams, isReady, composed }: HealthOptions) {
    this.methods = {
      check: ownMethod(own, `${healthService}.Check`),
      list: ownMethod(own, `${healthService}.List`),
      watch: ownMethod(own, `${healthService}.Watch`),
    };
    this.#upstreams = upstreams;
    this.#isReady = isReady;
    this.#own = new Set(["", ...own.services.map(({ name }) => name), ...composed]);
    this.#proxied = new Set(schema.services.map(({ name }) => name).filter((name) => !this.#own.has(name)));
    upstreams.onStateChange(() => this.#changes.emit());
  }

  async check(call: UnaryCall): Promise<Reply> {
    const service = readHealthRequest(call.message);
    if (!this.#own.has(service) && !this.#proxied.has(service)) throw unknownService(service);
    return toReply(writeHealthResponse(await this.#statusOf(service, call)));
  }

  async list(call: UnaryCall): Promise<Reply> {
    const names = [...this.#own, ...this.#proxied];
    if (names.length > maxListed)
      throw exhausted(`List names at most ${maxListed} services, and here are ${names.length}: use Check`);
    if (this.#lists >= maxLists) throw exhausted(`more than ${maxLists} calls of List at a time`);
    this.#lists++;
    try {
      return toReply(writeHealthList(await checkAll(names, (name) => this.#statusOf(name, call))));
    } finally {
      this.#lists--;
    }
  }

  watch(call: StreamCall): StreamReply {
    if (this.#isStopped) return failedReply(shuttingDown());
    if (this.#watches.size >= maxWatches) return failedReply(exhausted(`more than ${maxWatches} watches at a time`));
    return openWatch(call, this.#watches, (service, feed) => this.#follow(service, call, feed));
  }

  stop(): void {
    this.#isStopped = true;
    for (const { feed, end } of this.#watches) {
      end();
      if (feed.status !== Status.SERVICE_UNKNOWN) feed.set(Status.NOT_SERVING);
      feed.fail(shuttingDown());
    }
  }

  /** Of one of the gateway's names, or of a proxied service. */
  #statusOf(service: string, call: UnaryCall): Status | Promise<Status> {
    if (this.#own.has(service)) return this.#gatewayStatus();
    const backend = this.#upstreams.find(service)?.transport;
    if (backend === undefined || this.#isStopped) return Status.NOT_SERVING;
    return checkBackend(backend, this.methods.check, call, service);
  }

  #gatewayStatus(): Status {
    return !this.#isStopped && this.#isReady() ? Status.SERVING : Status.NOT_SERVING;
  }

  /** Feeds the watch; returns what ends that. */
  #follow(service: string, call: StreamCall, feed: StatusFeed): () => void {
    if (this.#own.has(service)) {
      feed.set(this.#gatewayStatus());
      return this.#changes.on(() => feed.set(this.#gatewayStatus()));
    }
    const isKnown = this.#proxied.has(service);
    const backend = isKnown ? this.#upstreams.find(service)?.transport : undefined;
    if (backend === undefined) {
      // What is unknown may be known after a reload: the client stays, as health.proto asks.
      feed.set(isKnown ? Status.NOT_SERVING : Status.SERVICE_UNKNOWN);
      return () => {};
    }
    const method = this.methods.watch;
    const watch = new BackendWatch({ backend, method, call, service, feed, changes: this.#changes });
    watch.begin();
    return () => watch.end();
  }
}

interface Watch {
  readonly feed: StatusFeed;
  /** Nothing feeds it any more. */
  readonly end: () => void;
}

/** Feeds the watch of a service; returns what ends that. */
type Follow = (service: string, feed: StatusFeed) => () => void;

function openWatch(call: StreamCall, watches: Set<Watch>, follow: Follow): StreamReply {
  const feed = new StatusFeed();
  let isOver = false;
  let stop = (): void => {};
  const watch: Watch = {
    feed,
    end: () => {
      isOver = true;
      stop();
    },
  };
  const begin = async (): Promise<void> => {
    const request = await call.messages.read();
    if (request === undefined) throw noRequest();
    const service = readHealthRequest(request);
    if (!isOver) stop = follow(service, feed);
  };
  let begun: Promise<void> | undefined;
  watches.add(watch);
  const { reply } = openReply(call, {
    next: async () => {
      // Not waited for: a client that sends no request hears of the gateway's end all the same.
      begun ??= begin().catch((error: unknown) => feed.fail(GatewayError.from(error)));
      return writeHealthResponse(await feed.next());
    },
    onEnd: () => {
      watches.delete(watch);
      watch.end();
    },
  });
  return reply;
}

/** In the order of the names, a few at a time; of one that cannot be told the status is UNKNOWN. */
async function checkAll(
  names: readonly string[],
  statusOf: (name: string) => Status | Promise<Status>,
): Promise<[string, Status][]> {
  const statuses = new Map<string, Status>();
  const waiting = names.values();
  const work = async (): Promise<void> => {
    for (const name of waiting) {
      try {
        statuses.set(name, await statusOf(name));
      } catch {
        statuses.set(name, Status.UNKNOWN);
      }
    }
  };
  await Promise.all(Array.from({ length: listParallelism }, work));
  return names.map((name) => [name, statuses.get(name) ?? Status.UNKNOWN]);
}

function toReply(message: Uint8Array): Reply {
  return { message, headers: emptyMetadata, trailers: emptyMetadata };
}

function unknownService(service: string): GatewayError {
  return new GatewayError(Code.NOT_FOUND, `no service ${JSON.stringify(service.slice(0, 200))} is served here`, {
    reason: "HEALTH_SERVICE_UNKNOWN",
  });
}

function exhausted(message: string): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, message, { reason: "HEALTH_LIMIT" });
}

function noRequest(): GatewayError {
  return new GatewayError(Code.UNIMPLEMENTED, "Watch takes one message, and the request has none", {
    reason: "MESSAGE_COUNT_INVALID",
  });
}
