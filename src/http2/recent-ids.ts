// The streams this end reset lately: frames the peer had sent before it knew are no mistake of its.

const kept = 1024;

export class RecentIds {
  #ids: Set<number> | undefined;

  add(id: number): void {
    const ids = (this.#ids ??= new Set());
    ids.add(id);
    if (ids.size > kept) ids.delete(ids.values().next().value as number);
  }

  has(id: number): boolean {
    return this.#ids?.has(id) ?? false;
  }
}
