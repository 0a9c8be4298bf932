// What the messages of a call are written in: protobuf, or JSON for clients that have no protobuf.

export type CodecName = "proto" | "json";

/** `application/grpc`, `+proto` or `+json`, parameters ignored; undefined for a codec nobody here speaks. */
export function codecOf(contentType: string): CodecName | undefined {
  if (contentType === "application/grpc") return "proto";
  const name = /^application\/grpc(?:\+([^;]*))?(?:;|$)/i.exec(contentType)?.[1]?.trim().toLowerCase() ?? "proto";
  return name === "proto" || name === "json" ? name : undefined;
}

export const contentTypes: Readonly<Record<CodecName, string>> = {
  proto: "application/grpc",
  json: "application/grpc+json",
};
