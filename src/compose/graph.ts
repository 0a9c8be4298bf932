// Which step waits for which: cycles, and steps that nothing waits for.

/** Of what each needs, by its place. The first cycle, closed; undefined where there is none. */
export function findCycle(needs: readonly (readonly number[])[]): readonly number[] | undefined {
  const done = new Set<number>();
  const visit = (step: number, trail: readonly number[]): readonly number[] | undefined => {
    const at = trail.indexOf(step);
    if (at >= 0) return [...trail.slice(at), step];
    if (done.has(step)) return undefined;
    for (const need of needs[step]) {
      const cycle = visit(need, [...trail, step]);
      if (cycle !== undefined) return cycle;
    }
    done.add(step);
    return undefined;
  };
  for (const step of needs.keys()) {
    const cycle = visit(step, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** Those that neither the reply nor anything it needs takes from. */
export function findUnused(needs: readonly (readonly number[])[], out: readonly number[]): readonly number[] {
  const used = new Set<number>();
  const visit = (step: number): void => {
    if (used.has(step)) return;
    used.add(step);
    for (const need of needs[step]) visit(need);
  };
  for (const step of out) visit(step);
  return [...needs.keys()].filter((step) => !used.has(step));
}

/** How many steps have to end one after the other before each has: 1 for one that needs none. Without cycles. */
export function toLevels(needs: readonly (readonly number[])[]): readonly number[] {
  const levels = new Map<number, number>();
  const levelOf = (step: number): number => {
    const known = levels.get(step) ?? 1 + Math.max(0, ...needs[step].map(levelOf));
    levels.set(step, known);
    return known;
  };
  return [...needs.keys()].map(levelOf);
}
