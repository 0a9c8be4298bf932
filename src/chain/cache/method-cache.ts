// The cache as the calls of one method see it: from what is kept here, or for all gateways, from what another call has asked, or from the backend.
import type { Call, Reply, ReplyCaching, UnaryCall, UnaryHandler } from "../../call.ts";
import { getMetadata } from "../../metadata.ts";
import type { CacheRule } from "../../schema/cache-rule.ts";
import type { Method } from "../../schema/descriptor.ts";
import { Code, GatewayError } from "../../status.ts";
import type { MethodPolicy } from "../policy.ts";
import { tellPartial } from "../partial.ts";
import { tellKept, tellUnkept, toKeptReply, toTtl, withoutOwnNames } from "./answer-headers.ts";
import type { CacheResult, CacheTally } from "./cache-counts.ts";
import type { CacheOptions } from "./cache-options.ts";
import { sizeOf } from "./entry-store.ts";
import type { EntryStore, Kept, KeptReply } from "./entry-store.ts";
import { Flight } from "./flight.ts";
import { readLifetime } from "./lifetime.ts";
import { MethodShare } from "./method-share.ts";
import { compileQuestion, isUnkeyed } from "./request-key.ts";
import type { Question, ToQuestion } from "./request-key.ts";
import { newEnoughMs, readWishes } from "./wishes.ts";
import type { Wishes } from "./wishes.ts";

export interface MethodCacheInputs extends CacheOptions {
  readonly policy: MethodPolicy;
  readonly store: EntryStore;
  readonly tally: CacheTally;
  readonly now: () => number;
}

/** What the backend answered; `kept` undefined where it is for one caller only. */
interface Fetched {
  readonly reply: Reply;
  readonly kept: KeptReply | undefined;
  readonly isStored: boolean;
}

/** A call on its way through here. */
interface Asking {
  readonly call: Call;
  readonly unary: UnaryCall;
  readonly next: UnaryHandler;
  readonly question: Question;
  readonly wishes: Wishes;
  readonly found: Kept | undefined;
}

/** A backend that answers for one caller only is believed for so long. */
const passMs = 10_000;
/** Stale answers do not ask a backend again sooner that has just failed. */
const retryMs = 1000;
/** Nobody waits for them, so nobody's limits count them. */
const maxRefreshes = 64;
/** What an old answer is better than. */
const failures: ReadonlySet<Code> = new Set([Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.INTERNAL, Code.UNKNOWN]);

export class MethodCache {
  readonly #rule: CacheRule;
  readonly #inputs: MethodCacheInputs;
  readonly #toQuestion: ToQuestion;
  readonly #caching: ReplyCaching;
  readonly #scope: "public" | "private";
  readonly #share: MethodShare | undefined;
  /** Under way, by key. */
  readonly #flights = new Map<string, Flight<Fetched>>();
  /** Of those, for nobody. */
  #refreshes = 0;
  /** Refreshing that failed, by what could not be refreshed. */
  readonly #failedAt = new WeakMap<KeptReply, number>();

  constructor(method: Method, rule: CacheRule, inputs: MethodCacheInputs) {
    const { policy } = inputs;
    this.#rule = rule;
    this.#inputs = inputs;
    this.#toQuestion = compileQuestion(method, { ...inputs, rule });
    const isSame = rule.isPublic && isForAll(policy);
    this.#caching = { vary: toVary(rule, inputs, isSame) };
    this.#scope = isSame && inputs.isOpen ? "public" : "private";
    const { shared } = inputs;
    const place = { method: method.name, rule };
    this.#share = shared && new MethodShare({ ...inputs, shared, place, caching: this.#caching });
  }

  /** Rejects with GatewayError only, as `next` does. */
  answer(call: Call, unary: UnaryCall, next: UnaryHandler): Promise<Reply> {
    const question = this.#toQuestion(unary);
    if (question === undefined) return this.#bypass(call, "fwd=bypass", () => next(unary));
    const found = this.#find(question);
    const asking = { call, unary, next, question, wishes: readWishes(call), found };
    const look = this.#share === undefined ? undefined : this.#look(asking);
    if (look === undefined) return this.#answerFrom(asking, "hit");
    return look.then((shared) => {
      if (shared !== undefined) return this.#answerFrom({ ...asking, found: shared }, "shared");
      // Another call may have got one meanwhile.
      return this.#answerFrom({ ...asking, found: this.#find(question) }, "hit");
    });
  }

