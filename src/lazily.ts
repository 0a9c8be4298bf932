// Modules that few gateways need, and what they bring with them: loaded when the first needs them, so that the others do not carry them.
import { createRequire } from "node:module";

/**
 * `from` is the caller's `import.meta.url`; `path` is that of a compiled module (`./condition.js`), or a package. Synchronous, unlike
 * `import()`: Node requires ES modules since 20.19, and they are the same ones that others import.
 */
export function lazily(from: string, path: string): () => unknown {
  let loaded: unknown;
  return () => (loaded ??= createRequire(from)(path));
}
