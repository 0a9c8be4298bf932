// Somebody who counts refusals for several processes, and tells all of them of bans: the process that started them.
import type { Ban } from "./ban-table.ts";

/** What bans go by. */
export type BanKind = "address" | "principal";

export interface BanLink {
  /** Costs the caller nothing; goes nowhere while nobody is there to count. */
  charge(kind: BanKind, key: string, points: number): void;
  /** `isOwn`: a refusal here was the one that led to it. */
  onBan(listener: (kind: BanKind, ban: Ban, isOwn: boolean) => void): void;
}
