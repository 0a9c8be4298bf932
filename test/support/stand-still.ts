// A process in which nothing runs for so long, as where its machine stands still.

export function standStill(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}
