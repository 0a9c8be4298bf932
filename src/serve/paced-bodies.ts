// The request bodies on their way, for the clock that wants them to hurry.

/** A body on its way whose pace is watched; `paceIndex` belongs to `PacedBodies`, -1 at first. */
export interface PacedBody {
  paceIndex: number;
}

/**
 * An array whose gaps the last one fills. No Set: one that bodies come to and go from is rehashed again and again, and what it
 * leaves behind keeps them from being collected soon (see http2/stream-table.ts).
 */
export class PacedBodies<Body extends PacedBody> {
  readonly #bodies: Body[] = [];

  add(body: Body): void {
    if (body.paceIndex !== -1) return;
    body.paceIndex = this.#bodies.length;
    this.#bodies.push(body);
  }

  /** Idempotent. */
  delete(body: Body): void {
    const at = body.paceIndex;
    if (at === -1) return;
    body.paceIndex = -1;
    const last = this.#bodies.pop() as Body;
    if (last === body) return;
    this.#bodies[at] = last;
    last.paceIndex = at;
  }

  /** Those there are now, whatever happens to them meanwhile. */
  values(): readonly Body[] {
    return this.#bodies.slice();
  }
}
