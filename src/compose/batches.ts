// Elements of loops that ask one batch method: their keys are gathered for a turn, each once, and asked for in a few calls.
import { hash } from "node:crypto";
import type { Method } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { concatBytes, fieldWire } from "../translate/wire/field-wire.ts";
import type { Calls, Lane } from "./calls.ts";
import { readPayloads, toKey, zeroPayload } from "./payloads.ts";
import type { BatchPlan } from "./plan.ts";

interface Asked {
  readonly payload: Uint8Array;
  readonly resolve: (item: Uint8Array) => void;
  readonly reject: (error: GatewayError) => void;
}

interface Group {
  readonly plan: BatchPlan;
  readonly common: Uint8Array;
  readonly lane: Lane;
  readonly asked: Map<string, Asked>;
}

export class Batches {
  readonly #calls: Calls;
  readonly #open = new Map<string, Group>();
  /** Of all items that were asked for, whatever came of it. */
  readonly #items = new Map<string, Promise<Uint8Array>>();

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** What asks for one key, of those that have `common` in their requests: the item's bytes. Rejects with GatewayError. */
  begin(plan: BatchPlan, common: Uint8Array, lane: Lane): (key: Uint8Array) => Promise<Uint8Array> {
    const name = toName(plan, common, lane);
    return (payload) => {
      const key = toKey(plan.keys, payload);
      const known = this.#items.get(`${name} ${key}`);
      if (known !== undefined) return known;
      const item = new Promise<Uint8Array>((resolve, reject) => {
        this.#groupOf(name, { plan, common, lane }).asked.set(key, { payload, resolve, reject });
      });
      this.#items.set(`${name} ${key}`, item);
      return item;
    };
  }

  #groupOf(name: string, parts: Omit<Group, "asked">): Group {
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    const group = { ...parts, asked: new Map<string, Asked>() };
    this.#open.set(name, group);
    queueMicrotask(() => {
      this.#open.delete(name);
      this.#send(group);
    });
    return group;
  }

  #send({ plan, common, lane, asked }: Group): void {
    const chunks = cut([...asked], plan.max);
    const requests = chunks.map((chunk) => {
      // Packed or not, a default among the keys is a key.
      const payloads = chunk.map(([, { payload }]) => payload);
      return concatBytes([common, fieldWire(plan.keys, payloads)]);
    });
    try {
      for (const request of requests) this.#calls.requests.add(request.length);
      this.#calls.check(plan.method, requests, lane);
    } catch (error) {
      for (const { reject } of asked.values()) reject(GatewayError.from(error));
      return;
    }
    for (const [index, request] of requests.entries()) {
      const chunk = new Map(chunks[index]);
      this.#calls.ask(plan.method, request, lane).then(
        (reply) => hand(plan, chunk, reply),
        (error: unknown) => rejectAll(chunk, error),
      );
    }
  }
}

/** What may be asked for in one call: short, as each of its keys is remembered with it. */
function toName({ method, keys, items, key, max }: BatchPlan, common: Uint8Array, { timeoutMs }: Lane): string {
  const fields = [keys, items, key].map(({ number }) => number).join(" ");
  return `${method.path} ${fields} ${max} ${timeoutMs} ${hash("sha256", common, "base64url")}`;
}

function cut<T>(all: readonly T[], max: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / max) }, (_, index) => all.slice(index * max, (index + 1) * max));
}

function hand({ items, key, method }: BatchPlan, chunk: ReadonlyMap<string, Asked>, reply: Uint8Array): void {
  try {
    for (const item of readPayloads(items, reply)) {
      const [payload = zeroPayload(key)] = readPayloads(key, item);
      chunk.get(toKey(key, payload))?.resolve(item);
    }
  } catch (error) {
    rejectAll(chunk, error);
    return;
  }
  // For those that were among the items this comes too late.
  for (const { reject } of chunk.values()) reject(missing(method));
}

function rejectAll(chunk: ReadonlyMap<string, Asked>, error: unknown): void {
  for (const { reject } of chunk.values()) reject(GatewayError.from(error));
}

/** Without the key, which may be of a field that the caller does not see. */
function missing({ path }: Method): GatewayError {
  return new GatewayError(Code.NOT_FOUND, `${path.slice(1)} has no item for a key that it was asked for`, {
    reason: "ITEM_MISSING",
  });
}
