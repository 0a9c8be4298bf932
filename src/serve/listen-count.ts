// How many connections each client address has open; a whole /64 counts as one IPv6 client, since that is what one gets assigned.

export interface ConnectionCount {
  /** False when this one would be too many; it is then not counted. */
  add(key: string): boolean;
  remove(key: string): void;
}

export function createConnectionCount(limit: number | undefined): ConnectionCount {
  const open = new Map<string, number>();
  return {
    add(key) {
      const count = open.get(key) ?? 0;
      if (limit !== undefined && key !== "" && count >= limit) return false;
      open.set(key, count + 1);
      return true;
    },
    remove(key) {
      const count = open.get(key) ?? 0;
      if (count > 1) open.set(key, count - 1);
      else open.delete(key);
    },
  };
}
