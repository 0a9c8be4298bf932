// Chunks of a body that wait: a client that sends them byte by byte must not make each byte an object.

const smallBytes = 4096;

/**
 * Appends, and joins what is small with what is no larger behind it, from index `first` on: the number stays small, and a byte
 * is copied a dozen times at most.
 */
export function pushChunk(chunks: Buffer[], chunk: Buffer, first: number): void {
  let last = chunk;
  for (let at = chunks.length - 1; at >= first; at--) {
    const before = chunks[at];
    if (before.length > smallBytes || before.length > last.length) break;
    chunks.pop();
    last = Buffer.concat([before, last]);
  }
  chunks.push(last);
}
