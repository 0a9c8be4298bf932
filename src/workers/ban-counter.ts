// Where the refusals of all workers are counted: whom one of them bans, or all of them together, is banned by all.
import type { BanKind } from "../chain/ban-link.ts";
import { BanTable } from "../chain/ban-table.ts";
import type { BanLimits } from "../chain/ban-table.ts";
import type { Charge, TellBans } from "./messages.ts";

const kinds = ["address", "principal"] as const;
/** In one message. */
const maxTold = 1000;

export class BanCounter {
  readonly #tables: Readonly<Record<BanKind, BanTable>>;

  constructor(limits: BanLimits, now?: () => number) {
    this.#tables = { address: new BanTable(limits, now), principal: new BanTable(limits, now) };
  }

  /** The bans that this leads to. */
  charge(charges: readonly Charge[]): TellBans[] {
    return charges.flatMap(([kind, key, points]) => {
      const table = this.#tables[kind];
      const ban = table.charge(key, points) ? table.banOf(key) : undefined;
      return ban === undefined ? [] : [{ kind: "bans", of: kind, list: [ban], isOwn: false }];
    });
  }

  /** For a worker that was not there when they began. */
  inForce(): TellBans[] {
    return kinds.flatMap((kind) => {
      const bans = this.#tables[kind].inForce();
      const parts = Array.from({ length: Math.ceil(bans.length / maxTold) }, (_, index) => index * maxTold);
      return parts.map((at): TellBans => {
        return { kind: "bans", of: kind, list: bans.slice(at, at + maxTold), isOwn: false };
      });
    });
  }
}
