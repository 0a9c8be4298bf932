// Field names inside google.protobuf.FieldMask: snake_case in protobuf, lowerCamelCase in JSON.

/** `foo_bar.baz` → `fooBar.baz`; undefined where the way back would give another name (`foo__bar`, `fooBar`, `foo_3`). */
export function toLowerCamel(path: string): string | undefined {
  if (/[A-Z]|_(?![a-z])/.test(path)) return undefined;
  return path.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `fooBar.baz` → `foo_bar.baz`; undefined for a name that holds an underscore. */
export function toSnake(path: string): string | undefined {
  if (path.includes("_")) return undefined;
  return path.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