  #find({ key }: Question): Kept | undefined {
    return this.#inputs.store.get(key, this.#inputs.now());
  }

  #answerFrom(asking: Asking, level: "hit" | "shared"): Promise<Reply> {
    const { call, wishes, found } = asking;
    const now = this.#inputs.now();
    const old = oldOf(asking);
    if (old !== undefined && isGood(old, wishes, now))
      return Promise.resolve(this.#give(call, old, level, `hit; ${toTtl(old, now)}`));
    if (old !== undefined && wishes.maxAge === Infinity && wishes.minFresh === 0 && now < old.staleUntil) {
      this.#refresh(asking, old);
      return Promise.resolve(this.#give(call, old, "stale", `hit; ${toTtl(old, now)}`));
    }
    if (wishes.onlyIfCached) return Promise.reject(this.#refuse(call));
    if (found?.kind === "pass" || wishes.noStore)
      return this.#askAlone(asking, wishes.noStore ? "fwd=request" : "fwd=bypass");
    return this.#wait(asking);
  }

  /** Of another process; undefined where there is no asking, or no need. */
  #look({ question: { key }, wishes, found }: Asking): Promise<KeptReply | undefined> | undefined {
    const isEnough = found !== undefined && (found.kind === "pass" || isGood(found, wishes, this.#inputs.now()));
    return isEnough || this.#flights.has(key) ? undefined : this.#share?.look(key);
  }

  /** For the answer of a flight: one that is under way, or a new one. */
  async #wait(asking: Asking): Promise<Reply> {
    const { call, unary, question } = asking;
    const old = oldOf(asking);
    const known = this.#flights.get(question.key);
    const flight = known ?? this.#start(asking);
    const why = old === undefined ? "fwd=miss" : this.#inputs.now() < old.freshUntil ? "fwd=request" : "fwd=stale";
    let fetched: Fetched;
    try {
      fetched = await flight.join(unary);
    } catch (cause) {
      const error = GatewayError.from(cause);
      if (known !== undefined && isForOne(error)) return this.#askAlone(asking, "fwd=bypass");
      return this.#giveOld(asking, error, why);
    }
    const { kept, isStored, reply } = fetched;
    // Those who share an answer are nobody to whoever made it.
    if (known === undefined && this.#rule.isPublic) tellPartial(call, reply);
    if (kept !== undefined) {
      const isCollapsed = known !== undefined;
      const status = `${why}${isStored && !isCollapsed ? "; stored" : ""}${isCollapsed ? "; collapsed" : ""}`;
      return this.#give(call, kept, isCollapsed ? "collapsed" : "miss", status);
    }
    // It is the first one's alone: whoever waited asks for itself.
    if (known !== undefined) return this.#askAlone(asking, "fwd=bypass");
    this.#count(call, "bypass");
    tellUnkept(call, why);
    return toUnkept(reply);
  }

  /** Asks for one call, with its own deadline. */
  async #askAlone(asking: Asking, why: string): Promise<Reply> {
    const { call, unary, next, question, wishes } = asking;
    return this.#bypass(call, why, async () => {
      const reply = await next(this.#toCall(unary, question));
      if (this.#rule.isPublic) tellPartial(call, reply);
      if (!wishes.noStore) this.#keep(asking, reply);
      return reply;
    });
  }

  async #bypass(call: Call, why: string, ask: () => Promise<Reply>): Promise<Reply> {
    this.#count(call, "bypass");
    tellUnkept(call, why);
    return toUnkept(await ask());
  }

  #start(asking: Asking): Flight<Fetched> {
    const { unary, next, question } = asking;
    const { maxTimeoutMs, policy } = this.#inputs;
    const leave = (): void => {
      if (this.#flights.get(question.key) === flight) this.#flights.delete(question.key);
    };
    const flight: Flight<Fetched> = new Flight(async (cancellation) => {
      try {
        // Not the first one's deadline: others may have more time.
        const deadline = performance.now() + Math.min(maxTimeoutMs, policy.timeoutMs?.value ?? Infinity);
        const reply = await next({ ...this.#toCall(unary, question), cancellation, deadline });
        return this.#keep(asking, reply);
      } finally {
        leave();
      }
    }, leave);
    this.#flights.set(question.key, flight);
    return flight;
  }

  /** The backend gets what the key is made of, and of callers who share an answer not who they are. */
  #toCall(unary: UnaryCall, { metadata, message }: Question): UnaryCall {
    if (this.#rule.isPublic) return { ...unary, metadata, message, identity: undefined, origin: undefined };
    return { ...unary, metadata, message };
  }

  #keep(asking: Asking, reply: Reply): Fetched {
    const { key } = asking.question;
    const { identity } = asking.unary;
    const { store, maxEntryBytes } = this.#inputs;
    const now = this.#inputs.now();
    const isOwned = !this.#rule.isPublic && identity !== undefined;
    const keeping = { rule: this.#rule, isOwned, isUnkeyed: (name: string) => isUnkeyed(this.#inputs, name) };
    const lifetime = readLifetime(reply, keeping, Date.now());
    if (lifetime === undefined) {
      store.set(key, { kind: "pass", until: now + Math.min(passMs, this.#rule.ttlMs) }, now);
      if (oldOf(asking) !== undefined) this.#share?.drop(key);
      return { reply, kept: undefined, isStored: false };
    }
    const bornAt = now - lifetime.age;
    const freshUntil = bornAt + lifetime.fresh;
    const kept: KeptReply = {
      kind: "reply",
      reply: toKeptReply(reply, { caching: this.#caching, requestIdNames: this.#inputs.requestIdNames }),
      bornAt,
      freshUntil,
      staleUntil: freshUntil + lifetime.staleWhileRevalidate,
      errorUntil: freshUntil + lifetime.staleIfError,
    };
    const isStored = sizeOf(kept) <= maxEntryBytes;
    if (isStored) {
      store.set(key, kept, now);
      this.#share?.keep(key, kept);
    }
    return { reply, kept, isStored };
  }

  /** In the background, once at a time. */
  #refresh(asking: Asking, old: KeptReply): void {
    const { key } = asking.question;
    const failedAt = this.#failedAt.get(old) ?? -Infinity;
    if (this.#flights.has(key) || this.#inputs.now() < failedAt + retryMs || this.#refreshes === maxRefreshes) return;
    const ofItself = { ...asking, unary: { ...asking.unary, origin: undefined } };
    this.#refreshes++;
    this.#start(ofItself)
      .result.catch(() => this.#failedAt.set(old, this.#inputs.now()))
      .finally(() => this.#refreshes--);
  }

  /** Throws `error` where there is nothing better. */
  #giveOld(asking: Asking, error: GatewayError, why: string): Reply {
    const { call } = asking;
    const old = oldOf(asking);
    const isBetter = old !== undefined && failures.has(error.code) && this.#inputs.now() < old.errorUntil;
    if (isBetter) {
      call.note("cache", `${error.reason ?? "the backend failed"}: ${error.message}`);
      return this.#give(call, old, "stale_error", `${why}; fwd-status=${error.httpStatus}; detail=STALE_IF_ERROR`);
    }
    this.#count(call, "miss");
    tellUnkept(call, why);
    throw error;
  }

  #give(call: Call, kept: KeptReply, result: CacheResult, status: string): Reply {
    this.#count(call, result);
    tellKept(call, kept, { status, scope: this.#scope, now: this.#inputs.now() });
    return kept.reply;
  }

  #refuse(call: Call): GatewayError {
    this.#count(call, "refused");
    tellUnkept(call, "fwd=miss; detail=ONLY_IF_CACHED");
    // RFC 9111 section 5.2.1.7.
    return new GatewayError(Code.UNAVAILABLE, "there is no answer in the cache, and the request wants none but that", {
      reason: "NOT_CACHED",
      httpStatus: 504,
    });
  }

  #count(call: Call, result: CacheResult): void {
    this.#inputs.tally[result]++;
    call.note("cache", result);
  }
}

/** Too old, or not wanted as it is. */
function oldOf({ found }: Asking): KeptReply | undefined {
  return found?.kind === "reply" ? found : undefined;
}

function isGood(kept: KeptReply, { maxAge, minFresh }: Wishes, now: number): boolean {
  if (now >= kept.freshUntil) return false;
  const age = now - kept.bornAt;
  return age < newEnoughMs || (age <= maxAge && now + minFresh < kept.freshUntil);
}

/** As a reply with cookies is. */
function isForOne({ backendHeaders, backendTrailers }: GatewayError): boolean {
  return [backendHeaders, backendTrailers].some((metadata) => getMetadata(metadata, "set-cookie") !== undefined);
}

function toUnkept(reply: Reply): Reply {
  return { ...reply, headers: withoutOwnNames(reply.headers), trailers: withoutOwnNames(reply.trailers) };
}

/** Request headers that the answer depends on, as far as they can be told. `isSame`: whoever calls may have it, and sees the same of it. */
function toVary(
  rule: CacheRule,
  { credentialHeaders, requestHeaders, requestIdNames }: MethodCacheInputs,
  isSame: boolean,
): readonly string[] {
  const keyed = rule.isPublic || rule.vary.length > 0 ? rule.vary : requestHeaders;
  const names = [...(isSame ? [] : credentialHeaders), ...keyed];
  const isTold = (name: string): boolean =>
    !isUnkeyed({ requestIdNames }, name) && !["tracestate", "baggage"].includes(name);
  return [...new Set(names)].filter(isTold);
}

/** Caches on the way to the client ask nobody who calls: they get only what everybody may have, and has the same. */
function isForAll({ auth, rules, redact }: MethodPolicy): boolean {
  return auth.value === "public" && rules.length === 0 && redact.every(({ value }) => value.unless === undefined);
}
