// Metadata as a JSON object: a value as text, several of one name as a list.

/** `{"x-shard":"3","x-tag":["one","two"]}`. */
export function formatMetadata(metadata: readonly string[]): string {
  const values = new Map<string, string | string[]>();
  for (let i = 0; i < metadata.length; i += 2) {
    const earlier = values.get(metadata[i]);
    const value = metadata[i + 1];
    if (earlier === undefined) values.set(metadata[i], value);
    else if (typeof earlier === "string") values.set(metadata[i], [earlier, value]);
    else earlier.push(value);
  }
  return JSON.stringify(Object.fromEntries(values));
}
