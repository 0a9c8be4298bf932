// Policies of several parts, `stream` and `http`: each part is said, and wins, by itself.
import type { SaidParts } from "../chain/policy.ts";
import type { PolicyConfig } from "../config/config.ts";
import type { Position } from "../diagnostic.ts";
import type { AnswerRule } from "../schema/answer-rule.ts";
import type { Method } from "../schema/descriptor.ts";
import { rankSelectors } from "../schema/selector.ts";
import type { StreamRule } from "../schema/stream-rule.ts";
import { place } from "./placed.ts";
import type { Placed } from "./placed.ts";

/** What one place says: an option of a proto, or an entry of the configuration; without what is wrong by itself. */
export interface Said<R> {
  readonly parts: Partial<R>;
  /** Of a field, as `idle` or `header[1]`; of the whole without one. */
  readonly positionOf: (field?: string) => Position | undefined;
}

export interface SaidInParts {
  readonly stream: Said<StreamRule>;
  readonly http: Said<AnswerRule>;
}

export interface ConfiguredParts extends SaidInParts {
  readonly policy: PolicyConfig;
}

/** Why a method cannot have a part. */
export interface PartProblem<R> {
  readonly part: keyof R;
  /** As people write it. */
  readonly field: string;
  readonly message: string;
}

/** Reports what is wrong with a field, wherever it was written. */
export type FieldFault = (field: string, message: string) => void;

/** One of the two. */
export interface Kind<R> {
  readonly name: "stream" | "http";
  readonly of: (said: SaidInParts) => Said<R>;
  /** The field that a part is known by, to say where it was said. */
  readonly fieldOf: (part: keyof R, parts: Partial<R>) => string;
  /** Only methods that it is about at all. */
  readonly isAbout: (method: Method) => boolean;
  readonly problemsOf: (method: Method, parts: Partial<R>) => readonly PartProblem<R>[];
}

export const nothingInParts: SaidInParts = Object.freeze({
  stream: { parts: {}, positionOf: () => undefined },
  http: { parts: {}, positionOf: () => undefined },
});

export interface PartSources {
  readonly configured: readonly ConfiguredParts[];
  /** The service first. */
  readonly declared: readonly [service: SaidInParts, method: SaidInParts];
}

export type PlacedParts<R> = SaidParts<R> & { readonly [Part in keyof R]?: Placed<R[Part]> };

/** What is in force: what a method cannot have is not; of one by itself it is wrong, see check-parts.ts. */
export function resolveParts<R>(kind: Kind<R>, method: Method, { configured, declared }: PartSources): PlacedParts<R> {
  const found: { [Part in keyof R]?: Placed<R[Part]> } = {};
  const closestLast = configured
    .map((entry) => ({ entry, rank: rankSelectors(entry.policy.methods, method.name) }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => (a.rank < b.rank ? -1 : Number(a.rank > b.rank)))
    .map(({ entry }) => entry);
  for (const { parts, positionOf } of [...declared, ...closestLast].map(kind.of)) {
    const keys = Object.keys(parts) as (keyof R)[];
    if (keys.length === 0 || !kind.isAbout(method)) continue;
    const wrong = new Set(kind.problemsOf(method, parts).map(({ part }) => part));
    for (const key of keys)
      if (!wrong.has(key))
        found[key] = place(parts[key] as R[typeof key], positionOf(kind.fieldOf(key, parts)), "the configuration");
  }
  return found;
}
