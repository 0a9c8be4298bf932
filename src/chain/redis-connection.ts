// A connection to Redis, for scripts: comes back by itself, never keeps a command for later, and reports each outage once.
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import type { RedisClientOptions } from "@redis/client";

export interface RedisOptions {
  /** `redis://host:port/N`, `rediss://host:port/N`, `unix:/path`. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** PEM, instead of the system's authorities. */
  readonly ca: string | undefined;
  /** The connection was lost, or could not be made: once until it is there again. */
  readonly onDown: (cause: unknown) => void;
}

export interface RedisConnection {
  readonly isReady: boolean;
  /** Goes on until it is closed. Resolves with the first outcome, good or bad, or after a second without one. */
  connect(): Promise<void>;
  /**
   * One script, sent with all others of this turn; texts of its answer are Buffers. Rejects at once when nobody is there to be asked, and
   * with RedisRefusal for what Redis says no to.
   */
  run(script: RedisScript, keys: readonly string[], args: readonly (string | Buffer)[]): Promise<unknown>;
  close(): void;
}

export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

/** Redis is there, and says that it will not: it is full, say, or the key is of another type. */
export class RedisRefusal extends Error {}

type Library = typeof import("@redis/client");
type Client = ReturnType<Library["createClient"]>;

/** What waits for an answer: nobody waits longer than the timeout, so that more is a Redis that has stopped. */
const maxCommands = 20_000;
const [firstRetryMs, lastRetryMs] = [100, 5000];
/** A gateway does not count by itself for the moment that it takes to connect; nor does it wait for a Redis that is not there. */
const patienceMs = 1000;
/** A connection that nothing comes over is dead, whatever TCP says. */
const [pingMs, silenceMs] = [2000, 6000];

export function toScript(text: string): RedisScript {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** The library is loaded only where there is a Redis. */
export function createRedisConnection(options: RedisOptions): RedisConnection {
  let library: Library | undefined;
  let client: Client | undefined;
  let isClosed = false;
  let isDown = false;
  let onOutcome = (): void => {};
  const onDown = (cause: unknown): void => {
    onOutcome();
    if (isDown || isClosed) return;
    isDown = true;
    options.onDown(cause);
  };
  const open = async (): Promise<void> => {
    library = await import("@redis/client");
    if (isClosed) return;
    client = library.createClient(toClientOptions(options));
    client.on("error", onDown);
    client.on("ready", () => {
      isDown = false;
      onOutcome();
    });
    await client.connect();
  };
  const send = async (words: readonly (string | Buffer)[]): Promise<unknown> => {
    if (library === undefined || client === undefined) throw new Error("not connected");
    try {
      return await client.sendCommand(words, { typeMapping: { [library.RESP_TYPES.BLOB_STRING]: Buffer } });
    } catch (error) {
      throw error instanceof library.ErrorReply ? new RedisRefusal(error.message) : error;
    }
  };
  return {
    connect: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, patienceMs);
        onOutcome = () => {
          clearTimeout(timer);
          resolve();
        };
        open().catch(onDown);
      }),
    get isReady() {
      return client?.isReady === true;
    },
    async run({ sha, text }, keys, args) {
      const rest = [String(keys.length), ...keys, ...args];
      try {
        return await send(["EVALSHA", sha, ...rest]);
      } catch (error) {
        // After a restart, or SCRIPT FLUSH; EVAL keeps it for the next time.
        if (!(error instanceof RedisRefusal) || !error.message.startsWith("NOSCRIPT")) throw error;
        return send(["EVAL", text, ...rest]);
      }
    },
    close() {
      isClosed = true;
      if (client?.isOpen === true) client.destroy();
    },
  };
}

function toClientOptions({ url, username, password, ca }: RedisOptions): RedisClientOptions {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...toDatabase(url),
    socket: { ...toSocket(url, ca), connectTimeout: 2000, socketTimeout: silenceMs, reconnectStrategy: toDelay },
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxCommands,
    pingInterval: pingMs,
  };
}

function toSocket(url: string, ca: string | undefined): NonNullable<RedisClientOptions["socket"]> {
  if (url.startsWith("unix:")) return { path: url.slice("unix:".length), tls: false };
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const address = { host, port: port === "" ? 6379 : Number(port) };
  if (protocol !== "rediss:") return address;
  // RFC 6066 section 3: an address is no server name. It is looked for in the certificate all the same.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return { ...address, tls: true, ...name, ...(ca === undefined ? {} : { ca }) };
}

function toDatabase(url: string): { database?: number } {
  const [, database] = /^rediss?:.*\/(\d+)$/.exec(url) ?? [];
  return database === undefined ? {} : { database: Number(database) };
}

/** Doubling, with as much chance as certainty: gateways that lost it together do not come back together. */
function toDelay(retries: number): number {
  const most = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(retries, 10));
  return Math.round(most * (0.5 + Math.random() / 2));
}
