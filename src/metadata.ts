// gRPC metadata: one flat list, names lower case, `-bin` values in base64 as on the wire.

/** `[name, value, name, value, …]`: no object per entry, and repeated names keep their order. */
export type Metadata = readonly string[];

export const emptyMetadata: Metadata = Object.freeze([]);

/** The first value of a name (lower case), or undefined. */
export function getMetadata(metadata: Metadata, name: string): string | undefined {
  for (let i = 0; i < metadata.length; i += 2) if (metadata[i] === name) return metadata[i + 1];
  return undefined;
}
